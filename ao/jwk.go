package ao

import (
	"bytes"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"

	"github.com/decred/dcrd/dcrec/secp256k1/v4"
)

// maxKeyFile is the most bytes that a key file may have; a 4096-bit wallet has about 3200.
const maxKeyFile = 16 << 10

// A jwk is a private key as Arweave wallets keep it (RFC 7517, RFC 7518 §6.3, RFC 8812 for secp256k1). Numbers are
// base64url, big-endian. Members that are not here are ignored.
type jwk struct {
	Type  string `json:"kty"`
	Curve string `json:"crv,omitempty"`
	N     string `json:"n,omitempty"`
	E     string `json:"e,omitempty"`
	D     string `json:"d"`
	P     string `json:"p,omitempty"`
	Q     string `json:"q,omitempty"`
	DP    string `json:"dp,omitempty"`
	DQ    string `json:"dq,omitempty"`
	QI    string `json:"qi,omitempty"`
	X     string `json:"x,omitempty"`
	Y     string `json:"y,omitempty"`
}

// LoadSigner reads a private key from a JWK file that nobody but its owner may read (mode 0600).
func LoadSigner(path string) (*Signer, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("load key: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("load key: %w", err)
	}
	if m := info.Mode(); !m.IsRegular() || m.Perm()&0o077 != 0 {
		return nil, fmt.Errorf("load key %s: mode %v lets others read it: run chmod 600 on it, and take a new key if it was ever shared", path, m)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err != nil {
		return nil, fmt.Errorf("load key: %w", err)
	}
	s, err := ParseJWK(b)
	if err != nil {
		return nil, fmt.Errorf("load key %s: %w", path, err)
	}
	return s, nil
}

// ParseJWK reads a private key: RSA of 4096 bits with its primes, or EC on secp256k1. Parts that do not belong together
// are refused. No error holds a part of the key.
func ParseJWK(b []byte) (*Signer, error) {
	if len(b) > maxKeyFile {
		return nil, fmt.Errorf("a key file has at most %d bytes", maxKeyFile)
	}
	var k jwk
	if json.Unmarshal(b, &k) != nil {
		return nil, errors.New("not a JSON Web Key: export the wallet as JSON")
	}
	switch {
	case k.Type == "RSA":
		return k.rsaSigner()
	case k.Type == "EC" && k.Curve == "secp256k1":
		return k.ethereumSigner()
	}
	return nil, fmt.Errorf("key type %.20q on curve %.20q: want RSA, or EC on secp256k1", k.Type, k.Curve)
}

// rsaSigner keeps the primes: without them a signature takes some ten times as long.
func (k *jwk) rsaSigner() (*Signer, error) {
	n, e, d, p, q := number(k.N), number(k.E), number(k.D), number(k.P), number(k.Q)
	if n == nil || e == nil || d == nil || p == nil || q == nil {
		return nil, errors.New("an RSA key wants n, e, d, p and q in base64url: export the whole wallet again")
	}
	if n.BitLen() != 4096 || !e.IsInt64() || e.Int64() != 65537 {
		return nil, fmt.Errorf("an RSA key of %d bits: Arweave wants 4096 with exponent 65537: make one with keygen", n.BitLen())
	}
	return NewSigner(&rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n, E: 65537}, D: d, Primes: []*big.Int{p, q}})
}

func (k *jwk) ethereumSigner() (*Signer, error) {
	d, x, y := decodeText(k.D, 32), decodeText(k.X, 32), decodeText(k.Y, 32)
	if d == nil || x == nil || y == nil {
		return nil, errors.New("a secp256k1 key wants d, x and y, 32 bytes each in base64url")
	}
	s, err := NewSigner([32]byte(d))
	if err != nil {
		return nil, err
	}
	if pub := s.publicKey(); !bytes.Equal(pub[1:33], x) || !bytes.Equal(pub[33:], y) {
		return nil, errors.New("x and y are not the public key of d: the file is damaged, or put together from two")
	}
	return s, nil
}

// publicKey returns the uncompressed key of an Ethereum signer.
func (s *Signer) publicKey() []byte {
	return secp256k1.PrivKeyFromBytes(s.secret[:]).PubKey().SerializeUncompressed()
}

// JWK returns the private key as ParseJWK reads it. Whoever has it is the signer.
func (s *Signer) JWK() ([]byte, error) {
	text := base64.RawURLEncoding.EncodeToString
	if s.rsa == nil {
		pub := s.publicKey()
		return json.Marshal(jwk{Type: "EC", Curve: "secp256k1", D: text(s.secret[:]), X: text(pub[1:33]), Y: text(pub[33:])})
	}
	k := s.rsa
	return json.Marshal(jwk{
		Type: "RSA", N: text(k.N.Bytes()), E: "AQAB", D: text(k.D.Bytes()),
		P: text(k.Primes[0].Bytes()), Q: text(k.Primes[1].Bytes()),
		DP: text(k.Precomputed.Dp.Bytes()), DQ: text(k.Precomputed.Dq.Bytes()), QI: text(k.Precomputed.Qinv.Bytes()),
	})
}

// WriteFile writes the private key as a JWK file of mode 0600 and waits until it is on the disk. An existing file is
// never overwritten: it may be somebody's only key.
func (s *Signer) WriteFile(path string) error {
	b, err := s.JWK()
	if err != nil {
		return fmt.Errorf("write key %s: %w", path, err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write key (it never overwrites a file): %w", err)
	}
	_, err = f.Write(append(b, '\n'))
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		os.Remove(path) // ours, and of no use
		return fmt.Errorf("write key %s: %w", path, err)
	}
	return nil
}

// number reads a positive base64url number of at most 512 bytes, or returns nil.
func number(s string) *big.Int {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) == 0 || len(b) > 512 {
		return nil
	}
	n := new(big.Int).SetBytes(b)
	if n.Sign() == 0 {
		return nil
	}
	return n
}
