package e2e

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aobench/aobench/devnet"
	"github.com/aobench/aobench/devnet/devnettest"
	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/eventlog"
)

// TestKill kills serve at random moments while messages keep coming in and days keep passing on a devnet. What it had said
// to be in its log is there after a kill, under the same root, and in the end the log has every message once, and boards,
// pots and refusals are what was sent.
func TestKill(t *testing.T) {
	kills := 5
	if s := os.Getenv("AOBENCH_KILLS"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("AOBENCH_KILLS: %v", err)
		}
		kills = n
	}
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 1))

	n := devnettest.Open(t, devnet.Options{BlockInterval: time.Hour, Balances: map[string]event.Amount{"funder": event.NewAmount(1 << 40)}})
	_, url := devnettest.Gateway(t, n)
	crowd := newCrowd(t, n)
	ctx, cancel := context.WithCancel(t.Context())
	sent := make(chan error, 1)
	go func() { sent <- crowd.send(ctx); close(sent) }()
	defer func() { cancel(); <-sent }()
	data := t.TempDir()
	config := fmt.Sprintf(`
data: %s
index: {process: %s, first_height: %d, graphql: %s/graphql, node: %s, depth: 1, poll: 50ms, overlap: 5, window: 4}
terms: {tokens: ["%s wAR 12"], authorities: [%s], schedulers: [%s], scores: chain, duration: 87600h, max_joins_each: 0}
`, data, n.Pool(), devnet.DefaultStartHeight, url, url, n.Token(), n.Authority(), n.Scheduler())

	told := map[uint64]status{} // what serve said of its log before it was killed, by seq
	for i := range kills {
		p, s := serve(t, config)
		for deadline := time.Now().Add(time.Duration(rng.IntN(1500)) * time.Millisecond); time.Now().Before(deadline); {
			if st, err := s.status(t.Context()); err == nil && st.Seq > 0 {
				told[st.Seq] = st
			}
		}
		p.kill()
		if i%2 == 0 { // else serve is the first to open what the kill left behind
			checkLog(t, data, told)
		}
	}
	cancel()
	if err := errors.Join(<-sent, n.Mine(2)); err != nil {
		t.Fatal(err)
	}

	p, s := serve(t, config)
	p.until(t, time.Minute, "the whole chain", func() (bool, error) {
		st, err := s.status(t.Context())
		return err == nil && st.Window.To >= n.Height()-1 && st.Seq == st.Head && st.Pending == 0, err
	})
	st, err := s.status(t.Context())
	if err != nil || st.Order != "nonce" || len(st.Gaps) > 0 || len(st.Faults) > 0 {
		t.Errorf("status %+v, %v", st, err)
	}
	got := s.want(t)
	for id, pool := range got.Pools { // what would be paid if the period ended now is not what this is about
		pool.Kind, pool.Payouts = "", nil
		got.Pools[id] = pool
	}
	if diff := cmp.Diff(crowd.want, got); diff != "" {
		t.Errorf("(-sent +served):\n%s", diff)
	}
	p.stop(t)
	head := checkLog(t, data, told)
	replay := start(t, nil, binary(t), "replay", data)
	replay.wait(t, time.Minute)
	t.Logf("%d kills, %d steps, %d events, %d roots checked\n%s", kills, crowd.n.Load(), head, len(told), &replay.stdout)
	if len(told) < 2 {
		t.Errorf("too little happened to prove anything: %d roots in %d lives", len(told), kills)
	}
}

// checkLog opens the log that a kill left behind, verifies all of it (seqs without gaps, ids once, every event in the
// tree), and compares its roots with what was told. It returns the head.
func checkLog(t *testing.T, dir string, told map[uint64]status) event.Seq {
	t.Helper()
	log, err := eventlog.Open(eventlog.Options{Dir: dir})
	if err != nil {
		t.Fatalf("open after a kill: %v", err)
	}
	defer log.Close()
	if err := log.Verify(t.Context(), func(event.Seq, event.Seq) {}); err != nil {
		t.Fatalf("after a kill: %v", err)
	}
	for _, st := range told {
		if event.Seq(st.Head) > log.Head() {
			t.Fatalf("head %d was acknowledged, the log ends at %d", st.Head, log.Head())
		}
		if root, err := log.Root(event.Seq(st.Seq)); err != nil || root.String() != st.Root {
			t.Fatalf("root at seq %d is %s, told was %s (%v)", st.Seq, root, st.Root, err)
		}
	}
	return log.Head()
}
