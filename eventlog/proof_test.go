package eventlog_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/eventlog"
)

// TestProofs has an implementation that shares nothing with ours verify proofs between random sizes.
func TestProofs(t *testing.T) {
	l := open(t, eventlog.Options{Dir: t.TempDir()})
	fill(t, l, 700)
	var leaves [][]byte
	for b, err := range l.Raw(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		leaves = append(leaves, rfc6962.DefaultHasher.HashLeaf(b))
	}
	root := func(size uint64) []byte {
		h, err := l.Root(event.Seq(size))
		if err != nil {
			t.Fatal(err)
		}
		return h[:]
	}
	list := func(hashes []event.Hash, err error) (out [][]byte) {
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range hashes {
			out = append(out, h[:])
		}
		return out
	}
	r := rand.New(rand.NewPCG(1, 1))
	for range 1000 {
		size := 1 + r.Uint64N(700)
		seq := 1 + r.Uint64N(size)
		p := list(l.ProveEvent(event.Seq(seq), event.Seq(size)))
		if err := proof.VerifyInclusion(rfc6962.DefaultHasher, seq-1, size, leaves[seq-1], p, root(size)); err != nil {
			t.Fatalf("event %d in %d: %v", seq, size, err)
		}
		if err := proof.VerifyInclusion(rfc6962.DefaultHasher, seq-1, size, leaves[seq%700], p, root(size)); err == nil {
			t.Fatalf("event %d in %d: a proof for another event", seq, size)
		}
		p = list(l.ProvePrefix(event.Seq(seq), event.Seq(size)))
		if err := proof.VerifyConsistency(rfc6962.DefaultHasher, seq, size, p, root(seq), root(size)); err != nil {
			t.Fatalf("%d prefix of %d: %v", seq, size, err)
		}
		if other := root(seq - 1); proof.VerifyConsistency(rfc6962.DefaultHasher, seq, size, p, other, root(size)) == nil {
			t.Fatalf("%d prefix of %d: a proof for another history", seq, size)
		}
	}
	for _, c := range [][2]event.Seq{{0, 5}, {6, 5}, {1, 701}} {
		if _, err := l.ProveEvent(c[0], c[1]); !errors.Is(err, eventlog.ErrNotFound) {
			t.Errorf("proof of event %d in %d: %v", c[0], c[1], err)
		}
		if _, err := l.ProvePrefix(c[0], c[1]); !errors.Is(err, eventlog.ErrNotFound) {
			t.Errorf("proof of prefix %d of %d: %v", c[0], c[1], err)
		}
	}
}
