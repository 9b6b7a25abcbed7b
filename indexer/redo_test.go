package indexer

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/eventlog/eventlogtest"
)

// A brokenLog fails one append: before it does anything, or after, when only the answer is lost.
type brokenLog struct {
	*eventlogtest.Memory
	left  int // appends until the one that fails
	after bool
}

var errBroken = errors.New("the disk is gone")

func (b *brokenLog) Append(ctx context.Context, bodies ...event.Body) ([]event.Seq, error) {
	b.left--
	if b.left != 0 {
		return b.Memory.Append(ctx, bodies...)
	}
	if b.after {
		if _, err := b.Memory.Append(ctx, bodies...); err != nil {
			return nil, err
		}
	}
	return nil, errBroken
}

// TestRedo: a pass that is cut short at any append, and a process that starts again from the log, end with the same facts
// as one that was never disturbed.
func TestRedo(t *testing.T) {
	for _, after := range []bool{false, true} {
		for cut := 1; ; cut++ {
			f, want := history(t, func(i int) uint64 { return 10 + uint64(i/5) })
			want.To = f.tip
			log := &brokenLog{Memory: eventlogtest.NewMemory(), left: cut, after: after}
			cfg := tailOf(t)
			cfg.MaxWindow, cfg.Page = 6, 20
			x := New(cfg, f.gateway(t), log, nil)
			_, err := x.Pass(t.Context())
			if err == nil {
				if cut < 4 {
					t.Fatalf("only %d appends", cut)
				}
				break
			}
			if !errors.Is(err, errBroken) {
				t.Fatal(err)
			}
			factsOf(t, log.Memory, 10)
			if s := x.Status(); s.Err == "" || s.ErrAt.IsZero() {
				t.Errorf("status after an error: %+v", s)
			}
			if _, err = x.Pass(t.Context()); after != errors.Is(err, errWindow) {
				t.Errorf("append %d failed (done: %v), the next pass says %v", cut, after, err)
			}
			cfg.Next = factsOf(t, log.Memory, 10).To + 1
			pass(t, New(cfg, f.gateway(t), log, nil))
			if d := cmp.Diff(want, factsOf(t, log.Memory, 10)); d != "" {
				t.Errorf("append %d failed (done: %v): -want +got:\n%s", cut, after, d)
			}
		}
	}
}

// TestCancel: a pass whose context ends in the middle leaves nothing behind and is done again.
func TestCancel(t *testing.T) {
	for cut := 1; cut < 60; cut += 7 {
		f, want := history(t, func(i int) uint64 { return 10 + uint64(i/5) })
		want.To = f.tip
		ctx, cancel := context.WithCancel(t.Context())
		requests := make(chan struct{}, 10_000)
		f.hook = func(http.ResponseWriter, *http.Request) bool {
			if requests <- struct{}{}; len(requests) == cut {
				cancel()
			}
			return false
		}
		log := eventlogtest.NewMemory()
		cfg := tailOf(t)
		cfg.MaxWindow, cfg.Page = 6, 20
		x := New(cfg, f.gateway(t), log, nil)
		if _, err := x.Pass(ctx); !errors.Is(err, context.Canceled) {
			t.Fatalf("cut at request %d: %v", cut, err)
		}
		if s := x.Status(); s.Err != "" {
			t.Errorf("being stopped is shown as an error: %s", s.Err)
		}
		f.hook = nil
		pass(t, x)
		if d := cmp.Diff(want, factsOf(t, log, 10)); d != "" {
			t.Errorf("cut at request %d: -want +got:\n%s", cut, d)
		}
	}
}

// TestHeld: an item without data keeps its window open, the others of the window are recorded meanwhile; after Tries
// passes it is recorded as refused and the tail goes on; a rescan finds the data when it comes.
func TestHeld(t *testing.T) {
	var f fakeNet
	good, bad, next := message(t, pool, 1), message(t, pool, 2), message(t, pool, 3)
	f.add(12, good)
	f.add(12, bad)
	f.add(40, next)
	f.raw = map[event.ID]http.HandlerFunc{bad.ID: http.NotFound}
	log := eventlogtest.NewMemory()
	cfg := tailOf(t)
	cfg.MaxWindow = 10
	x := New(cfg, f.gateway(t), log, nil)
	for i := range cfg.Tries - 1 {
		if _, err := x.Pass(t.Context()); err == nil {
			t.Fatalf("pass %d closed the window", i)
		}
		if s := x.Status(); s.Held != 1 || s.Next != 10 {
			t.Errorf("pass %d: status %+v", i, s)
		}
	}
	want := facts{Messages: ids(good), Refused: map[event.ID]event.Reason{}, To: 9}
	if d := cmp.Diff(want, factsOf(t, log, 10)); d != "" {
		t.Errorf("while it is held: %s", d)
	}
	pass(t, x)
	want = facts{Messages: ids(good, next), Refused: map[event.ID]event.Reason{bad.ID: event.Unverifiable}, To: 40}
	if d := cmp.Diff(want, factsOf(t, log, 10)); d != "" {
		t.Errorf("given up: %s", d)
	}
	// Started again with the item in reach of the next window: it does not hold that one up too.
	f.tip, want.To = 41, 41
	cfg.Next, cfg.Overlap = 41, 40
	x = New(cfg, f.gateway(t), log, nil)
	pass(t, x)

	f.raw = nil
	pass(t, x)
	if d := cmp.Diff(want, factsOf(t, log, 10)); d != "" {
		t.Errorf("a pass must leave alone what was given up: %s", d)
	}
	if _, err := x.Rescan(t.Context(), 10); err != nil {
		t.Fatal(err)
	}
	want.Messages = ids(good, bad, next)
	if d := cmp.Diff(want, factsOf(t, log, 10)); d != "" {
		t.Errorf("rescan: %s", d)
	}
}

// TestHeals: what is there before the tries are used up leaves no refusal.
func TestHeals(t *testing.T) {
	var f fakeNet
	it := message(t, pool, 1)
	f.add(12, it)
	f.raw = map[event.ID]http.HandlerFunc{it.ID: http.NotFound}
	log := eventlogtest.NewMemory()
	x := New(tailOf(t), f.gateway(t), log, nil)
	if _, err := x.Pass(t.Context()); err == nil {
		t.Fatal("the window is closed")
	}
	f.raw = nil
	pass(t, x)
	if d := cmp.Diff(facts{Messages: ids(it), Refused: map[event.ID]event.Reason{}, To: 12}, factsOf(t, log, 10)); d != "" {
		t.Error(d)
	}
}

// TestManyFail: a gateway that gives no data at all is not asked for all of it, and yet the tail gets past.
func TestManyFail(t *testing.T) {
	f, _ := history(t, func(i int) uint64 { return 10 })
	f.raw = map[event.ID]http.HandlerFunc{}
	var mu sync.Mutex
	asked := map[event.ID]int{}
	for _, p := range f.items {
		if len(p.item.Data) > 0 {
			f.raw[p.item.ID] = func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				asked[p.item.ID]++
				mu.Unlock()
				http.NotFound(w, r)
			}
		}
	}
	log := eventlogtest.NewMemory()
	x := New(tailOf(t), f.gateway(t), log, nil)
	passes := 1
	for ; ; passes++ {
		_, err := x.Pass(t.Context())
		if err == nil {
			break
		}
		if passes > 20 {
			t.Fatal("the tail stands still")
		}
	}
	got := factsOf(t, log, 10)
	if len(got.Refused) != 60 || len(got.Messages) != 0 || got.To != 10 {
		t.Errorf("after %d passes: %d refused, %d messages, to %d", passes, len(got.Refused), len(got.Messages), got.To)
	}
	for id, n := range asked {
		if n > 3 {
			t.Errorf("item %s was asked for %d times", id, n)
		}
	}
}

// TestListingFails: a window that cannot be listed does not keep the ones before it open.
func TestListingFails(t *testing.T) {
	f, want := history(t, func(i int) uint64 { return 10 + uint64(i/5) })
	f.hook = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path != "/block/height/27" { // the last of the third window
			return false
		}
		w.WriteHeader(http.StatusForbidden)
		return true
	}
	log := eventlogtest.NewMemory()
	cfg := tailOf(t)
	cfg.MaxWindow = 6
	x := New(cfg, f.gateway(t), log, nil)
	if _, err := x.Pass(t.Context()); err == nil {
		t.Fatal("no error")
	}
	if got := factsOf(t, log, 10); got.To != 21 || len(got.Messages) != 40 {
		t.Errorf("to %d, %d messages", got.To, len(got.Messages))
	}
	f.hook = nil
	pass(t, x)
	want.To = f.tip
	if d := cmp.Diff(want, factsOf(t, log, 10)); d != "" {
		t.Error(d)
	}
}
