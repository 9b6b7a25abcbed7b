package eventlogtest

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/aobench/aobench/event"
)

// Log is what the suite holds a log to.
type Log interface {
	Append(ctx context.Context, bodies ...event.Body) ([]event.Seq, error)
	AppendAt(ctx context.Context, at event.Seq, bodies ...event.Body) (bool, error)
	Head() event.Seq
	Lookup(event.ID) (event.Seq, bool, error)
	Event(event.Seq) (event.Event, error)
	Events(ctx context.Context, after event.Seq) iter.Seq2[event.Event, error]
	Raw(ctx context.Context, after event.Seq) iter.Seq2[[]byte, error]
	Root(event.Seq) (event.Hash, error)
	Changed() <-chan struct{}
	PutBlob(ctx context.Context, data []byte) (event.Hash, error)
	Blob(event.Hash) ([]byte, error)
	Snapshot(name string, version int, atMost event.Seq) (event.Seq, []byte, error)
	PutSnapshot(name string, version int, seq event.Seq, data []byte) error
	Close() error
}

// An Open gives a new log, recording times by now, and a function that closes it and opens it again.
type Open func(t *testing.T, now func() event.Millis) (log Log, reopen func() Log)

// Suite runs all tests of what every log does.
func Suite(t *testing.T, open Open) {
	for name, test := range map[string]func(*testing.T, Open){
		"empty": testEmpty, "append": testAppend, "append at": testAppendAt, "duplicates": testDuplicates, "reopen": testReopen,
		"recorded": testRecorded, "oversize": testOversize, "big": testBig, "concurrent": testConcurrent,
		"iterate": testIterate, "roots": testRoots, "changed": testChanged, "blobs": testBlobs,
		"snapshots": testSnapshots, "cancelled": testCancelled, "closed": testClosed, "random": testRandom,
	} {
		t.Run(name, func(t *testing.T) { test(t, open) })
	}
}

// Message returns the n-th of a series of different messages, of about size bytes once encoded.
func Message(n uint64, size int) event.MessageObserved {
	r := rand.New(rand.NewPCG(n, 1))
	fill := func(b []byte) []byte {
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b
	}
	var m event.MessageObserved
	binary.BigEndian.PutUint64(fill(m.Item.ID[:]), n)
	fill(m.Item.Target[:])
	var process event.ID
	fill(process[:])
	m.Item.SigType, m.Item.Owner = 1, event.Address(fill(make([]byte, 32)))
	m.Item.Tags = []event.Tag{
		{Name: "Data-Protocol", Value: "ao"}, {Name: "Variant", Value: "ao.TN.1"}, {Name: "Type", Value: "Message"},
		{Name: "Action", Value: "Join-Pool"}, {Name: "From-Process", Value: process.String()},
		{Name: "Reference", Value: fmt.Sprint(n)},
	}
	m.Item.Digest, m.Item.Data = fill(make([]byte, 48)), []byte(`{"dataset":"`+process.String()+`","model":"`+m.Item.Target.String()+`"}`)
	m.Block = event.Block{Height: 1_400_000 + n, Time: 1_700_000_000_000 + event.Millis(n), ID: process.String()[:32] + process.String()[:32]}
	const rest = 563 // bytes of everything but Signed
	m.Item.Signed = fill(make([]byte, max(0, size-rest)))
	return m
}

func messages(from, n, size int) []event.Body {
	out := make([]event.Body, n)
	for i := range out {
		out[i] = Message(uint64(from+i), size)
	}
	return out
}

func mustAppend(t *testing.T, l Log, bodies ...event.Body) []event.Seq {
	t.Helper()
	seqs, err := l.Append(t.Context(), bodies...)
	if err != nil {
		t.Fatal(err)
	}
	return seqs
}

// check reads the whole log in every way, and compares it with the bodies that should be in it.
func check(t *testing.T, l Log, want []event.Body) {
	t.Helper()
	if got := l.Head(); got != event.Seq(len(want)) {
		t.Fatalf("head %d, want %d", got, len(want))
	}
	next, raw := event.Seq(1), iterNext(t, l)
	var last event.Millis
	for e, err := range l.Events(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Seq != next || e.Recorded < last || e.ID != want[next-1].ID() {
			t.Fatalf("event %d: got seq %d, id %s, recorded %d after %d", next, e.Seq, e.ID, e.Recorded, last)
		}
		if b, err := event.Encode(e); err != nil || !bytes.Equal(b, raw()) {
			t.Fatalf("event %d: raw bytes are not those of the event (%v)", next, err)
		}
		if seq, ok, err := l.Lookup(e.ID); seq != next || !ok || err != nil {
			t.Fatalf("look up of event %d: %d, %v, %v", next, seq, ok, err)
		}
		last = e.Recorded
		next++
	}
	if next != event.Seq(len(want)+1) {
		t.Fatalf("iteration ended before %d, want %d events", next, len(want))
	}
	got, err := l.Root(l.Head())
	if err != nil || got != rootOf(t, l, l.Head()) {
		t.Fatalf("root of %d events: %s, %v", l.Head(), got, err)
	}
}

func iterNext(t *testing.T, l Log) func() []byte {
	next, stop := iter.Pull2(l.Raw(t.Context(), 0))
	t.Cleanup(stop)
	return func() []byte { b, _, _ := next(); return b }
}

// rootOf computes a root from the events' bytes by the definition in RFC 6962 §2.1, with nothing of the log's.
func rootOf(t *testing.T, l Log, size event.Seq) event.Hash {
	t.Helper()
	var leaves []tlog.Hash
	for b, err := range l.Raw(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if leaves = append(leaves, tlog.RecordHash(b)); event.Seq(len(leaves)) == size {
			break
		}
	}
	return event.Hash(mth(leaves[:size]))
}

func mth(leaves []tlog.Hash) tlog.Hash {
	switch len(leaves) {
	case 0:
		h, _ := tlog.TreeHash(0, nil)
		return h
	case 1:
		return leaves[0]
	}
	k := 1
	for 2*k < len(leaves) {
		k *= 2
	}
	return tlog.NodeHash(mth(leaves[:k]), mth(leaves[k:]))
}

func wantErr(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Fatalf("%s: error %v, want %v", what, got, want)
	}
}

func wantSeqs(t *testing.T, got []event.Seq, want ...event.Seq) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("seqs (-want +got):\n%s", diff)
	}
}

func testConcurrent(t *testing.T, open Open) {
	l, reopen := open(t, nil)
	const writers, each = 16, 40
	var wg sync.WaitGroup
	seqs := make([][]event.Seq, writers)
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				// Neighbours append half of the same messages.
				s, err := l.Append(t.Context(), messages(w*each/2+i, 1+i%3, 700)...)
				if err != nil {
					t.Error(err)
				}
				for k, seq := range s {
					if e, err := l.Event(seq); err != nil || e.ID != Message(uint64(w*each/2+i+k), 700).ID() {
						t.Errorf("event %d after its append: %s, %v", seq, e.ID, err)
					}
				}
				seqs[w] = append(seqs[w], s...)
			}
		})
	}
	wg.Wait()
	l = reopen()
	want := make([]event.Body, l.Head())
	for w := range writers {
		for i, k := 0, 0; i < each; i++ {
			for j := range 1 + i%3 {
				want[seqs[w][k]-1] = Message(uint64(w*each/2+i+j), 700)
				k++
			}
		}
	}
	check(t, l, want)
}
