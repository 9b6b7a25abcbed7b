package indexer

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/devnet"
	"github.com/aobench/aobench/devnet/devnettest"
	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/eventlog/eventlogtest"
)

// TestDevnet tails a local AO over real HTTP, while it goes on, with pages of several sizes: every message has its
// assignment, nonces are dense, and nothing else is there.
func TestDevnet(t *testing.T) {
	n := devnettest.Open(t, devnet.Options{Balances: map[string]event.Amount{"funder": event.NewAmount(1000)}})
	g, _ := devnettest.Gateway(t, n)
	tails := map[int]*Indexer{}
	logs := map[int]*eventlogtest.Memory{}
	for _, page := range []int{1, 7, 100} {
		logs[page] = eventlogtest.NewMemory()
		tails[page] = New(Config{
			Process: n.Pool(), FirstHeight: devnet.DefaultStartHeight, Depth: 3, Page: page, MaxWindow: 200,
			Tokens: []event.ID{n.Token()}, Schedulers: []event.Address{n.Scheduler()},
		}, g, logs[page], nil)
	}
	var want []event.ID
	for day := range 4 {
		want = append(want, oneDay(t, n, day)...)
		if err := n.Advance(7 * time.Hour); err != nil {
			t.Fatal(err)
		}
		for _, x := range tails {
			pass(t, x)
		}
	}
	for page, log := range logs {
		got := factsOf(t, log, devnet.DefaultStartHeight)
		have := map[event.ID]bool{}
		for _, id := range got.Messages {
			have[id] = true
		}
		for _, id := range want {
			if !have[id] {
				t.Errorf("page %d: %s is missing", page, id)
			}
		}
		if got.To != n.Height()-3 || len(got.Refused) != 0 {
			t.Errorf("page %d: to %d of %d, refused %v", page, got.To, n.Height(), got.Refused)
		}
		if d := cmp.Diff(listed(t, g, n), got.Messages); d != "" {
			t.Errorf("page %d: -gateway +log:\n%s", page, d)
		}
		assigned(t, n.Pool(), log)
	}
}

// oneDay plays some of everything and returns what must be found.
func oneDay(t *testing.T, n *devnet.Net, day int) []event.ID {
	t.Helper()
	var out []event.ID
	send := func(step, wallet string, d ao.Draft) {
		it, err := n.Send(fmt.Sprint(step, day), wallet, d)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, it.ID)
	}
	send("pay", "funder", ao.Draft{Target: n.Token(), Tags: []event.Tag{
		tag("Action", "Transfer"), tag("Recipient", n.Pool().String()), tag("Quantity", "10"), tag("X-Dataset", stranger.String()),
	}})
	for i := range 9 {
		send(fmt.Sprint("join", i), fmt.Sprint("trainer", i), ao.Draft{Target: n.Pool(), Tags: []event.Tag{tag("Action", "Join-Pool")}})
	}
	send("forge", "trainer0", ao.Draft{Target: n.Pool(), Tags: []event.Tag{
		tag("Action", "Credit-Notice"), tag("From-Process", n.Token().String()), tag("Quantity", "5"),
	}})
	it, err := n.SendFrom(fmt.Sprint("outbox", day), n.Pool(), "operator", ao.Draft{Target: stranger, Data: []byte("hello")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = n.Send(fmt.Sprint("elsewhere", day), "funder", ao.Draft{Target: n.Token(), Tags: []event.Tag{
		tag("Action", "Transfer"), tag("Recipient", stranger.String()), tag("Quantity", "1"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	return append(out, it.ID)
}

// listed is what the gateway has when it is asked without windows.
func listed(t *testing.T, g *ao.Gateway, n *devnet.Net) []event.ID {
	t.Helper()
	seen := map[event.ID]bool{}
	for _, q := range []ao.Query{
		{Recipients: []event.ID{n.Pool()}},
		{Tags: []ao.TagFilter{{Name: "From-Process", Values: []string{n.Pool().String()}}}},
		{Recipients: []event.ID{n.Token()}, Tags: []ao.TagFilter{{Name: "Recipient", Values: []string{n.Pool().String()}}}},
	} {
		nodes, err := g.All(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range nodes {
			seen[n.ID] = true
		}
	}
	var out []event.Item
	for id := range seen {
		out = append(out, event.Item{ID: id})
	}
	return ids(out...)
}

// assigned checks that each message to the pool has exactly one nonce, and that none is missing.
func assigned(t *testing.T, pool event.ID, log *eventlogtest.Memory) {
	t.Helper()
	messages, nonces, top := map[event.ID]bool{}, map[uint64]event.ID{}, uint64(0)
	for e := range log.Events(t.Context(), 0) {
		switch b := e.Body.(type) {
		case event.MessageObserved:
			messages[b.Item.ID] = b.Item.Target == pool
		case event.AssignmentObserved:
			nonces[b.Nonce] = b.Message
			top = max(top, b.Nonce)
		}
	}
	toPool := 0
	for _, is := range messages {
		if is {
			toPool++
		}
	}
	own := 0
	for n := range top + 1 {
		switch m, ok := nonces[n]; {
		case !ok:
			t.Errorf("nonce %d is missing", n)
		case m == pool:
			own++
		case !messages[m]:
			t.Errorf("nonce %d: message %s is missing", n, m)
		}
	}
	if toPool == 0 || toPool != len(nonces)-own {
		t.Errorf("%d messages to the pool, %d nonces", toPool, len(nonces))
	}
}
