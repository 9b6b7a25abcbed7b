package devnet

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/aobench/aobench/ao"
)

// The wallets that every devnet has.
const (
	authority = "authority" // signs what processes send
	scheduler = "scheduler" // signs assignments
	operator  = "operator"  // spawns the token and the pool
)

// rsaPrefix begins the names of wallets that get an RSA-4096 key; all others but authority and scheduler are Ethereum.
const rsaPrefix = "rsa-"

var walletName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// A keyring holds wallets by name, each in a file of its own, which is durable before the key is used.
type keyring struct {
	dir   string
	given map[string]*ao.Signer

	mu   sync.Mutex
	open map[string]*ao.Signer
}

// Wallet returns the wallet with this name (lower-case letters, digits and hyphens) and makes it on first use. A name
// that begins with "rsa-" gets an RSA-4096 key, which takes seconds; others get an Ethereum key.
func (n *Net) Wallet(name string) (*ao.Signer, error) { return n.keys.wallet(name) }

func (k *keyring) wallet(name string) (*ao.Signer, error) {
	if !walletName.MatchString(name) {
		return nil, fmt.Errorf("wallet %.80q: want lower-case letters, digits and hyphens", name)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if s, ok := k.open[name]; ok {
		return s, nil
	}
	path := filepath.Join(k.dir, name+".json")
	s, err := ao.LoadSigner(path)
	if errors.Is(err, os.ErrNotExist) {
		s, err = k.make(name, path)
	}
	if err != nil {
		return nil, fmt.Errorf("wallet %s: %w", name, err)
	}
	k.open[name] = s
	return s, nil
}

func (k *keyring) make(name, path string) (*ao.Signer, error) {
	s, err := k.given[name], error(nil)
	if s == nil {
		s, err = generate(name)
	}
	if err != nil {
		return nil, err
	}
	// If we crash before the rename, a new key is made next time; nothing was signed with this one.
	fresh := path + ".new"
	if err := os.Remove(fresh); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if err := s.WriteFile(fresh); err != nil {
		return nil, err
	}
	return s, commitFile(fresh, path)
}

func generate(name string) (*ao.Signer, error) {
	if name == authority || name == scheduler || strings.HasPrefix(name, rsaPrefix) {
		return ao.GenerateRSA()
	}
	return ao.GenerateEthereum()
}

// warm opens the wallets that need an RSA key, on all cores.
func (k *keyring) warm(names ...string) error {
	var wg sync.WaitGroup
	errs := make([]error, len(names))
	made := make([]*ao.Signer, len(names))
	for i, name := range names {
		if _, err := os.Stat(filepath.Join(k.dir, name+".json")); err == nil || k.given[name] != nil {
			continue
		}
		wg.Go(func() { made[i], errs[i] = generate(name) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	given := map[string]*ao.Signer{}
	for name, s := range k.given {
		given[name] = s
	}
	for i, name := range names {
		if made[i] != nil {
			given[name] = made[i]
		}
	}
	k.given = given
	for _, name := range names {
		if _, err := k.wallet(name); err != nil {
			return err
		}
	}
	return nil
}

// commitFile makes the bytes of a file durable and then gives it its name.
func commitFile(from, to string) error {
	f, err := os.OpenFile(from, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(from, to); err != nil {
		return err
	}
	return syncDir(filepath.Dir(to))
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
