package eventlog

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// keyName is the origin of checkpoints whose key is made here.
const keyName = "aobench"

const (
	signerFile   = "checkpoint.key"
	verifierFile = "checkpoint.pub"
)

// keys sign and verify checkpoints. A log that is only read has no signer.
type keys struct {
	signer   note.Signer
	verifier note.Verifier
	text     string // the verifier key
}

// VerifierKey returns the key that checkpoints are verified by, as golang.org/x/mod/sumdb/note writes it.
func (l *Log) VerifierKey() string { return l.keys.text }

func loadKeys(o Options) (keys, error) {
	if o.ReadOnly {
		b, err := os.ReadFile(filepath.Join(o.Dir, verifierFile))
		if err != nil {
			return keys{}, err
		}
		k := keys{text: strings.TrimSpace(string(b))}
		k.verifier, err = note.NewVerifier(k.text)
		return k, err
	}
	text := o.Signer
	if text == "" {
		var err error
		if text, err = signerKey(o.Dir); err != nil {
			return keys{}, err
		}
	}
	k, err := parseSigner(text)
	if err != nil {
		return k, err
	}
	return k, replaceFile(filepath.Join(o.Dir, verifierFile), []byte(k.text+"\n"), 0o644)
}

// signerKey reads the log's own key, and makes it for a log that has not signed yet.
func signerKey(dir string) (string, error) {
	path := filepath.Join(dir, signerFile)
	info, err := os.Stat(path)
	switch {
	case err == nil && info.Mode().Perm()&0o077 != 0:
		return "", fmt.Errorf("%s is readable by others (%o): chmod 600 it", path, info.Mode().Perm())
	case err == nil:
		b, err := os.ReadFile(path)
		return strings.TrimSpace(string(b)), err
	case !errors.Is(err, os.ErrNotExist):
		return "", err
	}
	if _, err := os.Stat(filepath.Join(dir, checkpointFile)); err == nil {
		return "", fmt.Errorf("%s is missing, and the checkpoint beside it was signed by it: restore the key", path)
	}
	text, _, err := note.GenerateKey(rand.Reader, keyName)
	if err != nil {
		return "", err
	}
	return text, replaceFile(path, []byte(text+"\n"), 0o600)
}

// parseSigner reads a signer key, PRIVATE+KEY+<name>+<hash>+<base64 of 1 and an Ed25519 seed>, and derives the verifier.
func parseSigner(text string) (k keys, err error) {
	if k.signer, err = note.NewSigner(text); err != nil {
		return k, fmt.Errorf("checkpoint key: %w", err)
	}
	parts := strings.SplitN(text, "+", 5) // the base64 may have more of them
	raw, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
	if err != nil || len(raw) != 1+ed25519.SeedSize {
		return k, errors.New("checkpoint key: not an Ed25519 signer key")
	}
	public := ed25519.NewKeyFromSeed(raw[1:]).Public().(ed25519.PublicKey)
	if k.text, err = note.NewEd25519VerifierKey(k.signer.Name(), public); err != nil {
		return k, fmt.Errorf("checkpoint key: %w", err)
	}
	k.verifier, err = note.NewVerifier(k.text)
	return k, err
}
