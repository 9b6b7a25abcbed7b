package e2e

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// site is a service to ask over HTTP.
type site string

// status is what /v1/status says of it.
type status struct {
	Seq    uint64 `json:"seq"`
	Head   uint64 `json:"head"`
	Order  string `json:"order"`
	Root   string `json:"root"`
	Window struct {
		To uint64 `json:"to"`
	} `json:"window"`
	Gaps     []uint64 `json:"gaps"`
	Pending  int      `json:"pending"`
	Faults   []any    `json:"faults"`
	NotReady []string `json:"not_ready"`
	Error    string   `json:"last_error"`
}

func (s site) status(ctx context.Context) (st status, err error) {
	return st, get(ctx, string(s)+"/v1/status", &st)
}

// want returns what the service says about pools, boards and payouts, in the words of a set.
func (s site) want(t *testing.T) want {
	t.Helper()
	read := func(v any, format string, args ...any) {
		t.Helper()
		if err := get(t.Context(), string(s)+fmt.Sprintf(format, args...), v); err != nil {
			t.Fatal(err)
		}
	}
	out := want{Pools: map[string]wantPool{}}
	var pools struct {
		Pools []struct {
			Pool    string `json:"pool"`
			Periods int    `json:"periods"`
		} `json:"pools"`
	}
	read(&pools, "/v1/pools")
	for _, p := range pools.Pools {
		var period struct {
			Paid []struct {
				From   string `json:"from"`
				Amount string `json:"amount"`
			} `json:"paid"`
		}
		read(&period, "/v1/pools/%s/periods/%d", p.Pool, p.Periods)
		var board struct {
			Pot  struct{ Amount string } `json:"pot"`
			Rows []struct {
				Model string `json:"model"`
				wantModel
			} `json:"rows"`
		}
		read(&board, "/v1/pools/%s/leaderboard", p.Pool)
		w := wantPool{Pot: board.Pot.Amount, Funder: period.Paid[0].From, Models: map[string]wantModel{}}
		for _, r := range board.Rows {
			w.Models[r.Model] = r.wantModel
		}
		var money struct {
			Kind    string `json:"kind"`
			Payouts []struct {
				To     string `json:"to"`
				Amount string `json:"amount"`
			} `json:"payouts"`
		}
		read(&money, "/v1/pools/%s/rewards", p.Pool)
		w.Kind = money.Kind
		for _, one := range money.Payouts {
			w.Payouts = add(w.Payouts, one.To, one.Amount)
		}
		out.Pools[p.Pool] = w
	}
	var refused struct {
		Refused []struct{ ID, Reason string }      `json:"refused"`
		Owed    []struct{ Message, Reason string } `json:"owed"`
	}
	read(&refused, "/v1/refused?limit=1000")
	for _, r := range refused.Refused {
		out.Refused = add(out.Refused, r.ID, r.Reason)
	}
	for _, o := range refused.Owed {
		out.Owed = add(out.Owed, o.Message, o.Reason)
	}
	return out
}

// freeAddr returns an address on loopback that was free a moment ago.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// serve runs `aobench serve` with a configuration file and waits until it answers.
func serve(t *testing.T, config string) (*program, site) {
	t.Helper()
	addr := freeAddr(t)
	file := filepath.Join(t.TempDir(), "aobench.yaml")
	config = fmt.Sprintf("listen: %s\nadmin: 127.0.0.1:0\nlog-level: warn\n", addr) + strings.TrimLeft(config, "\n")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	p := start(t, nil, binary(t), "serve", "--config", file)
	s := site("http://" + addr)
	p.until(t, 30*time.Second, "answer from "+addr, func() (bool, error) {
		_, err := s.status(t.Context())
		return err == nil, err
	})
	return p, s
}
