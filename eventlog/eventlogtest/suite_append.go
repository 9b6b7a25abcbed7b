package eventlogtest

import (
	"context"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/eventlog"
)

func testEmpty(t *testing.T, open Open) {
	l, reopen := open(t, nil)
	for range 2 {
		check(t, l, nil)
		if seqs := mustAppend(t, l); len(seqs) != 0 {
			t.Fatalf("append of nothing gave %v", seqs)
		}
		_, err := l.Event(0)
		wantErr(t, "event 0", err, eventlog.ErrNotFound)
		_, err = l.Event(1)
		wantErr(t, "event 1", err, eventlog.ErrNotFound)
		_, err = l.Root(1)
		wantErr(t, "root 1", err, eventlog.ErrNotFound)
		if _, ok, err := l.Lookup(event.ID{1}); ok || err != nil {
			t.Fatal("found an id in an empty log", err)
		}
		l = reopen()
	}
}

func testAppend(t *testing.T, open Open) {
	l, _ := open(t, nil)
	bodies := []event.Body{event.LogOpened{FirstHeight: 7, Name: "test"}, Message(1, 1500), event.WindowClosed{From: 7, To: 9}}
	wantSeqs(t, mustAppend(t, l, bodies[0]), 1)
	wantSeqs(t, mustAppend(t, l, bodies[1], bodies[2]), 2, 3)
	check(t, l, bodies)
	e, err := l.Event(3)
	if w, ok := e.Body.(event.WindowClosed); err != nil || !ok || w.To != 9 || e.Kind != event.KindWindowClosed {
		t.Fatalf("event 3 is %+v, %v", e, err)
	}
}

// testAppendAt holds that of several decisions made from one head, at the same time, exactly one is recorded.
func testAppendAt(t *testing.T, open Open) {
	l, _ := open(t, nil)
	all := messages(0, 41, 100)
	mustAppend(t, l, all[0])
	won := make(chan event.Body, 40)
	var wg sync.WaitGroup
	for _, b := range all[1:] {
		wg.Go(func() {
			ok, err := l.AppendAt(t.Context(), 1, b)
			if err != nil {
				t.Error(err)
			}
			if ok {
				won <- b
			}
		})
	}
	wg.Wait()
	if len(won) != 1 {
		t.Fatalf("%d calls at one head succeeded", len(won))
	}
	check(t, l, []event.Body{all[0], <-won})
	if ok, err := l.AppendAt(t.Context(), 3, all[1]); ok || err != nil {
		t.Fatalf("beyond the head: %v, %v", ok, err)
	}
	// What one transaction does not take is refused, since the rest would not be at that head any more.
	for _, tooMuch := range [][]event.Body{messages(100, eventlog.MaxBatch+1, 100), messages(100, 80, 60_000)} {
		if ok, err := l.AppendAt(t.Context(), 2, tooMuch...); ok || err == nil {
			t.Fatalf("%d bodies at a head: %v, %v", len(tooMuch), ok, err)
		}
	}
	if l.Head() != 2 {
		t.Fatalf("head %d", l.Head())
	}
}

func testDuplicates(t *testing.T, open Open) {
	l, reopen := open(t, nil)
	m := messages(0, 5, 600)
	wantSeqs(t, mustAppend(t, l, m[0], m[1], m[0]), 1, 2, 1)
	wantSeqs(t, mustAppend(t, l, m[1]), 2)
	wantSeqs(t, mustAppend(t, l, m[2], m[1], m[3], m[2], m[3], m[0]), 3, 2, 4, 3, 4, 1)
	l = reopen()
	wantSeqs(t, mustAppend(t, l, m[3], m[4], m[4]), 4, 5, 5)
	check(t, l, m)
}

func testReopen(t *testing.T, open Open) {
	l, reopen := open(t, nil)
	var all []event.Body
	for _, n := range []int{1, 254, 1, 0, 1, 3, 250, 2, 300} { // over the edges of tiles
		m := messages(len(all), n, 600)
		mustAppend(t, l, m...)
		all = append(all, m...)
		l = reopen()
		check(t, l, all)
	}
}

func testRecorded(t *testing.T, open Open) {
	now := event.Millis(1000)
	l, reopen := open(t, func() event.Millis { return now })
	for i, c := range []struct{ clock, want event.Millis }{{1000, 1000}, {900, 1000}, {2000, 2000}, {-5, 2000}} {
		now = c.clock
		mustAppend(t, l, Message(uint64(i), 600))
		if e, err := l.Event(event.Seq(i + 1)); err != nil || e.Recorded != c.want {
			t.Fatalf("clock %d: recorded %d, want %d (%v)", c.clock, e.Recorded, c.want, err)
		}
		l = reopen()
	}
}

func testOversize(t *testing.T, open Open) {
	l, _ := open(t, nil)
	m := messages(0, 2, 600)
	seqs, err := l.Append(t.Context(), m[0], Message(9, event.MaxBytes+1000), m[1])
	wantErr(t, "oversize event", err, event.ErrTooLarge)
	wantSeqs(t, seqs, []event.Seq{}...)
	check(t, l, nil) // the whole call was refused
	mustAppend(t, l, m...)
	check(t, l, m)
}

func testBig(t *testing.T, open Open) {
	l, reopen := open(t, nil)
	m := append(messages(0, 2*eventlog.MaxBatch+10, 600), messages(10_000, 300, 60_000)...)
	seqs := mustAppend(t, l, m...)
	for i, s := range seqs {
		if s != event.Seq(i+1) {
			t.Fatalf("body %d has seq %d", i, s)
		}
	}
	l = reopen()
	check(t, l, m)
	// A long call of old, new and old bodies.
	more := messages(20_000, 700, 600)
	seqs = mustAppend(t, l, append(append(m[:600:600], more...), m[600:]...)...)
	if seqs[0] != 1 || seqs[599] != 600 || seqs[600] != event.Seq(len(m)+1) || seqs[1300] != 601 {
		t.Fatalf("seqs of a long call: %d, %d, %d, %d", seqs[0], seqs[599], seqs[600], seqs[1300])
	}
	check(t, l, append(m, more...))
}

func testCancelled(t *testing.T, open Open) {
	l, _ := open(t, nil)
	mustAppend(t, l, messages(0, 3, 600)...)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range l.Events(ctx, 0) {
		wantErr(t, "iteration", err, context.Canceled)
	}
	_, err := l.PutBlob(ctx, []byte("x"))
	wantErr(t, "put blob", err, context.Canceled)
}

func testClosed(t *testing.T, open Open) {
	l, _ := open(t, nil)
	mustAppend(t, l, Message(1, 600))
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := l.Append(t.Context(), Message(2, 600))
	wantErr(t, "append to a closed log", err, eventlog.ErrClosed)
}

// testRandom appends random calls with many repetitions, and compares with a map.
func testRandom(t *testing.T, open Open) {
	l, reopen := open(t, nil)
	r := rand.New(rand.NewPCG(1, 2))
	seqs := map[event.ID]event.Seq{}
	var want []event.Body
	for round := range 40 {
		call := make([]event.Body, r.IntN(60))
		expect := make([]event.Seq, len(call))
		for i := range call {
			call[i] = Message(r.Uint64N(900), 600)
			if seqs[call[i].ID()] == 0 {
				want = append(want, call[i])
				seqs[call[i].ID()] = event.Seq(len(want))
			}
			expect[i] = seqs[call[i].ID()]
		}
		wantSeqs(t, mustAppend(t, l, call...), expect...)
		if round%10 == 9 {
			l = reopen()
		}
	}
	check(t, l, want)
}
