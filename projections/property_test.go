package projections

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aobench/aobench/event"
	"github.com/google/go-cmp/cmp"
)

var seeds = flag.Int("histories", histories, "how many random histories")

// whole is everything that a state says: its bytes, its root, and what is derived anew by every reader.
func whole(t testing.TB, s *State) string {
	t.Helper()
	derived, err := event.Marshal([]any{s.Pools(), s.Owed(), s.Asks(), s.Refusals(), s.Participants(), s.Stream.Gaps(10)})
	if err != nil {
		t.Fatal(err)
	}
	return encoded(t, s) + string(derived)
}

// kept is a store of snapshots.
type kept map[event.Seq][]byte

func (k kept) Snapshot(_ string, _ int, atMost event.Seq) (event.Seq, []byte, error) {
	for ; atMost > 0; atMost-- {
		if b, ok := k[atMost]; ok {
			return atMost, b, nil
		}
	}
	return 0, nil, nil
}

// TestLiveIsAsOfIsFromZero: whatever turned up late, twice or shuffled, the live fold, the fold from any snapshot and the
// fold from zero are the same at every seq. An honest history has no faults, and everything in it is paid in the end.
func TestLiveIsAsOfIsFromZero(t *testing.T) {
	var ran, finals atomic.Int32
	for seed := range uint64(*seeds) {
		t.Run(fmt.Sprint("seed", seed), func(t *testing.T) {
			t.Parallel()
			ran.Add(1)
			h := newHistory(seed)
			h.unassigned = seed%5 == 4
			h.play(40)
			for _, f := range h.s.Faults {
				t.Errorf("fault at seq %d of an honest history: %s", f.Seq, f.Why)
			}
			t.Logf("%d events, %d slots, %d pools, %d owed, gaps %v", len(h.log), len(h.s.Stream.Slots), len(h.s.Pools()), len(h.s.Owed()), h.s.Stream.Gaps(5))
			checkEverySeq(t, h.log, seed)
			for _, l := range h.s.Ledgers {
				if l.Closing != nil && l.Closing.FinalAt != 0 {
					finals.Add(1)
				}
			}
		})
	}
	t.Cleanup(func() {
		if ran.Load() > 1 && finals.Load() < ran.Load()/2 {
			t.Errorf("only %d periods came to their end in %d histories: the test says little", finals.Load(), ran.Load())
		}
	})
}

func checkEverySeq(t *testing.T, log memLog, seed uint64) {
	ctx := context.Background()
	rng := rand.New(rand.NewPCG(seed, 2))
	live, snaps := New(), kept{}
	lazy := New() // seldom looked at, so that what is derived is brought up to date in other places
	clones := map[*State]string{}
	var fork *State // goes on beside live for a while: they share nothing that either changes
	for _, e := range log {
		if fork != nil {
			fork = fork.Apply(e)
		}
		switch rng.IntN(8) {
		case 0: // readers keep the clone
			c := live.Clone()
			clones[c] = whole(t, c)
		case 1: // the fold goes on with the clone, and readers keep the old one
			old := live
			live = live.Clone()
			clones[old] = whole(t, old)
		}
		live, lazy = live.Apply(e), lazy.Apply(e)
		if e.Seq%everyEvent != 0 {
			continue
		}
		want := whole(t, live)
		if fork != nil && whole(t, fork) != want {
			t.Fatalf("seq %d %s: two clones of one state went different ways\n%s", e.Seq, e.Kind, diff(fork, live))
		}
		if rng.IntN(10) == 0 {
			fork = live.Clone()
		}
		if rng.IntN(15) == 0 && whole(t, lazy) != want {
			t.Fatalf("seq %d %s: a look in between changed the state\n%s", e.Seq, e.Kind, diff(lazy, live))
		}
		zero, err := Replay(ctx, log, e.Seq)
		if err != nil {
			t.Fatal(err)
		}
		if whole(t, zero) != want {
			t.Fatalf("seq %d %s: from zero differs from live\n%s", e.Seq, e.Kind, diff(zero, live))
		}
		asof, err := AsOf(ctx, log, snaps, e.Seq)
		if err != nil {
			t.Fatal(err)
		}
		if whole(t, asof) != want {
			t.Fatalf("seq %d %s: as of differs from live\n%s", e.Seq, e.Kind, diff(asof, live))
		}
		if rng.IntN(10) == 0 {
			if snaps[e.Seq], err = live.Encode(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for c, before := range clones {
		if whole(t, c) != before {
			t.Fatalf("a clone at seq %d changed when the fold went on", c.Seq)
		}
	}
}

func diff(a, b *State) string {
	return cmp.Diff([]any{a.Stream.Slots, a.Pools(), a.Owed(), a.Faults}, []any{b.Stream.Slots, b.Pools(), b.Owed(), b.Faults}, cmp.AllowUnexported(event.Amount{}),
		cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".index" }, cmp.Ignore()))
}

// TestOrderOfArrivalDoesNotMatter: what was observed before any decision makes the same contract state in any order.
func TestOrderOfArrivalDoesNotMatter(t *testing.T) {
	for seed := range uint64(*seeds) {
		h := newHistory(seed)
		h.unassigned = seed%5 == 4
		for range 200 {
			h.send()
		}
		rng := rand.New(rand.NewPCG(seed, 3))
		var want string
		for try := range 8 {
			w := newWorld()
			w.add(event.LogOpened{Process: w.id("pool"), FirstHeight: 1})
			w.append(event.TermsSet{Revision: 1, Terms: h.terms})
			for _, i := range rng.Perm(len(h.items)) {
				w.add(h.items[i].body)
				if rng.IntN(30) == 0 {
					w.add(event.WindowClosed{From: w.to + 1, To: w.to + 1, Time: epoch})
					w.to++
				}
				if rng.IntN(30) == 0 {
					w.s = w.s.Clone()
				}
			}
			w.add(event.WindowClosed{From: w.to + 1, To: w.to + 1, Time: epoch}) // takes in what waits for an order by height
			if got := contractState(t, w.s); try == 0 {
				want = got
			} else if d := cmp.Diff(want, got); d != "" {
				t.Fatalf("seed %d, order %d ends in another contract state:\n%s", seed, try, d)
			}
		}
	}
}

// contractState is what the messages come to, without when they were seen.
func contractState(t *testing.T, s *State) string {
	s.settle()
	out := fmt.Sprintln(s.Stream.Order, s.Stream.Dense, len(s.Stream.Waiting), s.Faults)
	for _, sl := range s.Stream.Slots {
		out += fmt.Sprintln(sl.Nonce, sl.Time, sl.Message, sl.Void, sl.Own, sl.Msg == nil, sl.Effect)
	}
	b, err := event.Marshal([]any{s.Pools(), s.Owed(), s.Asks()})
	if err != nil {
		t.Fatal(err)
	}
	return out + fmt.Sprintf("%x", b)
}

// TestReadersNeedNoLock is for the race detector: readers look at clones, and clone them, while the fold goes on.
func TestReadersNeedNoLock(t *testing.T) {
	h := newHistory(1)
	h.play(60)
	var readers sync.WaitGroup
	s := New()
	for i, e := range h.log {
		s = s.Apply(e)
		if i%25 != 0 {
			continue
		}
		c := s.Clone()
		for range 2 {
			readers.Go(func() {
				c.Root()
				if _, err := c.Clone().Encode(); err != nil {
					t.Error(err)
				}
				for _, p := range c.Pools() {
					for _, q := range p.Periods {
						c.LiveBoard(q)
						c.Disputes(q)
						c.Unsure(q)
					}
				}
				c.Refusals()
				c.Owed()
			})
		}
	}
	readers.Wait()
}
