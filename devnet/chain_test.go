package devnet_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/devnet"
	"github.com/aobench/aobench/devnet/devnettest"
	"github.com/aobench/aobench/event"
)

var rich = map[string]event.Amount{"funder": event.NewAmount(1000)}

func tag(name, value string) event.Tag { return event.Tag{Name: name, Value: value} }

func transfer(n *devnet.Net, to fmt.Stringer, quantity string, more ...event.Tag) ao.Draft {
	return ao.Draft{Target: n.Token(), Tags: append([]event.Tag{
		tag("Action", "Transfer"), tag("Recipient", to.String()), tag("Quantity", quantity),
	}, more...)}
}

func send(t *testing.T, n *devnet.Net, key, wallet string, d ao.Draft) event.Item {
	t.Helper()
	it, err := n.Send(key, wallet, d)
	if err != nil {
		t.Fatal(err)
	}
	return it
}

func address(t *testing.T, n *devnet.Net, wallet string) event.Address {
	t.Helper()
	w, err := n.Wallet(wallet)
	if err != nil {
		t.Fatal(err)
	}
	return w.Address()
}

// listed returns all items of a query, verified.
func listed(t *testing.T, g *ao.Gateway, q ao.Query) []event.Item {
	t.Helper()
	nodes, err := g.All(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	var out []event.Item
	for _, node := range nodes {
		it, err := g.Item(t.Context(), node)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, it)
	}
	return out
}

func actions(items []event.Item) map[string]event.Item {
	out := map[string]event.Item{}
	for _, it := range items {
		out[it.Tag("Action")] = it
	}
	return out
}

func TestTransfer(t *testing.T) {
	n := devnettest.Open(t, devnet.Options{Balances: map[string]event.Amount{"rich": event.NewAmount(5), "authority": event.NewAmount(1000)}})
	g, _ := devnettest.Gateway(t, n)
	// The authority's own wallet pays: it has a 32-byte address, so that a Debit-Notice can reach it.
	funder := n.Authority()
	it := send(t, n, "pay", "authority", transfer(n, n.Pool(), "600", tag("X-Dataset", "d"), tag("x-lower", "no"), tag("X-Dataset", "last")))
	if err := n.Mine(1); err != nil {
		t.Fatal(err)
	}
	if got := []string{n.Balance(funder).String(), n.Balance(n.Pool().Address()).String()}; !cmp.Equal(got, []string{"400", "600"}) {
		t.Error("balances", got)
	}
	credit := actions(listed(t, g, ao.Query{Recipients: []event.ID{n.Pool()}}))["Credit-Notice"]
	want := []event.Tag{
		tag("Variant", "ao.TN.1"), tag("Reference", "2"), tag("Action", "Credit-Notice"), tag("Sender", funder.String()),
		tag("Quantity", "600"), tag("X-Dataset", "last"), tag("Data-Protocol", "ao"), tag("Type", "Message"),
		tag("From-Process", n.Token().String()), tag("From-Module", devnet.TokenModule.String()), tag("Pushed-For", it.ID.String()),
	}
	if d := cmp.Diff(want, credit.Tags); d != "" {
		t.Error("credit notice", d)
	}
	anchor, err := ao.Anchor(credit)
	if err != nil || string(anchor) != "00000000000000000000000000000002" || credit.Owner != n.Authority() {
		t.Errorf("anchor %q, owner %s, %v", anchor, credit.Owner, err)
	}
	id, _ := funder.ID()
	debit := actions(listed(t, g, ao.Query{Recipients: []event.ID{id}}))["Debit-Notice"]
	if debit.Tag("Recipient") != n.Pool().String() || debit.Tag("X-Dataset") != "last" || debit.Tag("Reference") != "1" {
		t.Error("debit notice", debit.Tags)
	}
	for _, a := range assignments(t, g, n, n.Pool()) {
		if a.Message == debit.ID {
			t.Error("a message to a wallet has an assignment")
		}
	}
}

func TestTransferRefused(t *testing.T) {
	n := devnettest.Open(t, devnet.Options{Balances: map[string]event.Amount{"authority": event.NewAmount(1000)}})
	g, _ := devnettest.Gateway(t, n)
	id, _ := n.Authority().ID()
	over := send(t, n, "over", "authority", transfer(n, n.Pool(), "1001"))
	got := listed(t, g, ao.Query{Recipients: []event.ID{id}})
	if len(got) != 1 || got[0].Tag("Action") != "Transfer-Error" || got[0].Tag("Message-Id") != over.ID.String() {
		t.Errorf("over the balance: %v", got)
	}
	for key, d := range map[string]ao.Draft{
		"zero": transfer(n, n.Pool(), "0"), "negative": transfer(n, n.Pool(), "-1"), "text": transfer(n, n.Pool(), "x"),
		"huge": transfer(n, n.Pool(), strings.Repeat("9", 90)), "nobody": {Target: n.Token(), Tags: []event.Tag{tag("Action", "Transfer"), tag("Quantity", "1")}},
	} {
		send(t, n, key, "authority", d)
	}
	// Tags that fit the transfer but not the notices: the message is lost, the chain goes on.
	send(t, n, "fat", "authority", transfer(n, n.Pool(), "1", tag("X-A", strings.Repeat("a", 2000)), tag("X-B", strings.Repeat("b", 1800))))
	if got := listed(t, g, ao.Query{Recipients: []event.ID{id}}); len(got) != 1 {
		t.Errorf("%d notices, want none after the first", len(got)-1)
	}
	if got := n.Balance(n.Authority()).String(); got != "999" {
		t.Errorf("balance %s, want 999", got)
	}
}

// assignments returns those of a process by nonce.
func assignments(t *testing.T, g *ao.Gateway, n *devnet.Net, process event.ID) map[uint64]event.AssignmentObserved {
	t.Helper()
	out := map[uint64]event.AssignmentObserved{}
	for _, it := range listed(t, g, ao.Query{
		Owners: []event.Address{n.Scheduler()},
		Tags:   []ao.TagFilter{{Name: "Process", Values: []string{process.String()}}, {Name: "Type", Values: []string{"Assignment"}}},
	}) {
		a, err := ao.Assignment(it, event.Block{})
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := out[a.Nonce]; twice {
			t.Fatalf("nonce %d twice", a.Nonce)
		}
		out[a.Nonce] = a
	}
	return out
}

func TestScheduler(t *testing.T) {
	n := devnettest.Open(t, devnet.Options{Balances: rich})
	g, _ := devnettest.Gateway(t, n)
	want := []event.ID{n.Pool()}
	for i := range 5 {
		it := send(t, n, fmt.Sprint("join", i), "trainer", ao.Draft{Target: n.Pool(), Tags: []event.Tag{tag("Action", "Join-Pool")}, Data: []byte("{}")})
		want = append(want, it.ID)
		if i == 2 {
			if err := n.Advance(3 * time.Minute); err != nil {
				t.Fatal(err)
			}
		}
	}
	// A stranger's forged notice gets its nonce: the scheduler does not judge.
	forged := send(t, n, "forge", "stranger", ao.Draft{Target: n.Pool(), Tags: []event.Tag{
		tag("Action", "Credit-Notice"), tag("From-Process", n.Token().String()), tag("Quantity", "1000000"), tag("Sender", address(t, n, "stranger").String()),
	}})
	want = append(want, forged.ID)
	byNonce := assignments(t, g, n, n.Pool())
	if len(byNonce) != len(want) {
		t.Fatalf("%d assignments, want %d", len(byNonce), len(want))
	}
	var chain []byte
	for i, id := range want {
		a := byNonce[uint64(i)]
		if a.Message != id || a.Process != n.Pool() || a.Item.Owner != n.Scheduler() {
			t.Errorf("nonce %d: message %s, want %s", i, a.Message, id)
		}
		chain = ao.HashChain(n.Pool(), byNonce[uint64(i)-1].Item.ID, chain, i == 0)
		if d := cmp.Diff(chain, a.HashChain); d != "" {
			t.Errorf("nonce %d: hash chain: %s", i, d)
		}
		if i > 0 && a.Time <= byNonce[uint64(i)-1].Time {
			t.Errorf("nonce %d: time %s does not follow %s", i, a.Time, byNonce[uint64(i)-1].Time)
		}
		if h := a.Item.Tag("Block-Height"); len(h) != 12 || a.Item.Tag("Epoch") != "0" || a.Item.Tag("Hash-Chain") != base64.RawURLEncoding.EncodeToString(chain) {
			t.Errorf("nonce %d: tags %v", i, a.Item.Tags)
		}
	}
	first := byNonce[0].Item
	if _, ok := first.First("Message"); ok {
		t.Error("the process's own assignment names a message")
	}
	if got, start := byNonce[5].Time, byNonce[0].Time; got < start+event.Millis((3*time.Minute).Milliseconds()) {
		t.Errorf("time %s does not follow the clock from %s", got, start)
	}
}

func TestForgedSenderIsNotBelieved(t *testing.T) {
	n := devnettest.Open(t, devnet.Options{Balances: rich})
	victim := address(t, n, "funder")
	send(t, n, "steal", "stranger", transfer(n, address(t, n, "stranger"), "10", tag("From-Process", victim.String())))
	if got := n.Balance(victim).String(); got != "1000" {
		t.Errorf("the token believed a stranger: balance %s", got)
	}
}

func TestSendFrom(t *testing.T) {
	n := devnettest.Open(t, devnet.Options{Balances: rich})
	aos, err := n.Spawn("aos", devnet.Process{Owner: "user", Name: "user's"})
	if err != nil {
		t.Fatal(err)
	}
	send(t, n, "fund", "funder", transfer(n, aos, "100"))
	it, err := n.SendFrom("join", aos, "user", ao.Draft{Target: n.Pool(), Tags: []event.Tag{tag("Action", "Join-Pool"), tag("From-Process", "forged")}, Data: []byte(`{"a":"'"}`)})
	if err != nil {
		t.Fatal(err)
	}
	if it.Owner != n.Authority() || it.Tag("From-Process") != aos.String() || it.Tag("From-Module") != devnet.AosModule.String() || string(it.Data) != `{"a":"'"}` {
		t.Errorf("sent %v %s", it.Tags, it.Data)
	}
	again, err := n.SendFrom("join", aos, "user", ao.Draft{})
	if err != nil || again.ID != it.ID {
		t.Errorf("the same step again: %s, %v, want %s", again.ID, err, it.ID)
	}
	if _, err := n.SendFrom("theft", aos, "stranger", transfer(n, n.Pool(), "7")); err == nil {
		t.Error("a process obeyed a stranger")
	}
	if _, err := n.SendFrom("pay", aos, "user", transfer(n, n.Pool(), "7")); err != nil {
		t.Error(err)
	}
	if got := n.Balance(aos.Address()).String() + " " + n.Balance(n.Pool().Address()).String(); got != "93 7" {
		t.Errorf("balances of process and pool: %s, want 93 7", got)
	}
}
