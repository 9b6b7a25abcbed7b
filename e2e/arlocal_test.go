//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aobench/aobench/event"
)

// TestArlocal indexes items that arbundles signed from an arlocal, through `aobench serve`, and asks over HTTP what became
// of them. The fresh set's period is over: it is closed and divided. That of the lifecycle file, which is much older than
// the blocks of an arlocal that began today, is made long enough to be open.
func TestArlocal(t *testing.T) {
	t.Run("fresh", func(t *testing.T) {
		p := start(t, nil, "node", nodeScript(t, "sign.mjs")...)
		p.wait(t, 2*time.Minute)
		indexed(t, decodeSet(t, bytes.NewReader(p.stdout.Bytes())))
	})
	t.Run("lifecycle", func(t *testing.T) {
		s := loadLifecycle(t)
		for id, p := range s.Want.Pools {
			p.Payouts, p.Kind = s.divide(t, id), "projected"
			s.Want.Pools[id] = p
		}
		s.Hours = 100 * 365 * 24
		indexed(t, s)
	})
}

const (
	depth = 3 // of confirmation
	bury  = 5 // blocks on top of what is loaded
)

func indexed(t *testing.T, s *set) {
	url := arlocal(t)
	height := s.load(t, url)
	p, site := serve(t, s.config(t, url))
	p.until(t, time.Minute, "rewards at the loaded height", func() (bool, error) {
		st, err := site.status(t.Context())
		if err != nil || st.Window.To < height-depth || st.Seq != st.Head {
			return false, err
		}
		for id, want := range s.Want.Pools {
			var money struct {
				Kind    string
				Waiting []string
			}
			err := get(t.Context(), string(site)+"/v1/pools/"+id+"/rewards", &money)
			if err != nil || money.Kind != want.Kind {
				return false, fmt.Errorf("pool %s: rewards are %q, waiting for %q (%v)", id, money.Kind, money.Waiting, err)
			}
		}
		return true, nil
	})
	if diff := cmp.Diff(s.Want, site.want(t)); diff != "" {
		t.Errorf("(-sent +served):\n%s", diff)
	}
	st, err := site.status(t.Context())
	if err != nil || st.Order != "nonce" || len(st.Gaps) > 0 || len(st.Faults) > 0 || st.Error != "" || len(st.NotReady) > 0 {
		t.Errorf("status %+v, %v", st, err)
	}
	p.stop(t)
}

func nodeScript(t *testing.T, name string, args ...string) []string {
	t.Helper()
	if os.Getenv("AOBENCH_NODE_MODULES") == "" {
		t.Fatal("AOBENCH_NODE_MODULES is not set: run e2e/run, which installs what this test needs")
	}
	return append([]string{name}, args...)
}

// arlocal starts an empty Arweave node and returns its URL.
func arlocal(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if fast, err := os.MkdirTemp("/dev/shm", "aobench-e2e-"); err == nil { // its SQLite syncs at every row
		dir = fast
		t.Cleanup(func() { os.RemoveAll(fast) })
	}
	addr := freeAddr(t)
	main := filepath.Join(os.Getenv("AOBENCH_NODE_MODULES"), "arlocal/bin/index.js")
	// It joins --dbpath to the folder it runs in.
	p := startIn(t, dir, nil, "node", nodeScript(t, main, addr[len("127.0.0.1:"):], "--hidelogs", "--dbpath", "db")...)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("arlocal:\n%s", &p.stderr)
		}
	})
	url := "http://" + addr
	p.until(t, time.Minute, "answer from arlocal", func() (bool, error) {
		var info struct{ Network string }
		err := get(t.Context(), url+"/info", &info)
		return info.Network != "", err
	})
	return url
}

// load posts the items and returns the height of the chain.
func (s *set) load(t *testing.T, url string) uint64 {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	p := start(t, bytes.NewReader(b), "node", nodeScript(t, "load.mjs", url, fmt.Sprint(bury))...)
	p.wait(t, 3*time.Minute)
	var loaded struct {
		Items  int
		Height uint64
	}
	if err := json.Unmarshal(p.stdout.Bytes(), &loaded); err != nil || loaded.Items != len(s.Items) || loaded.Height < bury {
		t.Fatalf("load: %v: %s%s", err, &p.stdout, &p.stderr)
	}
	return loaded.Height
}

// config is what an operator would write for the set; see also terms.
func (s *set) config(t *testing.T, url string) string {
	return fmt.Sprintf(`
data: %s
index: {process: %s, graphql: %s/graphql, node: %s, depth: %d, poll: 1s}
terms:
  tokens: [%s wAR 12]
  authorities: [%s]
  schedulers: [%s]
  scores: chain
  duration: %dh
  challenge: 0s
schedule: {on: %t}
`, filepath.Join(t.TempDir(), "data"), s.Pool, url, url, depth, s.Token, s.Authority, s.Scheduler, s.Hours, s.Hours < 1000)
}

// divide computes who gets what of a pool's pot, in the plainest way: every score of the lifecycle file is different and
// no model is a copy of another.
func (s *set) divide(t *testing.T, pool string) map[string]string {
	t.Helper()
	w := s.Want.Pools[pool]
	models := slices.SortedFunc(maps.Values(w.Models), func(a, b wantModel) int { return int(b.Correct) - int(a.Correct) })
	models = slices.DeleteFunc(models, func(m wantModel) bool { return m.Correct == 0 })
	for i := range models[1:] {
		if models[i].Correct == models[i+1].Correct {
			t.Fatal("two models have the same score")
		}
	}
	n := int64(min(10, len(models)))
	pot, _ := new(big.Int).SetString(w.Pot, 10)
	rest, shares := new(big.Int).Set(pot), make([]*big.Int, n)
	for i := range shares {
		shares[i] = new(big.Int).Mul(pot, big.NewInt(n-int64(i)))
		shares[i].Div(shares[i], big.NewInt(n*(n+1)/2))
		rest.Sub(rest, shares[i])
	}
	shares[0].Add(shares[0], rest)
	sums := map[string]event.Amount{}
	for i, share := range shares {
		sums[models[i].Participant] = sums[models[i].Participant].Add(event.AmountOf(share))
	}
	out := map[string]string{}
	for who, sum := range sums {
		out[who] = sum.String()
	}
	return out
}
