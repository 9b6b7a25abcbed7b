package event

import (
	"errors"
	"math/big"
)

// ErrBadAmount says that a text is not a canonical amount.
var ErrBadAmount = errors.New("not an amount: want decimal digits without sign, spaces or leading zeros, below 2^256")

// An Amount is a quantity of a token in its base unit: an integer from 0 to 2^256-1. The zero value is 0. Amounts are
// values: no method changes its receiver.
type Amount struct{ n *big.Int }

// ParseAmount reads decimal digits. Signs, spaces, leading zeros and values of 2^256 and more are refused.
func ParseAmount(s string) (Amount, error) {
	if s == "" || len(s) > 78 || (len(s) > 1 && s[0] == '0') {
		return Amount{}, ErrBadAmount
	}
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return Amount{}, ErrBadAmount
		}
	}
	n, ok := new(big.Int).SetString(s, 10)
	if !ok || n.BitLen() > 256 {
		return Amount{}, ErrBadAmount
	}
	return Amount{n}, nil
}

// NewAmount returns v as an amount.
func NewAmount(v uint64) Amount { return Amount{new(big.Int).SetUint64(v)} }

// AmountOf returns n as an amount; n must not be negative, or it panics: a negative quantity is a programming error.
// It may exceed 2^256 as a sum of several amounts does.
func AmountOf(n *big.Int) Amount {
	if n.Sign() < 0 {
		panic("event: negative amount")
	}
	return Amount{new(big.Int).Set(n)}
}

// Big returns a copy of the amount for arithmetic.
func (a Amount) Big() *big.Int {
	if a.n == nil {
		return new(big.Int)
	}
	return new(big.Int).Set(a.n)
}

// Add returns a+b.
func (a Amount) Add(b Amount) Amount { return Amount{new(big.Int).Add(a.Big(), b.Big())} }

// Cmp compares a and b as big.Int does.
func (a Amount) Cmp(b Amount) int { return a.Big().Cmp(b.Big()) }

// IsZero reports whether the amount is 0.
func (a Amount) IsZero() bool { return a.n == nil || a.n.Sign() == 0 }

// String returns the decimal digits.
func (a Amount) String() string { return a.Big().String() }

// MarshalBinary implements encoding.BinaryMarshaler: big-endian bytes without leading zeros, none for 0.
func (a Amount) MarshalBinary() ([]byte, error) { return a.Big().Bytes(), nil }

// UnmarshalBinary implements encoding.BinaryUnmarshaler; leading zeros and more than 40 bytes are refused.
func (a *Amount) UnmarshalBinary(b []byte) error {
	if len(b) > 40 || (len(b) > 0 && b[0] == 0) {
		return ErrBadAmount
	}
	a.n = new(big.Int).SetBytes(b)
	return nil
}

// MarshalText implements encoding.TextMarshaler: decimal digits, so that JSON carries a string and no number.
func (a Amount) MarshalText() ([]byte, error) { return []byte(a.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (a *Amount) UnmarshalText(b []byte) (err error) {
	*a, err = ParseAmount(string(b))
	return err
}

// Equal reports whether a and b are the same amount.
func (a Amount) Equal(b Amount) bool { return a.Cmp(b) == 0 }
