package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/projections"
)

var quiet = Options{Log: slog.New(slog.DiscardHandler)}

// Before there is a state nothing is answered but the questions of a supervisor.
func TestBeforeTheFirstState(t *testing.T) {
	w := newWorld(t)
	s := New(w, quiet)
	for target, want := range map[string]int{
		"/livez": 200, "/readyz": 503, "/": 503, "/v1/pools": 503, "/v1/status": 503, "/v1/pools?at=seq:1": 503, "/v1/openapi.json": 200,
	} {
		if got := ask(s, "GET", target); got.status != want {
			t.Errorf("%s: %d, want %d: %s", target, got.status, want, got.body)
		}
	}
	if got := ask(s.Admin(), "GET", "/metrics"); got.status != http.StatusOK || strings.Contains(got.body, "aobench_seq") {
		t.Errorf("metrics: %d, figures of no state", got.status)
	}
	w.show()
	if got := ask(s, "GET", "/v1/pools"); got.status != http.StatusOK || !strings.Contains(got.body, `"pools":[]`) {
		t.Errorf("with a state: %d %s", got.status, got.body)
	}
}

func TestReady(t *testing.T) {
	w := story(t)
	s := New(w, quiet)
	for _, h := range []http.Handler{s, s.Admin()} {
		w.status.NotReady = nil
		if got := ask(h, "GET", "/readyz"); got.status != http.StatusOK || got.body != "ok\n" {
			t.Errorf("%d %s", got.status, got.body)
		}
		w.status.NotReady = []string{"no gateway answers", "the disk is full"}
		got := ask(h, "GET", "/readyz")
		if got.status != http.StatusServiceUnavailable || got.body != "not ready: no gateway answers; the disk is full\n" || got.header.Get("Cache-Control") != cacheNever {
			t.Errorf("%d %s", got.status, got.body)
		}
		if got := ask(h, "GET", "/livez"); got.status != http.StatusOK {
			t.Errorf("livez %d although it lives", got.status)
		}
	}
}

func TestMetrics(t *testing.T) {
	w := story(t)
	s := New(w, quiet)
	w.status = Status{Tip: 2000, Due: 3, Running: 1, ReadOnly: true, NotReady: []string{"x"}}
	board := "/v1/pools/" + id("pool").String() + "/leaderboard"
	ask(s, "GET", board)
	ask(s, "GET", board)
	for i := range 50 { // a stranger must not be able to make a series a request
		ask(s, "GET", "/nothing/"+strings.Repeat("x", i))
		ask(s, "GET", "/v1/pools/"+id(strings.Repeat("x", i)).String())
	}
	got := ask(s.Admin(), "GET", "/metrics").body
	for _, line := range []string{
		"aobench_head 121", "aobench_seq 121", "aobench_window_height 1032", "aobench_lag_blocks 968", "aobench_nonce_gaps 0",
		"aobench_messages_pending 0", "aobench_refused_items 1", "aobench_faults 0", "aobench_pools 1", "aobench_runs_due 3",
		"aobench_runs_running 1", "aobench_ready 0", "aobench_read_only 1",
		`aobench_http_requests_total{route="/v1/pools/{pool}/leaderboard",status="2xx"} 1`,
		`aobench_http_requests_total{route="kept",status="2xx"} 1`,
		`aobench_http_requests_total{route="/v1/pools/{pool}",status="4xx"} 50`,
		"aobench_http_render_seconds_count 101",
	} {
		if !strings.Contains(got, line+"\n") {
			t.Errorf("no %s", line)
		}
	}
	if n := strings.Count(got, "aobench_http_requests_total{"); n != 4 {
		t.Errorf("%d series of requests, want 4", n)
	}
}

func TestAdminProfiles(t *testing.T) {
	h := New(newWorld(t), quiet).Admin()
	for _, target := range []string{"/debug/pprof/", "/debug/pprof/cmdline", "/debug/pprof/goroutine?debug=1", "/debug/pprof/symbol"} {
		if got := ask(h, "GET", target); got.status != http.StatusOK {
			t.Errorf("%s: %d", target, got.status)
		}
	}
}

// A troubled source fails, hangs or panics.
type troubled struct {
	*world
	trouble func(context.Context) error
}

func (s troubled) AsOf(ctx context.Context, _ event.Seq) (*projections.State, error) {
	return nil, s.trouble(ctx)
}

func (s troubled) Events(ctx context.Context, _ event.Seq) iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) { yield(event.Event{}, s.trouble(ctx)) }
}

func TestTroubleIsNotTold(t *testing.T) {
	secret := errors.New("open secret/path: disk on fire")
	for name, c := range map[string]struct {
		trouble func(context.Context) error
		status  int
		sort    string
	}{
		"fails":  {func(context.Context) error { return secret }, 500, "/problems/internal"},
		"panics": {func(context.Context) error { panic(secret) }, 500, "/problems/internal"},
		"hangs":  {func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, 503, "/problems/busy"},
	} {
		t.Run(name, func(t *testing.T) {
			var log strings.Builder
			s := New(troubled{story(t), c.trouble}, Options{Timeout: 20 * time.Millisecond, Log: slog.New(slog.NewTextHandler(&log, nil))})
			for _, target := range []string{"/v1/pools?at=seq:9", "/v1/events", "/v1/pools?at=height:1001", "/v1/pools?at=time:2026-03-02T00:00:00Z", "/?at=seq:9"} {
				got := ask(s, "GET", target)
				var p Problem
				if err := json.Unmarshal([]byte(got.body), &p); err != nil || got.status != c.status || p.Type != c.sort || p.Status != c.status || p.Hint == "" {
					t.Errorf("%s: %d %s", target, got.status, got.body)
				}
				if strings.Contains(got.body, "secret") || got.header.Get("Cache-Control") != cacheNever {
					t.Errorf("%s: tells a stranger too much, or may be kept: %s", target, got.body)
				}
				if got := ask(s, "GET", target, "Accept", browser); strings.Contains(got.body, "secret") || got.status != c.status {
					t.Errorf("%s: page %d %s", target, got.status, got.body)
				}
			}
			if c.status == 500 && !strings.Contains(log.String(), "disk on fire") {
				t.Errorf("the operator's log does not say why: %s", log.String())
			}
			if got := ask(s, "GET", "/v1/pools"); got.status != http.StatusOK {
				t.Errorf("what does not need it is not answered: %d", got.status)
			}
		})
	}
}

// At most maxFolds states of the past are made at a time; who waits too long is told.
func TestFoldsAreFew(t *testing.T) {
	begun, release := make(chan struct{}, 9), make(chan struct{})
	s := New(troubled{story(t), func(context.Context) error { begun <- struct{}{}; <-release; return ErrNotFound }}, Options{Timeout: 50 * time.Millisecond, Log: quiet.Log})
	done := make(chan reply, maxFolds)
	for i := range maxFolds {
		go func() { done <- ask(s, "GET", atSeq("/v1/pools", event.Seq(i+1))) }()
	}
	for range maxFolds {
		<-begun
	}
	if got := ask(s, "GET", "/v1/pools?at=seq:9"); got.status != http.StatusServiceUnavailable || len(begun) > 0 {
		t.Errorf("one too many: %d, %d begun", got.status, len(begun))
	}
	close(release)
	for range maxFolds {
		<-done
	}
	if got := ask(s, "GET", "/v1/pools?at=seq:9"); got.status != http.StatusNotFound {
		t.Errorf("afterwards: %d", got.status)
	}
}

func TestPageOfEventsEndsByBytes(t *testing.T) {
	w := story(t)
	data := strings.Repeat("x", 32000)
	for range 150 {
		w.send(who("ann"), data, tag("Action", "Nothing"))
	}
	w.show()
	s := New(w, quiet)
	after, pages, seen := event.Seq(0), 0, event.Seq(0)
	for {
		got := ask(s, "GET", "/v1/events?limit=1000&after="+fmt.Sprint(after))
		var b struct {
			Events []struct{ Seq event.Seq }
			Next   *event.Seq
		}
		if err := json.Unmarshal([]byte(got.body), &b); err != nil {
			t.Fatal(err)
		}
		for _, e := range b.Events {
			seen++
			if e.Seq != seen {
				t.Fatalf("event %d where %d is next", e.Seq, seen)
			}
		}
		if pages++; b.Next == nil {
			break
		}
		after = *b.Next
	}
	if pages < 2 || seen != w.Live().Seq {
		t.Errorf("%d events on %d pages", seen, pages)
	}
	var b struct {
		Events []struct {
			CBOR []byte
			Body any
		}
	}
	if err := json.Unmarshal([]byte(ask(s, "GET", "/v1/events?limit=1&after=4&format=cbor").body), &b); err != nil {
		t.Fatal(err)
	}
	if e, err := event.DecodeCanonical(b.Events[0].CBOR); err != nil || e.Seq != 5 || b.Events[0].Body != nil {
		t.Errorf("canonical bytes: %v %v", e, err)
	}
}

func TestServe(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	begun, release := make(chan struct{}), make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			close(begun)
			<-release
		}
		w.Write([]byte("whole"))
	})
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- Serve(ctx, ln, h) }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	big, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+ln.Addr().String(), nil)
	if err != nil {
		t.Fatal(err)
	}
	big.Header.Set("X-Big", strings.Repeat("x", 64<<10))
	res, err := client.Do(big)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("headers without end: %d", res.StatusCode)
	}
	slow := make(chan string, 1)
	go func() {
		res, err := client.Get("http://" + ln.Addr().String() + "/slow")
		if err != nil {
			slow <- err.Error()
			return
		}
		defer res.Body.Close()
		b := make([]byte, 9)
		n, _ := res.Body.Read(b)
		slow <- string(b[:n])
	}()
	<-begun
	cancel()
	for { // the listener closes before the request under way ends
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			break
		}
		c.Close()
	}
	close(release)
	if got := <-slow; got != "whole" {
		t.Errorf("the request under way got %q", got)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	if err := Serve(t.Context(), ln, h); err == nil {
		t.Error("a closed listener is served")
	}
}

// Whatever is asked, the answer is one that we meant to give.
func FuzzRequest(f *testing.F) {
	w := story(f)
	s := New(w, quiet)
	pool := id("pool").String()
	for _, target := range []string{
		"/", "/v1/pools?at=seq:9", "/v1/pools/" + pool + "/leaderboard?at=day:2026-03-02&board=live", "/v1/pools/" + pool + "/history?at=time:2026-03-02T00:00:00Z",
		"/v1/pools/" + pool + "/rewards?at=height:1001", "/v1/events?after=3&limit=7&format=cbor", "/v1/participants/" + who("ann").String(), "/pools/" + pool + "/chart.svg?kind=rank",
		"/v1/pools/" + pool + "/periods/4294967296", "/static/x/../y", "/v1/batches?after=9223372036854775808", "/?at=seq:%00", "//", "/%2f", "/v1/runs/" + pool,
	} {
		f.Add(target, "text/html", `"x", W/"y"`)
	}
	f.Fuzz(func(t *testing.T, target, accept, match string) {
		u, err := url.ParseRequestURI(target)
		if err != nil || !strings.HasPrefix(target, "/") {
			t.Skip()
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.URL, r.RequestURI = u, target
		r.Header.Set("Accept", accept)
		r.Header.Set("If-None-Match", match)
		rec := httptest.NewRecorder()
		s.ServeHTTP(rec, r)
		switch rec.Code {
		case 200, 304, 307, 404, 422:
		default:
			t.Errorf("%q: %d %s", target, rec.Code, rec.Body)
		}
		if rec.Code >= 400 && rec.Header().Get("Cache-Control") != cacheNever {
			t.Errorf("%q: %d may be kept", target, rec.Code)
		}
		if to := rec.Header().Get("Location"); to != "" && (!strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//")) {
			t.Errorf("%q leads away to %q", target, to)
		}
	})
}
