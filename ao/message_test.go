package ao

import (
	"encoding/hex"
	"testing"

	"github.com/aobench/aobench/event"
)

var (
	idA = event.ID{0: 'a'}
	idB = event.ID{0: 'b'}
)

func tagged(pairs ...string) event.Item {
	var it event.Item
	for i := 0; i < len(pairs); i += 2 {
		it.Tags = append(it.Tags, event.Tag{Name: pairs[i], Value: pairs[i+1]})
	}
	return it
}

func TestAssignment(t *testing.T) {
	a, b, chain := idA.String(), idB.String(), event.ID{9}.String()
	for name, c := range map[string]struct {
		it      event.Item
		message event.ID
		nonce   uint64
		chained bool
	}{
		"ao.TN.1":      {tagged("Process", a, "Nonce", "17", "Hash-Chain", chain, "Timestamp", "1711676638471", "Type", "Assignment", "Message", b), idB, 17, true},
		"before Type":  {tagged("Process", a, "Message", b, "Nonce", "0", "Timestamp", "1711676638471"), idB, 0, false},
		"the process":  {tagged("Process", a, "Nonce", "0", "Timestamp", "1711676638471", "Type", "Assignment"), idA, 0, false},
		"ao.N.1":       {tagged("process", a, "slot", "3", "timestamp", "1711676638471", "type", "Assignment", "message", b), idB, 3, false},
		"first counts": {tagged("Process", a, "Nonce", "1", "Timestamp", "1711676638471", "Message", b, "Message", a, "Nonce", "9"), idB, 1, false},
	} {
		got, err := Assignment(c.it, event.Block{Height: 5})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.Process != idA || got.Message != c.message || got.Nonce != c.nonce || got.Time != 1711676638471 || got.Block.Height != 5 || (len(got.HashChain) == 32) != c.chained {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for name, it := range map[string]event.Item{
		"nothing":        tagged(),
		"a message":      tagged("Process", a, "Nonce", "1", "Timestamp", "1", "Type", "Message"),
		"no process":     tagged("Nonce", "1", "Timestamp", "1"),
		"no nonce":       tagged("Process", a, "Timestamp", "1"),
		"no time":        tagged("Process", a, "Nonce", "1"),
		"bad message":    tagged("Process", a, "Nonce", "1", "Timestamp", "1", "Message", "b"),
		"empty message":  tagged("Process", a, "Nonce", "1", "Timestamp", "1", "Message", ""),
		"negative":       tagged("Process", a, "Nonce", "-1", "Timestamp", "1"),
		"padded":         tagged("Process", a, "Nonce", "01", "Timestamp", "1"),
		"signed":         tagged("Process", a, "Nonce", "+1", "Timestamp", "1"),
		"too high":       tagged("Process", a, "Nonce", "9007199254740992", "Timestamp", "1"),
		"far future":     tagged("Process", a, "Nonce", "1", "Timestamp", "253402300800000"),
		"bad hash chain": tagged("Process", a, "Nonce", "1", "Timestamp", "1", "Hash-Chain", "x"),
	} {
		if _, err := Assignment(it, event.Block{}); reasonOf(err) != event.BadAssignment {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The vectors were computed with sha256sum over the raw bytes.
func TestHashChain(t *testing.T) {
	process, prev := event.ID(bytesOf(0x11, 32)), event.ID(bytesOf(0x22, 32))
	first := HashChain(process, prev, bytesOf(0x33, 32), true)
	if got := hex.EncodeToString(first); got != "02d449a31fbb267c8f352e9968a79e3e5fc95c1bbeaa502fd6454ebde5a4bedc" {
		t.Error("first:", got)
	}
	if got := hex.EncodeToString(HashChain(process, prev, first, false)); got != "a229c2b93bf6cfa23b76f16f230ef056a58c7212962f796ead99df563f0719b2" {
		t.Error("next:", got)
	}
}
