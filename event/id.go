package event

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
)

// ErrBadID says that a text is not 43 canonical base64url characters; the caller must treat it as untrusted input.
var ErrBadID = errors.New("not an id: want 43 base64url characters (32 bytes)")

// An ID names an Arweave item, transaction or process: 32 raw bytes. Compare IDs as values, never as text.
type ID [32]byte

// ParseID reads the 43-character base64url form. Padding, line breaks and non-canonical last characters are refused.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 43 {
		return id, ErrBadID
	}
	// Strict refuses non-zero trailing bits; the decoder alone would skip line breaks, but those change the length.
	if n, err := base64.RawURLEncoding.Strict().Decode(id[:], []byte(s)); err != nil || n != len(id) {
		return ID{}, ErrBadID
	}
	return id, nil
}

// String returns the 43-character base64url form.
func (id ID) String() string { return base64.RawURLEncoding.EncodeToString(id[:]) }

// IsZero reports whether id is absent.
func (id ID) IsZero() bool { return id == ID{} }

// MarshalText implements encoding.TextMarshaler; the zero ID is the empty text.
func (id ID) MarshalText() ([]byte, error) {
	if id.IsZero() {
		return nil, nil
	}
	return []byte(id.String()), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (id *ID) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*id = ID{}
		return nil
	}
	*id, err = ParseID(string(b))
	return err
}

// A Hash is a SHA-256 digest.
type Hash [32]byte

// ParseHash reads 64 hexadecimal characters.
func ParseHash(s string) (Hash, error) {
	var h Hash
	if len(s) != 64 {
		return h, fmt.Errorf("hash %.70q: want 64 hexadecimal characters", s)
	}
	if _, err := hex.Decode(h[:], []byte(s)); err != nil {
		return Hash{}, fmt.Errorf("hash %.70q: %w", s, err)
	}
	return h, nil
}

// String returns 64 lower-case hexadecimal characters.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// IsZero reports whether h is absent.
func (h Hash) IsZero() bool { return h == Hash{} }

// MarshalText implements encoding.TextMarshaler; the zero Hash is the empty text.
func (h Hash) MarshalText() ([]byte, error) {
	if h.IsZero() {
		return nil, nil
	}
	return []byte(h.String()), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (h *Hash) UnmarshalText(b []byte) (err error) {
	if len(b) == 0 {
		*h = Hash{}
		return nil
	}
	*h, err = ParseHash(string(b))
	return err
}
