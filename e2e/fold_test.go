package e2e

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/projections"
)

// TestFold folds the lifecycle file's items, without any gateway, in the order in which they were made and in others.
func TestFold(t *testing.T) {
	s := loadLifecycle(t)
	bodies := s.bodies(t)
	orders := map[string]func(){
		"as made":  func() {},
		"reversed": func() { slices.Reverse(bodies) },
		"shuffled": func() {
			rand.New(rand.NewPCG(1, 2)).Shuffle(len(bodies), func(i, j int) { bodies[i], bodies[j] = bodies[j], bodies[i] })
		},
	}
	for _, name := range []string{"as made", "reversed", "shuffled"} {
		orders[name]()
		state := s.fold(t, bodies)
		if diff := cmp.Diff(s.Want, s.got(state)); diff != "" {
			t.Errorf("%s (-sent +folded):\n%s", name, diff)
		}
		if state.Stream.Order != projections.ByNonce || len(state.Stream.Gaps(10)) != 0 || len(state.Faults) != 0 {
			t.Errorf("%s: order %s, gaps %v, faults %v", name, state.Stream.Order, state.Stream.Gaps(10), state.Faults)
		}
	}
}

// bodies verifies the items and returns those of the pool process as the indexer would record them.
func (s *set) bodies(t *testing.T) []event.Body {
	t.Helper()
	var out []event.Body
	for i, it := range s.items(t) {
		if err := ao.Verify(it); err != nil {
			t.Fatalf("item %d, %s: %v", i, s.Items[i].Kind, err)
		}
		block := event.Block{Height: 10, Time: 1732000000000}
		switch {
		case it.Tag("Type") == "Assignment" && it.Tag("Process") == s.Pool:
			a, err := ao.Assignment(it, block)
			if err != nil {
				t.Fatalf("item %d: %v", i, err)
			}
			out = append(out, a)
		case it.Target.String() == s.Pool:
			out = append(out, event.MessageObserved{Item: it, Block: block})
		}
	}
	return out
}

// terms are those of the set's config; see also config.
func (s *set) terms(t *testing.T) event.Terms {
	t.Helper()
	must := func(text string) event.Address {
		a, err := event.ParseAddress(text)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	token, _ := must(s.Token).ID()
	return event.Terms{
		Tokens:      []event.Token{{Process: token, Ticker: "wAR", Denomination: 12}},
		Authorities: []event.Valid{{Who: must(s.Authority)}}, Schedulers: []event.Valid{{Who: must(s.Scheduler)}},
		Scores: event.ScoresChain, Protocol: "letters/v1", Duration: 30 * 24 * 3600 * 1000, MinDeposit: event.NewAmount(1),
	}
}

func (s *set) fold(t *testing.T, bodies []event.Body) *projections.State {
	t.Helper()
	pool, err := event.ParseID(s.Pool)
	if err != nil {
		t.Fatal(err)
	}
	state := projections.New()
	all := append([]event.Body{event.LogOpened{Process: pool}, event.TermsSet{Revision: 1, Terms: s.terms(t)}}, bodies...)
	for i, b := range all {
		state = state.Apply(event.Event{Seq: event.Seq(i + 1), ID: b.ID(), Kind: b.Kind(), Recorded: 1, Body: b})
	}
	return state.Clone()
}

// got puts a state into the words of Want.
func (s *set) got(state *projections.State) want {
	out := want{Pools: map[string]wantPool{}}
	for _, p := range state.Pools() {
		q := p.Periods[len(p.Periods)-1]
		w := wantPool{Pot: q.Pot.String(), Funder: q.Deposits[0].From.String(), Models: map[string]wantModel{}}
		for _, r := range state.LiveBoard(q) {
			w.Models[r.Model.String()] = wantModel{r.Participant.String(), r.Correct, r.Answered, r.Total}
		}
		out.Pools[p.ID.String()] = w
	}
	for _, r := range state.Refusals() {
		out.Refused = add(out.Refused, r.ID.String(), string(r.Reason))
	}
	for _, o := range state.Owed() {
		out.Owed = add(out.Owed, o.Message.String(), string(o.Reason))
	}
	return out
}

func add(m map[string]string, k, v string) map[string]string {
	if m == nil {
		m = map[string]string{}
	}
	m[k] = v
	return m
}
