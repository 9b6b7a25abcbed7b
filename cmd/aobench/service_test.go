package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/devnet"
	"github.com/aobench/aobench/devnet/devnettest"
	"github.com/aobench/aobench/evaluator"
	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/projections"
)

// fakeEngine answers A to everything, and refuses files that do not begin as GGUF does.
type fakeEngine struct{}

func (fakeEngine) Open(_ context.Context, m evaluator.Model) (evaluator.Session, error) {
	if m.Bytes < 4 {
		return nil, &evaluator.Failure{Reason: event.ModelNotLoadable, Err: fmt.Errorf("%d bytes are no model", m.Bytes)}
	}
	return fakeSession{}, nil
}

type fakeSession struct{}

func (fakeSession) Info() evaluator.Info { return evaluator.Info{Engine: "fake"} }
func (fakeSession) Close() error         { return nil }

func (fakeSession) Tokenize(_ context.Context, text string) ([]int32, error) {
	return []int32{int32(text[len(text)-1])}, nil
}

func (fakeSession) Score(_ context.Context, _, _ string, letters []int32) ([]float64, error) {
	out := make([]float64, len(letters))
	for i := range out {
		out[i] = -float64(i + 1)
	}
	return out, nil
}

// openDemo is the demo's devnet and service with a fake engine, serving until the test ends.
func openDemo(t *testing.T) *demo {
	t.Helper()
	n := devnettest.Open(t, devnet.Options{Start: hours(-6), BlockInterval: demoBlock, Balances: map[string]event.Amount{"funder": wAR(1000)}})
	_, url := devnettest.Gateway(t, n)
	d := &demo{net: n, out: io.Discard, logger: slog.New(slog.DiscardHandler), bars: &bars{}}
	var err error
	if d.cast, err = newCast(n); err != nil {
		t.Fatal(err)
	}
	cfg := d.config(&demoCmd{Data: t.TempDir(), Listen: "127.0.0.1:0"}, url)
	if d.s, err = newService(t.Context(), cfg, n.Now, d.logger); err != nil {
		t.Fatal(err)
	}
	d.s.work.engine = fakeEngine{}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.s.run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := d.s.close(); err != nil {
			t.Error(err)
		}
	})
	<-d.s.ready
	return d
}

// TestHostileModels joins with what strangers may join with. Each gets its reason, and the board of everybody else comes.
func TestHostileModels(t *testing.T) {
	d := openDemo(t)
	c := d.cast
	good, err := c.upload("model/good", "alice", ao.Draft{Data: []byte("GGUF, as far as this engine can tell")})
	if err != nil {
		t.Fatal(err)
	}
	short, err := c.upload("model/short", "bob", ao.Draft{Data: []byte("no")})
	if err != nil {
		t.Fatal(err)
	}
	c.models["good"], c.models["short"], c.models["unknown"] = good.ID, short.ID, event.ID{1, 2, 3}
	steps := []func() error{
		c.pay("funder", 10, "ArithmeticDecrease"), c.join("alice", "good"), c.join("bob", "short"), c.join("mallory", "unknown"), c.forge("mallory"),
		func() error {
			return c.send("join/garbage", "mallory", ao.Draft{Target: d.net.Pool(), Tags: []event.Tag{{Name: "Action", Value: "Join-Pool"}}, Data: []byte(`{"dataset": 7`)})
		},
	}
	for _, do := range steps {
		if err := d.net.AdvanceTo(hours(1)); err != nil {
			t.Fatal(err)
		}
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	day := hours(1).Day()
	if err := d.until(ctx, 30, func(_ *projections.State, _ *projections.Period, l *projections.Ledger) bool {
		b := l.Batch(day)
		return b != nil && b.Closed != 0
	}); err != nil {
		t.Fatalf("the board did not come: %v", err)
	}
	s := d.s.live.State()
	got := map[event.ID]string{}
	for _, r := range s.Ledger(c.pool, 1).Batch(day).Board {
		got[r.Model] = r.Reason
		if r.Model == good.ID && r.Rank != 1 {
			t.Errorf("the good model has rank %d", r.Rank)
		}
	}
	if got[short.ID] != string(event.ModelNotLoadable) || got[c.models["unknown"]] == "" {
		t.Errorf("reasons on the board: %v", got)
	}
	reasons := map[event.Reason]bool{}
	for _, r := range s.Refusals() {
		reasons[r.Reason] = true
	}
	if !reasons[event.ForgedSender] || !reasons[event.BadData] {
		t.Errorf("refusals: %v", s.Refusals())
	}
	if len(s.Faults) > 0 {
		t.Errorf("faults: %v", s.Faults)
	}
	for _, path := range []string{"/", "/pools/" + c.pool.String(), "/v1/status", "/v1/refused", "/livez", "/readyz"} {
		resp, err := http.Get(d.s.url + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("%s: %s", path, resp.Status)
		}
	}
}
