package event

import (
	"encoding/binary"
	"math"
	"unicode/utf8"
)

// This file writes and reads CBOR without reflection, for the two kinds that nearly all of a log consists of and for the
// envelope of all. It writes the bytes that Marshal writes. It reads only what it would write; of anything else it says
// so, and the codec decides.

// The major types of RFC 8949 §3.1.
const (
	majorUint  = 0
	majorInt   = 1
	majorBytes = 2
	majorText  = 3
	majorArray = 4

	null = 0xf6
)

// A writer appends CBOR.
type writer struct{ b []byte }

func (w *writer) head(major byte, n uint64) {
	major <<= 5
	switch {
	case n < 24:
		w.b = append(w.b, major|byte(n))
	case n <= math.MaxUint8:
		w.b = append(w.b, major|24, byte(n))
	case n <= math.MaxUint16:
		w.b = binary.BigEndian.AppendUint16(append(w.b, major|25), uint16(n))
	case n <= math.MaxUint32:
		w.b = binary.BigEndian.AppendUint32(append(w.b, major|26), uint32(n))
	default:
		w.b = binary.BigEndian.AppendUint64(append(w.b, major|27), n)
	}
}

func (w *writer) array(n int)   { w.head(majorArray, uint64(n)) }
func (w *writer) uint(n uint64) { w.head(majorUint, n) }
func (w *writer) text(s string) { w.head(majorText, uint64(len(s))); w.b = append(w.b, s...) }

func (w *writer) bytes(b []byte) { w.head(majorBytes, uint64(len(b))); w.b = append(w.b, b...) }

func (w *writer) millis(m Millis) {
	if m < 0 {
		w.head(majorInt, uint64(-(m + 1)))
		return
	}
	w.uint(uint64(m))
}

// A reader takes CBOR apart. Once something is not as the writer would have written it, bad stays set and all further
// values are zero.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) fail() uint64 {
	r.b, r.bad = nil, true
	return 0
}

// head reads a head of that major type in its shortest form.
func (r *reader) head(major byte) uint64 {
	if len(r.b) == 0 || r.b[0]>>5 != major {
		return r.fail()
	}
	low := r.b[0] & 31
	if low < 24 {
		r.b = r.b[1:]
		return uint64(low)
	}
	if low > 27 || len(r.b) < 1+1<<(low-24) {
		return r.fail()
	}
	var n, least uint64
	switch b := r.b[1:]; low {
	case 24:
		n, least = uint64(b[0]), 24
	case 25:
		n, least = uint64(binary.BigEndian.Uint16(b)), math.MaxUint8+1
	case 26:
		n, least = uint64(binary.BigEndian.Uint32(b)), math.MaxUint16+1
	case 27:
		n, least = binary.BigEndian.Uint64(b), math.MaxUint32+1
	}
	if n < least {
		return r.fail()
	}
	r.b = r.b[1+1<<(low-24):]
	return n
}

// take returns the next n bytes, still those of the input.
func (r *reader) take(n uint64) []byte {
	if n > uint64(len(r.b)) {
		r.fail()
		return nil
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) array(n int) {
	if r.head(majorArray) != uint64(n) {
		r.fail()
	}
}

func (r *reader) uint() uint64 { return r.head(majorUint) }

// view returns a text as bytes of the input.
func (r *reader) view() []byte {
	b := r.take(r.head(majorText))
	if !utf8.Valid(b) {
		r.fail()
	}
	return b
}

func (r *reader) text() string { return string(r.view()) }

// bytes returns a copy that is never nil.
func (r *reader) bytes() []byte {
	return append([]byte{}, r.take(r.head(majorBytes))...)
}

func (r *reader) array32() (out [32]byte) {
	if b := r.take(r.head(majorBytes)); len(b) == len(out) {
		return [32]byte(b)
	}
	r.fail()
	return out
}

func (r *reader) millis() Millis {
	major := byte(majorUint)
	if len(r.b) > 0 && r.b[0]>>5 == majorInt {
		major = majorInt
	}
	n := r.head(major)
	if n > math.MaxInt64 {
		r.fail()
		return 0
	}
	if major == majorInt {
		return -Millis(n) - 1
	}
	return Millis(n)
}
