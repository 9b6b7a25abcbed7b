package indexer

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/eventlog/eventlogtest"
)

// A tailing is a Run under way in a bubble of its own time.
type tailing struct {
	net    *fakeNet
	log    *eventlogtest.Memory
	x      *Indexer
	wake   chan struct{}
	out    bytes.Buffer
	cancel context.CancelFunc
	ended  chan error
}

func startRun(t *testing.T, change func(*Config, *fakeNet)) *tailing {
	r := &tailing{net: &fakeNet{tip: 12}, log: eventlogtest.NewMemory(), wake: make(chan struct{}, 1), ended: make(chan error, 1)}
	cfg := tailOf(t)
	change(&cfg, r.net)
	r.x = New(cfg, r.net.gateway(t), r.log, slog.New(slog.NewTextHandler(&r.out, nil)))
	ctx, cancel := context.WithCancel(t.Context())
	r.cancel = cancel
	go func() { r.ended <- r.x.Run(ctx, r.wake) }()
	synctest.Wait()
	return r
}

func (r *tailing) stop(t *testing.T) {
	t.Helper()
	r.cancel()
	if err := <-r.ended; err != nil {
		t.Errorf("Run ended with %v", err)
	}
}

func (r *tailing) mine() {
	r.net.mu.Lock()
	defer r.net.mu.Unlock()
	r.net.tip++
}

// TestRun: a pass at the start, then by the clock, then by a wake-up.
func TestRun(t *testing.T) {
	walletsOf(t)
	synctest.Test(t, func(t *testing.T) {
		r := startRun(t, func(c *Config, _ *fakeNet) { c.PollEvery = time.Minute })
		for i, step := range []func(){
			func() {},
			func() { time.Sleep(time.Minute) },
			func() { r.wake <- struct{}{} },
		} {
			step()
			synctest.Wait()
			if s := r.x.Status(); s.Next != 13+uint64(i) {
				t.Errorf("step %d: %+v", i, s)
			}
			r.mine()
		}
		r.stop(t)
	})
}

// TestRunRescans: what is listed late by far is found within an hour, though passes in between do not look so far back.
func TestRunRescans(t *testing.T) {
	late := message(t, pool, 1)
	synctest.Test(t, func(t *testing.T) {
		r := startRun(t, func(c *Config, f *fakeNet) {
			f.tip = 600
			f.add(20, late).hidden = true
		})
		r.net.mu.Lock()
		r.net.items[0].hidden = false
		r.net.mu.Unlock()
		time.Sleep(59 * time.Minute)
		if n := len(factsOf(t, r.log, 10).Messages); n != 0 {
			t.Errorf("%d messages after 59 minutes", n)
		}
		time.Sleep(2 * time.Minute)
		if n := len(factsOf(t, r.log, 10).Messages); n != 1 {
			t.Errorf("%d messages after an hour", n)
		}
		r.stop(t)
	})
}

// TestRunBackoff: a gateway that is down is asked less and less, whatever wakes us; when it is back the tail goes on.
func TestRunBackoff(t *testing.T) {
	walletsOf(t)
	synctest.Test(t, func(t *testing.T) {
		var asked atomic.Int32
		var up atomic.Bool
		r := startRun(t, func(c *Config, f *fakeNet) {
			c.PollEvery = time.Second
			f.hook = func(w http.ResponseWriter, _ *http.Request) bool {
				if up.Load() {
					return false
				}
				asked.Add(1)
				w.WriteHeader(http.StatusForbidden) // not one that the gateway's client tries again by itself
				return true
			}
		})
		for range 3600 {
			time.Sleep(time.Second)
			select {
			case r.wake <- struct{}{}:
			default:
			}
		}
		if n := asked.Load(); n > 60 || n < 15 {
			t.Errorf("asked %d times in an hour", n)
		}
		if s := r.x.Status(); !strings.Contains(s.Err, "403") || time.Since(s.ErrAt) > maxWait {
			t.Errorf("status %+v", s)
		}
		up.Store(true)
		time.Sleep(maxWait)
		synctest.Wait()
		if s := r.x.Status(); s.Next != 13 || s.Err != "" {
			t.Errorf("status %+v", s)
		}
		r.stop(t)
		if !strings.Contains(r.out.String(), "pass failed") {
			t.Error("the log says nothing of it")
		}
	})
}

type fullDisk struct{ *eventlogtest.Memory }

func (fullDisk) Append(context.Context, ...event.Body) ([]event.Seq, error) { return nil, errBroken }

// TestRunFatal: an error of the log that its owner calls fatal ends Run.
func TestRunFatal(t *testing.T) {
	f := fakeNet{tip: 12}
	cfg := tailOf(t)
	cfg.Fatal = func(err error) bool { return errors.Is(err, errBroken) }
	x := New(cfg, f.gateway(t), fullDisk{eventlogtest.NewMemory()}, nil)
	if err := x.Run(t.Context(), nil); !errors.Is(err, errBroken) {
		t.Error(err)
	}
}
