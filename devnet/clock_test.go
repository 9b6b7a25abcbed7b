package devnet_test

import (
	"errors"
	"testing"
	"time"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/devnet"
	"github.com/aobench/aobench/devnet/devnettest"
	"github.com/aobench/aobench/event"
)

func TestPostTwice(t *testing.T) {
	n := devnettest.Open(t, devnet.Options{})
	it := send(t, n, "a", "user", ao.Draft{Target: n.Pool()})
	if err := n.Post(it); !errors.Is(err, devnet.ErrExists) {
		t.Errorf("got %v, want ErrExists", err)
	}
	it.Data = []byte("changed")
	var refusal *ao.Refusal
	if err := n.Post(it); !errors.As(err, &refusal) {
		t.Errorf("a changed item: got %v, want a refusal", err)
	}
	w, err := n.Wallet("user")
	if err != nil {
		t.Fatal(err)
	}
	plain, err := w.Sign(ao.Draft{Data: []byte("model")})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Post(plain); !errors.As(err, &refusal) {
		t.Errorf("no AO message: got %v, want a refusal", err)
	}
}

func TestClock(t *testing.T) {
	n := devnettest.Open(t, devnet.Options{Start: 1_700_000_000_000, StartHeight: 100, BlockInterval: time.Minute})
	g, _ := devnettest.Gateway(t, n)
	at := func(wantHeight uint64, wantTime event.Millis) {
		t.Helper()
		if h, now := n.Height(), n.Now(); h != wantHeight || now != wantTime {
			t.Errorf("height %d at %d, want %d at %d", h, now, wantHeight, wantTime)
		}
	}
	at(100, 1_700_000_000_000)
	for _, step := range []func() error{
		func() error { return n.Advance(59 * time.Second) },
		func() error { return n.Advance(time.Second) },
		func() error { return n.Advance(90 * time.Second) },
		func() error { return n.Mine(2) },
		func() error { return n.AdvanceTo(1_700_000_000_000) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	at(104, 1_700_000_240_000)
	for name, err := range map[string]error{
		"back": n.Advance(-time.Second), "too far": n.Advance(24 * time.Hour * 365 * 20), "no blocks": n.Mine(0),
	} {
		if err == nil {
			t.Error("accepted:", name)
		}
	}
	at(104, 1_700_000_240_000)
	b, err := g.Block(t.Context(), 103)
	if err != nil || b.Time != 1_700_000_180_000 || len(b.ID) != 64 {
		t.Errorf("block 103: %v, %v", b, err)
	}
	if tip, err := g.Tip(t.Context()); err != nil || tip != 104 {
		t.Errorf("tip %d, %v", tip, err)
	}
}
