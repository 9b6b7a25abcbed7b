package indexer

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/eventlog/eventlogtest"
)

// TestSelection: what is recorded as what, and what is left alone.
func TestSelection(t *testing.T) {
	w := walletsOf(t)
	var f fakeNet
	toPool := message(t, pool, 1)
	addressed := sign(t, w.scheduler, ao.Draft{Target: pool, Tags: assignment(t, w.scheduler, toPool.ID, 9).Tags}) // as some schedulers do
	lookalike := sign(t, w.authority, ao.Draft{Target: pool, Tags: addressed.Tags})
	plain := sign(t, w.scheduler, ao.Draft{Target: pool, Tags: []event.Tag{
		tag("Process", pool.String()), tag("Message", toPool.ID.String()), tag("Nonce", "3"), tag("Timestamp", "1700000000000"),
	}})
	forged := message(t, pool, 2, tag("From-Process", token.String()))
	notice := sign(t, w.authority, ao.Draft{Target: pool, Tags: []event.Tag{tag("From-Process", token.String()), tag("Process", pool.String())}})
	outbox := sign(t, w.authority, ao.Draft{Target: stranger, Tags: []event.Tag{tag("From-Process", pool.String())}})
	transfer := message(t, token, 3, tag("Recipient", pool.String()))
	untyped := sign(t, w.scheduler, ao.Draft{Tags: []event.Tag{
		tag("Process", pool.String()), tag("Nonce", "0"), tag("Timestamp", "1700000000000"),
	}})
	unreadable := sign(t, w.scheduler, ao.Draft{Tags: []event.Tag{tag("Process", pool.String()), tag("Nonce", "007")}})
	for _, it := range []event.Item{
		toPool, addressed, lookalike, plain, forged, notice, outbox, transfer, untyped, unreadable,
		assignment(t, w.scheduler, toPool.ID, 1),
		assignment(t, w.authority, toPool.ID, 2),            // no scheduler
		message(t, token, 4, tag("Recipient", "somebody")),  // the token's own traffic
		message(t, stranger, 5, tag("Process", "anything")), // nothing of ours
	} {
		f.add(20, it)
	}
	f.add(25, message(t, pool, 6)) // not buried yet
	f.add(20, message(t, pool, 7)).node.Block = nil
	want := facts{
		Messages:    ids(toPool, lookalike, plain, forged, notice, outbox, transfer),
		Assignments: []uint64{0, 1, 9},
		Refused:     map[event.ID]event.Reason{unreadable.ID: event.BadAssignment},
		To:          20,
	}
	for _, ignores := range []bool{false, true} {
		f.ignores = ignores
		log := eventlogtest.NewMemory()
		cfg := tailOf(t)
		cfg.Depth = 5
		pass(t, New(cfg, f.gateway(t), log, nil))
		if d := cmp.Diff(want, factsOf(t, log, 10)); d != "" {
			t.Errorf("a gateway that ignores filters: %v (-want +got):\n%s", ignores, d)
		}
	}
}

// history is a network of 60 messages, the first 30 with assignments, at heights from 10.
func history(t testing.TB, heights func(i int) uint64) (*fakeNet, facts) {
	w := walletsOf(t)
	f, want := &fakeNet{}, facts{Refused: map[event.ID]event.Reason{}}
	var messages []event.Item
	for i, p := range prepared(t, w) {
		f.add(heights(i), p)
		if p.Target == pool {
			messages = append(messages, p)
		} else {
			want.Assignments = append(want.Assignments, uint64(len(want.Assignments)))
		}
	}
	want.Messages = ids(messages...)
	return f, want
}

var preparedItems []event.Item

func prepared(t testing.TB, w wallets) []event.Item {
	for i := len(preparedItems); i < 90; i++ {
		it := message(t, pool, i)
		if i%3 == 2 {
			it = assignment(t, w.scheduler, it.ID, i/3)
		}
		preparedItems = append(preparedItems, it)
	}
	return preparedItems
}

// TestPages: whatever a page is, in whatever order and however often items come, they are in the log once.
func TestPages(t *testing.T) {
	prepared(t, walletsOf(t))
	rapid.Check(t, func(r *rapid.T) {
		spread := rapid.Uint64Range(1, 60).Draw(r, "heights")
		seed := rapid.Uint64().Draw(r, "seed")
		rnd := rand.New(rand.NewPCG(seed, 1))
		f, want := history(t, func(int) uint64 { return 10 + rnd.Uint64N(spread) })
		f.shuffle = rnd
		f.clamp = rapid.SampledFrom([]int{0, 1, 3, 10}).Draw(r, "clamp")
		f.doubles = f.clamp != 1 && rapid.Bool().Draw(r, "doubles")
		f.tip = 10 + spread + 7
		want.To = f.tip - 4
		cfg := tailOf(t)
		cfg.Depth = 4
		cfg.Page = rapid.SampledFrom([]int{2, 7, 30, 100}).Draw(r, "page")
		cfg.MaxWindow = rapid.Uint64Range(1, 80).Draw(r, "window")
		log := eventlogtest.NewMemory()
		pass(t, New(cfg, f.gateway(t), log, nil))
		if d := cmp.Diff(want, factsOf(t, log, 10)); d != "" {
			r.Fatalf("-want +got:\n%s", d)
		}
	})
}

// TestBoundaryLoss: a gateway that loses the rest of a height after a page boundary loses nothing as long as a height
// fits on a page, since cursors are then not needed.
func TestBoundaryLoss(t *testing.T) {
	f, want := history(t, func(i int) uint64 { return 10 + uint64(i/6) })
	f.loses = true
	want.To = f.tip
	cfg := tailOf(t)
	cfg.Page = 7
	log := eventlogtest.NewMemory()
	pass(t, New(cfg, f.gateway(t), log, nil))
	if d := cmp.Diff(want, factsOf(t, log, 10)); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

// TestOrder: within a window messages come before assignments, and these by nonce.
func TestOrder(t *testing.T) {
	w := walletsOf(t)
	var f fakeNet
	m := message(t, pool, 1)
	for _, n := range []int{5, 2, 9, 1} {
		f.add(12, assignment(t, w.scheduler, m.ID, n))
	}
	f.add(13, m)
	log := eventlogtest.NewMemory()
	pass(t, New(tailOf(t), f.gateway(t), log, nil))
	var got []string
	var nonces []uint64
	for e := range log.Events(t.Context(), 0) {
		got = append(got, string(e.Kind))
		if a, ok := e.Body.(event.AssignmentObserved); ok {
			nonces = append(nonces, a.Nonce)
		}
	}
	a := string(event.KindAssignmentObserved)
	if d := cmp.Diff([]string{string(event.KindMessageObserved), a, a, a, a, string(event.KindWindowClosed)}, got); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]uint64{1, 2, 5, 9}, nonces); d != "" {
		t.Error(d)
	}
}

// TestDepth: heights that are not buried are not asked for, and the tail goes on when they are.
func TestDepth(t *testing.T) {
	var f fakeNet
	old, young := message(t, pool, 1), message(t, pool, 2)
	f.add(20, old)
	f.add(21, young)
	f.tip = 22
	cfg := tailOf(t)
	cfg.Depth = 2
	log := eventlogtest.NewMemory()
	x := New(cfg, f.gateway(t), log, nil)
	pass(t, x)
	if d := cmp.Diff(facts{Messages: ids(old), Refused: map[event.ID]event.Reason{}, To: 20}, factsOf(t, log, 10)); d != "" {
		t.Errorf("tip 22: %s", d)
	}
	if s := x.Status(); s.Tip != 22 || s.Next != 21 || s.Err != "" || s.LastPass.IsZero() {
		t.Errorf("status %+v", s)
	}
	f.tip = 23
	pass(t, x)
	if d := cmp.Diff(facts{Messages: ids(old, young), Refused: map[event.ID]event.Reason{}, To: 21}, factsOf(t, log, 10)); d != "" {
		t.Errorf("tip 23: %s", d)
	}
	f.tip = 1 // the gateway was replaced by one that is behind
	if p := pass(t, x); p.Windows != 0 {
		t.Errorf("a tip that went back: %+v", p)
	}
}

// TestLate: what a gateway lists late is found by the overlap, and what it lists very late by a rescan.
func TestLate(t *testing.T) {
	var f fakeNet
	late, veryLate := f.add(29, message(t, pool, 1)), f.add(15, message(t, pool, 2))
	late.hidden, veryLate.hidden = true, true
	f.tip = 30
	log := eventlogtest.NewMemory()
	x := New(tailOf(t), f.gateway(t), log, nil)
	pass(t, x)
	late.hidden, veryLate.hidden = false, false
	if p := pass(t, x); p.Messages != 1 || p.Windows != 0 {
		t.Errorf("overlap: %+v", p)
	}
	if d := cmp.Diff(ids(late.item), factsOf(t, log, 10).Messages); d != "" {
		t.Errorf("overlap: %s", d)
	}
	p, err := x.Rescan(t.Context(), 0)
	if err != nil || p.Messages != 1 || p.Windows != 0 {
		t.Errorf("rescan: %+v, %v", p, err)
	}
	if d := cmp.Diff(ids(late.item, veryLate.item), factsOf(t, log, 10).Messages); d != "" {
		t.Errorf("rescan: %s", d)
	}
}

// TestBlob: long data is in the log before the event that names it.
func TestBlob(t *testing.T) {
	var f fakeNet
	data := bytes.Repeat([]byte("long "), 10_000)
	it := sign(t, walletsOf(t).user, ao.Draft{Target: pool, Data: data})
	f.add(12, it)
	log := eventlogtest.NewMemory()
	pass(t, New(tailOf(t), f.gateway(t), log, nil))
	factsOf(t, log, 10) // verifies the item with its blob
	for e := range log.Events(t.Context(), 0) {
		if m, ok := e.Body.(event.MessageObserved); ok {
			got, err := log.Blob(m.Item.Blob.SHA256)
			if err != nil || !bytes.Equal(got, data) {
				t.Errorf("blob: %d bytes, %v", len(got), err)
			}
			return
		}
	}
	t.Error("no message")
}
