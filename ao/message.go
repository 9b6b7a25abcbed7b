package ao

import (
	"crypto/sha256"
	"encoding/base64"
	"strconv"

	"github.com/aobench/aobench/event"
)

// Assignment reads an item as a scheduler's assignment: which message has which nonce in which process, and when. Names
// of tags are those of ao.TN.1 or, in lower case with "slot" for the nonce, of ao.N.1. Without a Message tag it is the
// process's own assignment. Who signed it is not judged here. Errors are *Refusal with event.BadAssignment.
func Assignment(it event.Item, b event.Block) (event.AssignmentObserved, error) {
	a := event.AssignmentObserved{Item: it, Block: b}
	var err error
	if t, ok := either(&it, "Type", "type"); ok && t != "Assignment" {
		return a, refuse(event.BadAssignment, "Type is %.40q", t)
	}
	if a.Process, err = idTag(&it, "Process", "process"); err != nil {
		return a, err
	}
	a.Message = a.Process
	if _, ok := either(&it, "Message", "message"); ok {
		if a.Message, err = idTag(&it, "Message", "message"); err != nil {
			return a, err
		}
	}
	if a.Nonce, err = numberTag(&it, "Nonce", "slot", maxNonce); err != nil {
		return a, err
	}
	ms, err := numberTag(&it, "Timestamp", "timestamp", maxMillis)
	if err != nil {
		return a, err
	}
	a.Time = event.Millis(ms)
	if s, ok := either(&it, "Hash-Chain", "hash-chain"); ok {
		if a.HashChain = decode32(s); a.HashChain == nil {
			return a, refuse(event.BadAssignment, "Hash-Chain %.60q is not base64url of 32 bytes", s)
		}
	}
	return a, nil
}

const (
	maxNonce  = 1<<53 - 1       // what every JSON reader can hold
	maxMillis = 253402300799999 // the last millisecond of the year 9999
)

// HashChain returns the chain value of an assignment: of a process's first assignment the SHA-256 of the process id, of
// any other that of the previous assignment's id and chain value. The formula is that of ao's legacy scheduler unit.
func HashChain(process, prevAssignment event.ID, prevChain []byte, first bool) []byte {
	h := sha256.New()
	if first {
		h.Write(process[:])
	} else {
		h.Write(prevAssignment[:])
		h.Write(prevChain)
	}
	return h.Sum(nil)
}

// either returns the first tag of the first of these names that the item has.
func either(it *event.Item, name, lower string) (string, bool) {
	if v, ok := it.First(name); ok {
		return v, true
	}
	return it.First(lower)
}

func idTag(it *event.Item, name, lower string) (event.ID, error) {
	v, _ := either(it, name, lower)
	id, err := event.ParseID(v)
	if err != nil {
		return id, refuse(event.BadAssignment, "%s %.60q is not an id", name, v)
	}
	return id, nil
}

func numberTag(it *event.Item, name, lower string, limit uint64) (uint64, error) {
	v, _ := either(it, name, lower)
	n, err := strconv.ParseUint(v, 10, 64)
	if err != nil || n > limit || strconv.FormatUint(n, 10) != v {
		return 0, refuse(event.BadAssignment, "%s %.40q is not a decimal number up to %d", name, v, limit)
	}
	return n, nil
}

// decode32 returns the 32 bytes that 43 characters of strict base64url stand for, or nil.
func decode32(s string) []byte { return decodeText(s, 32) }

// decodeText returns exactly n bytes of strict base64url without padding, or nil. The decoder skips line breaks, which
// the length gives away.
func decodeText(s string, n int) []byte {
	if len(s) != base64.RawURLEncoding.EncodedLen(n) {
		return nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != n {
		return nil
	}
	return b
}
