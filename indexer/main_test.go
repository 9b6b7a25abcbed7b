package indexer

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/devnet/devnettest"
	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/eventlog/eventlogtest"
)

func TestMain(m *testing.M) {
	flag.Set("rapid.checks", "40")                   // each is a whole history; the command line may say otherwise
	goleak.VerifyTestMain(m, goleak.IgnoreCurrent()) // goar's pool of goroutines lives as long as the program
}

var (
	pool     = event.ID{1}
	token    = event.ID{2}
	stranger = event.ID{3}
)

// Wallets of the tests, read once: it costs two RSA signatures. What need not be RSA is not, since RSA signs slowly.
type wallets struct{ user, authority, scheduler *ao.Signer }

var (
	keys     wallets
	keysOnce sync.Once
)

func walletsOf(t testing.TB) wallets {
	keysOnce.Do(func() {
		user, err := ao.NewSigner([32]byte{31: 7})
		if err != nil {
			t.Fatal(err)
		}
		rsa := devnettest.Wallets(t)
		keys = wallets{user, rsa["authority"], rsa["scheduler"]}
	})
	return keys
}

func sign(t testing.TB, s *ao.Signer, d ao.Draft) event.Item {
	t.Helper()
	it, err := s.Sign(d)
	if err != nil {
		t.Fatal(err)
	}
	return it
}

// message is a user's message; n tells it from others.
func message(t testing.TB, to event.ID, n int, tags ...event.Tag) event.Item {
	t.Helper()
	return sign(t, walletsOf(t).user, ao.Draft{Target: to, Anchor: fmt.Appendf(nil, "%032d", n), Tags: tags, Data: []byte("{}")})
}

func tag(name, value string) event.Tag { return event.Tag{Name: name, Value: value} }

func assignment(t testing.TB, s *ao.Signer, of event.ID, nonce int) event.Item {
	t.Helper()
	return sign(t, s, ao.Draft{Tags: []event.Tag{
		tag("Process", pool.String()), tag("Message", of.String()), tag("Nonce", strconv.Itoa(nonce)),
		tag("Timestamp", strconv.Itoa(1_700_000_000_000+nonce)), tag("Type", "Assignment"),
	}})
}

// tailOf returns a config that suits the tests' network.
func tailOf(t testing.TB) Config {
	return Config{
		Process: pool, FirstHeight: 10, Tokens: []event.ID{token}, Overlap: 5, Tries: 3,
		Schedulers: []event.Address{walletsOf(t).scheduler.Address()},
	}
}

// facts are what a log says, without the order in which it learned it.
type facts struct {
	Messages    []event.ID
	Assignments []uint64
	Refused     map[event.ID]event.Reason
	To          uint64 // of the newest window
}

// factsOf reads a log and checks what must hold of every one: windows without gaps, nothing twice, and every item below
// the newest window.
func factsOf(t testing.TB, m *eventlogtest.Memory, first uint64) facts {
	t.Helper()
	f := facts{Refused: map[event.ID]event.Reason{}, To: first - 1}
	seen := map[event.ID]bool{}
	for e, err := range m.Events(context.Background(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		if seen[e.ID] {
			t.Fatalf("%s %s is in the log twice", e.Kind, e.ID)
		}
		seen[e.ID] = true
		switch b := e.Body.(type) {
		case event.MessageObserved:
			if err := ao.Verify(b.Item); err != nil {
				t.Fatalf("message %s in the log: %v", b.Item.ID, err)
			}
			f.Messages = append(f.Messages, b.Item.ID)
		case event.AssignmentObserved:
			f.Assignments = append(f.Assignments, b.Nonce)
		case event.ItemRefused:
			f.Refused[b.Item] = b.Reason
		case event.WindowClosed:
			if b.From != f.To+1 || b.To < b.From {
				t.Fatalf("window %d..%d follows %d", b.From, b.To, f.To)
			}
			if b.Time != blockTime(b.To) && first < 1_000_000 { // devnet has times of its own
				t.Fatalf("window to %d has time %d, want %d", b.To, b.Time, blockTime(b.To))
			}
			f.To = b.To
		}
	}
	slices.SortFunc(f.Messages, func(a, b event.ID) int { return slices.Compare(a[:], b[:]) })
	slices.Sort(f.Assignments)
	return f
}

func ids(items ...event.Item) []event.ID {
	var out []event.ID
	for _, it := range items {
		out = append(out, it.ID)
	}
	slices.SortFunc(out, func(a, b event.ID) int { return slices.Compare(a[:], b[:]) })
	return out
}

// pass runs one pass that must succeed.
func pass(t testing.TB, x *Indexer) Progress {
	t.Helper()
	p, err := x.Pass(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}
