package projections

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/aobench/aobench/event"
)

// A byteLog keeps events as a store does: as bytes.
type byteLog [][]byte

func (l byteLog) Events(_ context.Context, after event.Seq) iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) {
		for _, b := range l[after:] {
			e, err := event.Decode(b)
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// benchmark is a log of about 20,000 events with snapshots every 1,000.
var benchmark = sync.OnceValues(func() (byteLog, kept) {
	h := newHistory(7)
	h.terms.Duration, h.terms.MaxJoinsPeriod, h.terms.MaxJoinsEach = 30*event.MillisPerDay, 0, 0
	h.append(event.TermsSet{Revision: 3, Terms: h.terms})
	h.signed = 1100 // what an RSA-signed item has before its data
	h.play(4000)
	log, snaps := byteLog{}, kept{}
	s := New()
	for _, e := range h.log {
		b, err := event.Encode(e)
		if err != nil {
			panic(err)
		}
		log = append(log, b)
		if s = s.Apply(e); e.Seq%1000 == 0 {
			if snaps[e.Seq], err = s.Encode(); err != nil {
				panic(err)
			}
		}
	}
	return log, snaps
})

// BenchmarkAsOf makes the state of a random seq from the nearest snapshot; BenchmarkFoldFromZero is its limit: the same
// without snapshots.
func BenchmarkAsOf(b *testing.B) {
	log, snaps := benchmark()
	random(b, log, snaps)
}

func BenchmarkFoldFromZero(b *testing.B) {
	log, _ := benchmark()
	random(b, log, kept{})
}

func random(b *testing.B, log byteLog, snaps kept) {
	b.ReportAllocs()
	rng := rand.New(rand.NewPCG(1, 1))
	for b.Loop() {
		if _, err := AsOf(context.Background(), log, snaps, 1+event.Seq(rng.IntN(len(log)))); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(log)), "events")
}

// BenchmarkApply is one event, decoding not included.
func BenchmarkApply(b *testing.B) {
	raw, _ := benchmark()
	var events []event.Event
	for e, err := range raw.Events(context.Background(), 0) {
		if err != nil {
			b.Fatal(err)
		}
		events = append(events, e)
	}
	b.ReportAllocs()
	s := New()
	for b.Loop() {
		if int(s.Seq) == len(events) {
			s = New()
		}
		s = s.Apply(events[s.Seq])
	}
	s.settle()
}

// BenchmarkClone is what readers cost: one of a whole state.
func BenchmarkClone(b *testing.B) {
	raw, _ := benchmark()
	s, err := Replay(context.Background(), raw, 0)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		s.Clone()
	}
}

// BenchmarkGrowth folds many messages and looks at the state every 256 events. Time per event must not grow with their
// number, in order or shuffled.
func BenchmarkGrowth(b *testing.B) {
	for _, shuffle := range []int{0, 50} {
		for _, n := range []int{25_000, 200_000} {
			b.Run(fmt.Sprintf("shuffled=%d/messages=%d", shuffle, n), func(b *testing.B) {
				for b.Loop() {
					grow(b, n, shuffle)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*2*n), "ns/event")
			})
		}
	}
}

// TestGrowth is the same with a bound that only accidental squares pass.
func TestGrowth(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	start := time.Now()
	grow(t, 20_000, 50)
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("20,000 messages took %s", took)
	}
}

func grow(t testing.TB, n, shuffle int) {
	w := newWorld()
	w.add(event.LogOpened{Process: w.id("pool"), FirstHeight: 1})
	w.append(event.TermsSet{Revision: 1, Terms: w.terms})
	s := w.s
	rng := rand.New(rand.NewPCG(1, 1))
	var bodies []event.Body
	for i := range n {
		from := w.addr(fmt.Sprint("p", i%500))
		id := event.ID{1, byte(i), byte(i >> 8), byte(i >> 16)}
		m := event.MessageObserved{Item: event.Item{ID: id, Owner: from, Target: w.id("pool"), Digest: id[:], Tags: tags("Action", "Leaderboard"), Data: []byte(w.id("siqa").String())}}
		if i%4 == 0 {
			m.Item.Owner = w.addr("mu")
			m.Item.Tags = tags("Action", "Credit-Notice", "Sender", from.String(), "Quantity", "1000", "X-Dataset", w.id("siqa").String(),
				"X-Allocation", "ArithmeticDecrease", "From-Process", w.id("wAR").String(), "Reference", fmt.Sprint(i))
		}
		id[0] = 2
		bodies = append(bodies, m, event.AssignmentObserved{Item: event.Item{ID: id, Owner: w.addr("su")}, Process: w.id("pool"), Message: m.Item.ID, Nonce: uint64(i), Time: epoch + event.Millis(i)*1000})
	}
	if shuffle > 0 {
		for i := 0; i < len(bodies); i += shuffle {
			part := bodies[i:min(i+shuffle, len(bodies))]
			rng.Shuffle(len(part), func(a, b int) { part[a], part[b] = part[b], part[a] })
		}
	}
	for _, b := range bodies {
		s = s.Apply(event.Event{Seq: s.Seq + 1, Body: b})
		if s.Seq%256 == 0 {
			s.settle()
		}
	}
	s.settle()
	if len(s.Stream.Slots) != n || s.Stream.Dense != uint64(n) {
		t.Fatalf("%d slots, dense %d", len(s.Stream.Slots), s.Stream.Dense)
	}
}
