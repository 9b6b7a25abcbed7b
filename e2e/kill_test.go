package e2e

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/devnet"
	"github.com/aobench/aobench/devnet/devnettest"
	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/eventlog"
)

// TestKill kills serve at random moments while a devnet gives it work. What it had said to be in its log is there after
// each kill, under the same root, and in the end the log has every message once.
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

	n := devnettest.Open(t, devnet.Options{Balances: map[string]event.Amount{"funder": event.NewAmount(1 << 40)}})
	gateway, url := devnettest.Gateway(t, n)
	load := startLoad(t, n)
	data := t.TempDir()
	config := fmt.Sprintf(`
data: %s
index: {process: %s, first_height: %d, graphql: %s/graphql, node: %s, depth: 1, poll: 50ms, overlap: 5}
terms: {tokens: ["%s wAR 12"], authorities: [%s], schedulers: [%s], duration: 87600h}
`, data, n.Pool(), devnet.DefaultStartHeight, url, url, n.Token(), n.Authority(), n.Scheduler())

	var told []status // what serve said of its log before it was killed
	for i := range kills {
		p, s := serve(t, config)
		for deadline := time.Now().Add(time.Duration(rng.IntN(900)) * time.Millisecond); time.Now().Before(deadline); {
			if st, err := s.status(t.Context()); err == nil && st.Seq > 0 {
				told = append(told, st)
			}
		}
		p.kill()
		ended := time.Now()
		checkLog(t, data, told)
		t.Logf("kill %d: %d answers so far, %d steps; checked in %s", i+1, len(told), load.steps, time.Since(ended))
	}
	steps := load.stop(t, n)

	p, s := serve(t, config)
	p.until(t, time.Minute, "the whole chain", func() (bool, error) {
		st, err := s.status(t.Context())
		return err == nil && st.Window.To >= n.Height()-1 && st.Seq == st.Head && st.Pending == 0, err
	})
	st, err := s.status(t.Context())
	if err != nil || st.Order != "nonce" || len(st.Gaps) > 0 || len(st.Faults) > 0 {
		t.Errorf("status %+v, %v", st, err)
	}
	var board struct {
		Pot  struct{ Amount string }
		Rows []struct{ Model string }
	}
	if err := get(t.Context(), fmt.Sprintf("%s/v1/pools/%s/leaderboard", s, loadPool), &board); err != nil {
		t.Fatal(err)
	}
	if board.Pot.Amount != fmt.Sprint(10*steps) || len(board.Rows) != min(steps, loadModels) {
		t.Errorf("pot %s and %d models after %d payments of 10 and joins", board.Pot.Amount, len(board.Rows), steps)
	}
	p.stop(t)

	l := checkLog(t, data, told)
	nodes, err := gateway.All(t.Context(), ao.Query{Tags: []ao.TagFilter{{Name: "Process", Values: []string{n.Pool().String()}}}})
	if err != nil {
		t.Fatal(err)
	}
	log, err := eventlog.Open(eventlog.Options{Dir: data, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	for _, node := range nodes {
		if _, ok, err := log.Lookup(node.ID); !ok || err != nil {
			t.Errorf("assignment %s is not in the log (%v)", node.ID, err)
		}
	}
	t.Logf("%d kills, %d steps, %d assignments, %d events, %d answers checked", kills, steps, len(nodes), l, len(told))
	if len(nodes) < 2*steps || len(told) < kills {
		t.Errorf("too little happened to prove anything")
	}
}

// checkLog opens the log that a kill left behind, verifies all of it (seqs without gaps, ids once, every event in the
// tree), and compares its roots with what was told. It returns the head.
func checkLog(t *testing.T, dir string, told []status) event.Seq {
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

var loadPool = event.ID{42}

const loadModels = 10 // a participant's cap

// load posts payments and joins, and mines, until it is stopped.
type load struct {
	steps  int
	cancel context.CancelFunc
	done   sync.WaitGroup
}

func startLoad(t *testing.T, n *devnet.Net) *load {
	ctx, cancel := context.WithCancel(context.Background())
	l := &load{cancel: cancel}
	l.done.Go(func() {
		for ctx.Err() == nil {
			if err := l.step(n); err != nil {
				t.Error(err)
				return
			}
		}
	})
	t.Cleanup(func() { cancel(); l.done.Wait() })
	return l
}

// step pays into the pool, joins it, and mines a block.
func (l *load) step(n *devnet.Net) error {
	_, err := n.Send(fmt.Sprintf("pay/%d", l.steps), "funder", ao.Draft{Target: n.Token(), Tags: []event.Tag{
		{Name: "Action", Value: "Transfer"}, {Name: "Recipient", Value: n.Pool().String()}, {Name: "Quantity", Value: "10"},
		{Name: "X-Dataset", Value: loadPool.String()}, {Name: "X-Allocation", Value: "ArithmeticDecrease"},
	}})
	if err != nil {
		return err
	}
	model := event.ID{43, byte(l.steps), byte(l.steps >> 8)}
	_, err = n.Send(fmt.Sprintf("join/%d", l.steps), "trainer", ao.Draft{Target: n.Pool(), Tags: []event.Tag{{Name: "Action", Value: "Join-Pool"}},
		Data: fmt.Appendf(nil, `{"dataset":%q,"model":%q}`, loadPool, model)})
	if err != nil {
		return err
	}
	l.steps++
	return n.Mine(1)
}

// stop ends the load, buries what it posted, and returns how many steps it did.
func (l *load) stop(t *testing.T, n *devnet.Net) int {
	t.Helper()
	l.cancel()
	l.done.Wait()
	if err := n.Mine(3); err != nil {
		t.Fatal(err)
	}
	return l.steps
}
