package event

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// MaxBytes is the most that one event's bytes may have: an entry of tlog-tiles (https://c2sp.org/tlog-tiles) is
// prefixed by a 16-bit length.
const MaxBytes = 65535

// Version is the version of the envelope that Encode writes.
const Version = 1

// ErrTooLarge says that an event exceeds MaxBytes; the caller must move bulk into a blob.
var ErrTooLarge = errors.New("event larger than 65535 bytes")

// ErrBadText says that a text of an event is not UTF-8; the caller must refuse or clean what a stranger wrote.
var ErrBadText = errors.New("text is not UTF-8")

var (
	enc = must(encOptions().EncMode())
	dec = must(cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		IndefLength:      cbor.IndefLengthForbidden,
		TagsMd:           cbor.TagsForbidden,
		MaxNestedLevels:  16,
		MaxArrayElements: 1 << 21,
		MaxMapPairs:      1 << 21,
		UTF8:             cbor.UTF8RejectInvalid,
	}.DecMode())
)

// encOptions are RFC 8949's core deterministic ones. A nil slice is written as an empty one: both say the same, so both
// must have the same bytes.
func encOptions() cbor.EncOptions {
	o := cbor.CoreDetEncOptions()
	o.NilContainers = cbor.NilContainerAsEmpty
	return o
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err) // options are constants: only a programming error gets here
	}
	return v
}

// Marshal returns the deterministic CBOR encoding (RFC 8949 §4.2.1) of v. Equal values have equal bytes.
func Marshal(v any) ([]byte, error) { return enc.Marshal(v) }

// Unmarshal reads what Marshal wrote. Indefinite lengths, tags, duplicate keys, invalid UTF-8 and trailing bytes are
// refused. It does not prove that b is the canonical encoding: Decode does that for events.
func Unmarshal(b []byte, v any) error { return dec.Unmarshal(b, v) }

// An Event is a fact with a place in the log.
type Event struct {
	Seq      Seq    `json:"seq"`
	ID       ID     `json:"id"`
	Kind     Kind   `json:"kind"`
	Recorded Millis `json:"recorded"`
	Body     Body   `json:"body"`
}

// A Seq is an event's place in the log: 1, 2, 3 … without gaps; 0 is before the first.
type Seq uint64

type envelope struct {
	_        struct{} `cbor:",toarray"`
	Version  uint8
	Seq      Seq
	ID       ID
	Kind     Kind
	Recorded Millis
	Body     cbor.RawMessage
}

// Encode returns the canonical bytes of e. ID and Kind are taken from the body. It refuses what Decode would not read,
// since a log that holds it could never be folded again.
func Encode(e Event) ([]byte, error) {
	id, kind := e.Body.ID(), e.Body.Kind()
	w := writer{make([]byte, 0, 2048)}
	w.array(6)
	w.uint(Version)
	w.uint(uint64(e.Seq))
	w.bytes(id[:])
	w.text(string(kind))
	w.millis(e.Recorded)
	if err := w.body(e.Body); err != nil {
		return nil, fmt.Errorf("encode event %d %s: %w", e.Seq, kind, err)
	}
	if !validText(w.b) {
		return nil, fmt.Errorf("encode event %d %s: %w", e.Seq, kind, ErrBadText)
	}
	if len(w.b) > MaxBytes {
		return nil, fmt.Errorf("encode event %d %s, %d bytes: %w", e.Seq, kind, len(w.b), ErrTooLarge)
	}
	return w.b, nil
}

func (w *writer) body(b Body) error {
	switch b := b.(type) {
	case bulk:
		b.write(w)
	case Unknown:
		w.b = append(w.b, b.Raw...)
	default:
		raw, err := Marshal(b)
		if err != nil {
			return err
		}
		w.b = append(w.b, raw...)
	}
	return nil
}

// Decode reads the bytes of one event that this log wrote. A kind that this binary does not know becomes Unknown, so
// that an old binary can read a new log; anything else that it does not understand is an error.
func Decode(b []byte) (Event, error) {
	if len(b) > MaxBytes {
		return Event{}, ErrTooLarge
	}
	if e, ok := decodeBulk(b); ok {
		return e, nil
	}
	var env envelope
	if err := Unmarshal(b, &env); err != nil {
		return Event{}, fmt.Errorf("decode event: %w", err)
	}
	if env.Version != Version {
		return Event{}, fmt.Errorf("decode event %d: envelope version %d, this program knows %d: use a newer aobench", env.Seq, env.Version, Version)
	}
	body, err := decodeBody(env.Kind, env.ID, env.Body)
	if err != nil {
		return Event{}, fmt.Errorf("decode event %d %s: %w", env.Seq, env.Kind, err)
	}
	return Event{env.Seq, env.ID, env.Kind, env.Recorded, body}, nil
}

// DecodeCanonical is Decode that also proves the bytes to be the one canonical encoding of what they say and the id to
// be the body's own. It is what a reader of somebody else's log uses.
func DecodeCanonical(b []byte) (Event, error) {
	e, err := Decode(b)
	if err != nil {
		return e, err
	}
	if e.Body.ID() != e.ID {
		return e, fmt.Errorf("decode event %d %s: id %s is not its body's", e.Seq, e.Kind, e.ID)
	}
	again, err := Encode(e)
	if err != nil {
		return e, err
	}
	if !bytes.Equal(again, b) {
		return e, fmt.Errorf("decode event %d %s: bytes are not canonical", e.Seq, e.Kind)
	}
	return e, nil
}
