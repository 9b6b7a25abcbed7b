package event

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"

	"golang.org/x/crypto/sha3"
)

// ErrBadAddress says that a text is neither an Arweave nor an Ethereum address.
var ErrBadAddress = errors.New("not an address: want 43 base64url characters or 0x and 40 hexadecimal digits with a valid EIP-55 checksum")

// An Address holds the raw bytes of an account or process: 32 for Arweave, 20 for Ethereum, none for nobody.
// It is a string so that it can be compared and be a map key.
type Address string

// ParseAddress reads a 43-character id or a 0x address. Mixed-case hexadecimal must carry a valid EIP-55 checksum
// (https://eips.ethereum.org/EIPS/eip-55); all-lower and all-upper digits carry none and are accepted.
func ParseAddress(s string) (Address, error) {
	if id, err := ParseID(s); err == nil {
		return id.Address(), nil
	}
	if len(s) != 42 || s[:2] != "0x" {
		return "", ErrBadAddress
	}
	raw, err := hex.DecodeString(s[2:])
	if err != nil {
		return "", ErrBadAddress
	}
	a := Address(raw)
	if s[2:] != strings.ToLower(s[2:]) && s[2:] != strings.ToUpper(s[2:]) && a.String() != s {
		return "", ErrBadAddress
	}
	return a, nil
}

// Address returns the id as an address: a process, or the SHA-256 of an owner key.
func (id ID) Address() Address { return Address(id[:]) }

// ID returns the address as an id and whether it is 32 bytes long.
func (a Address) ID() (ID, bool) {
	if len(a) != 32 {
		return ID{}, false
	}
	return ID([]byte(a)), true
}

// String returns 43 base64url characters, the EIP-55 form, or "" for nobody.
func (a Address) String() string {
	switch len(a) {
	case 0:
		return ""
	case 20:
		return eip55([]byte(a))
	}
	return base64.RawURLEncoding.EncodeToString([]byte(a))
}

// eip55 writes a hexadecimal digit in upper case where the Keccak-256 of the lower-case text has a nibble above 7.
func eip55(raw []byte) string {
	digits := []byte(hex.EncodeToString(raw))
	h := sha3.NewLegacyKeccak256()
	h.Write(digits)
	sum := h.Sum(nil)
	for i, c := range digits {
		nibble := sum[i/2] >> 4
		if i%2 == 1 {
			nibble = sum[i/2] & 15
		}
		if c > '9' && nibble > 7 {
			digits[i] = c - 'a' + 'A'
		}
	}
	return "0x" + string(digits)
}

// EthereumAddress returns the address of a 65-byte uncompressed secp256k1 key: the last 20 bytes of its Keccak-256.
func EthereumAddress(key [65]byte) Address {
	h := sha3.NewLegacyKeccak256()
	h.Write(key[1:])
	return Address(h.Sum(nil)[12:])
}

// MarshalBinary implements encoding.BinaryMarshaler: the raw bytes.
func (a Address) MarshalBinary() ([]byte, error) { return []byte(a), nil }

// UnmarshalBinary implements encoding.BinaryUnmarshaler; lengths other than 0, 20 and 32 are refused.
func (a *Address) UnmarshalBinary(b []byte) error {
	if n := len(b); n != 0 && n != 20 && n != 32 {
		return ErrBadAddress
	}
	*a = Address(b)
	return nil
}

// MarshalText implements encoding.TextMarshaler.
func (a Address) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler; the empty text is nobody.
func (a *Address) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*a = ""
		return nil
	}
	*a, err = ParseAddress(string(b))
	return err
}
