package eventlog

import (
	"crypto/sha256"
	"encoding/binary"
	"testing"

	"github.com/aobench/aobench/event"
)

func TestFilter(t *testing.T) {
	id := func(n uint64) *event.ID {
		h := event.ID(sha256.Sum256(binary.BigEndian.AppendUint64(nil, n)))
		return &h
	}
	var f filter
	const n = segmentIDs + 1000 // into the second segment
	for i := range uint64(n) {
		f.add(id(i))
	}
	for i := range uint64(n) {
		if !f.mayHave(id(i)) {
			t.Fatalf("id %d is lost", i)
		}
	}
	wrong := 0
	for i := range uint64(100_000) {
		if f.mayHave(id(n + i)) {
			wrong++
		}
	}
	if wrong > 400 {
		t.Errorf("wrong about %d of 100000 new ids", wrong)
	}
}
