package ao

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
	"github.com/everFinance/goether"
	"github.com/permadao/goar"
	"github.com/permadao/goar/schema"
	"github.com/permadao/goar/utils"

	"github.com/aobench/aobench/event"
)

// A Draft is an item before it is signed.
type Draft struct {
	Target event.ID    // the process or wallet it is for; zero for none
	Anchor []byte      // 32 bytes, or none
	Tags   []event.Tag // at most 128, 4096 bytes encoded
	Data   []byte
}

// A Signer signs items with one key. It may be used by several goroutines.
type Signer struct {
	rsa     *rsa.PrivateKey // one of the two
	secret  [32]byte
	bundler *goar.Bundler
	address event.Address
}

// NewSigner returns a signer for a 4096-bit *rsa.PrivateKey with two primes, or for a [32]byte secp256k1 secret, whose
// address is then an Ethereum one.
func NewSigner(key any) (*Signer, error) {
	switch k := key.(type) {
	case *rsa.PrivateKey:
		return newRSASigner(k)
	case [32]byte:
		return newEthereumSigner(k)
	}
	return nil, fmt.Errorf("new signer: a %T is no key: want *rsa.PrivateKey or [32]byte", key)
}

func newRSASigner(k *rsa.PrivateKey) (*Signer, error) {
	if k.N == nil || k.N.BitLen() != 4096 || k.E != 65537 || len(k.Primes) != 2 {
		return nil, errors.New("new signer: not a 4096-bit RSA key with exponent 65537 and two primes, the only one that Arweave takes: make one with keygen")
	}
	k.Precompute()
	if err := k.Validate(); err != nil {
		return nil, fmt.Errorf("new signer: the parts of the RSA key do not belong together (export the wallet again): %w", err)
	}
	return finishSigner(&Signer{rsa: k}, goar.NewSignerByPrivateKey(k))
}

func newEthereumSigner(secret [32]byte) (*Signer, error) {
	s, err := goether.NewSigner(hex.EncodeToString(secret[:]))
	if err != nil {
		return nil, errors.New("new signer: not a secp256k1 secret: want a number from 1 to the order of the curve less 1")
	}
	return finishSigner(&Signer{secret: secret}, s)
}

func finishSigner(s *Signer, key any) (*Signer, error) {
	b, err := goar.NewBundler(key)
	if err != nil {
		return nil, fmt.Errorf("new signer: %w", err)
	}
	s.bundler = b
	probe, err := s.Sign(Draft{}) // finds a key that cannot sign now, not at the first payment
	if err != nil {
		return nil, fmt.Errorf("new signer: %w", err)
	}
	s.address = probe.Owner
	return s, nil
}

// GenerateRSA makes a new Arweave wallet of 4096 bits; it takes seconds.
func GenerateRSA() (*Signer, error) {
	k, err := rsa.GenerateKey(rand.Reader, 4096)
	if err != nil {
		return nil, fmt.Errorf("generate RSA key: %w", err)
	}
	return NewSigner(k)
}

// GenerateEthereum makes a new Ethereum wallet.
func GenerateEthereum() (*Signer, error) {
	k, err := secp256k1.GeneratePrivateKey()
	if err != nil {
		return nil, fmt.Errorf("generate secp256k1 key: %w", err)
	}
	return NewSigner([32]byte(k.Serialize()))
}

// Address returns the address that AO knows the key by.
func (s *Signer) Address() event.Address { return s.address }

// Sign makes a signed item of the draft; what it returns passes Parse and Verify. RSA signatures are salted: signing the
// same draft twice gives two ids, that is two messages. So sign once, keep the bytes, and send those again.
func (s *Signer) Sign(d Draft) (it event.Item, err error) {
	defer func() {
		if r := recover(); r != nil {
			it, err = event.Item{}, fmt.Errorf("sign item: %v", r)
		}
	}()
	tags := make([]schema.Tag, len(d.Tags))
	for i, t := range d.Tags {
		tags[i] = schema.Tag{Name: t.Name, Value: t.Value}
	}
	target := ""
	if !d.Target.IsZero() {
		target = d.Target.String()
	}
	signed, err := s.bundler.CreateAndSignItem(d.Data, target, base64.RawURLEncoding.EncodeToString(d.Anchor), tags)
	if err != nil {
		return event.Item{}, fmt.Errorf("sign item: %w", err)
	}
	if it, err = Parse(signed.Binary); err == nil {
		err = errors.Join(Verify(it), utils.VerifyBundleItem(signed)) // what we send must hold for others too
	}
	if err != nil {
		return event.Item{}, fmt.Errorf("sign item: what was asked for is not an item: %w", err)
	}
	return it, nil
}
