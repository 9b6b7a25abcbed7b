package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/projections"
	"github.com/google/go-cmp/cmp"
)

// withPast are the addresses that take at=, with the addresses that the story has.
func withPast() []string {
	pool := "/pools/" + id("pool").String()
	out := []string{"/v1/pools", "/v1/terms", "/v1/participants/" + who("ann").String(), "/v1/participants/" + who("stranger").String()}
	for _, base := range []string{"/v1" + pool, "/v1" + pool + "/periods/1", "/v1" + pool + "/periods/2"} {
		out = append(out, base, base+"/leaderboard", base+"/history", base+"/rewards", base+"/models/"+id("golf").String())
	}
	return out
}

var withPastPages = []string{"/", "/pools/", "/pools/x/history", "/pools/x/chart.svg", "/pools/x/periods/1", "/pools/x/periods/1/history", "/pools/x/periods/1/chart.svg"}

func pageAddresses() []string {
	var out []string
	for _, p := range withPastPages {
		p = strings.Replace(p, "/pools/x", "/pools/"+id("pool").String(), 1)
		if strings.HasSuffix(p, "/pools/") {
			p += id("pool").String()
		}
		out = append(out, p)
	}
	return out
}

func atSeq(path string, seq event.Seq) string { return fmt.Sprintf("%s?at=seq:%d", path, seq) }

// What was answered for a seq stays what it was: when more is recorded, after a restart, and whether the state was the
// newest, kept or folded anew.
func TestAtSeqNeverChanges(t *testing.T) {
	w := story(t)
	s := New(w, Options{})
	head := w.Live().Seq
	before := map[string]reply{}
	remember := func(path string, seq event.Seq) {
		target := atSeq(path, seq)
		got := ask(s, "GET", target)
		if got.status != http.StatusOK && got.status != http.StatusNotFound {
			t.Fatalf("%s: %d %s", target, got.status, got.body)
		}
		before[target] = got
	}
	for _, seq := range []event.Seq{2, 25, 39, 102, 106, 107, 109, head} {
		for _, path := range append(withPast(), pageAddresses()...) {
			remember(path, seq)
		}
	}
	for len(w.log) < int(head)+50 { // the pool goes on: deposits, joins, runs, days
		w.credit(who("funder"), amount(7), "ArithmeticDecrease")
		later := fmt.Sprint("later ", len(w.log))
		w.join(who(later), later)
		w.score(2, later, later, 40)
		w.score(2, "golf", "golf", 92)
		w.score(2, "echo", "echo", 80)
		if w.now.Day() < w.period(2).LastDay() {
			w.midnight(2)
		}
	}
	w.show()
	check := func(name string, s *Site) {
		for target, want := range before {
			got := ask(s, "GET", target)
			delete(got.header, "Aobench-Head")
			delete(want.header, "Aobench-Head")
			if got.status != want.status || got.body != want.body {
				t.Errorf("%s: %s: %s", name, target, cmp.Diff(want.body, got.body))
			}
			if d := cmp.Diff(want.header, got.header); d != "" {
				t.Errorf("%s: %s: headers %s", name, target, d)
			}
		}
	}
	check("50 events later", s)
	check("after a restart", New(w, Options{}))
	encoded, err := w.state.Encode()
	if err != nil {
		t.Fatal(err)
	}
	state, err := projections.DecodeState(encoded)
	if err != nil {
		t.Fatal(err)
	}
	w.live.Store(state.Clone())
	check("from a snapshot", New(w, Options{}))
}

// At every seq every route answers, of that seq, with shares and payouts that add up to the pot.
func TestEverySeqAnswers(t *testing.T) {
	w := story(t)
	s := New(w, Options{})
	for seq := event.Seq(1); seq <= w.Live().Seq; seq++ {
		for _, path := range withPast() {
			got := ask(s, "GET", atSeq(path, seq))
			if got.status == http.StatusNotFound {
				continue
			}
			if got.status != http.StatusOK {
				t.Fatalf("%s: %d %s", atSeq(path, seq), got.status, got.body)
			}
			checkBody(t, atSeq(path, seq), seq, got)
		}
	}
	if n := w.folds.Load(); n > int64(w.Live().Seq) {
		t.Errorf("%d states were folded for %d seqs: those just asked for should be kept", n, w.Live().Seq)
	}
}

func checkBody(t *testing.T, target string, seq event.Seq, got reply) {
	t.Helper()
	if got.header.Get("Cache-Control") != cacheForever || !strings.HasPrefix(got.header.Get("Etag"), `"`) {
		t.Errorf("%s: Cache-Control %q, ETag %s", target, got.header.Get("Cache-Control"), got.header.Get("Etag"))
	}
	var b struct {
		Seq              event.Seq
		Pot              struct{ Amount event.Amount }
		Rows             []struct{ Share *event.Amount }
		Payouts, Refunds []struct {
			Amount event.Amount
			Parts  []struct{ Amount event.Amount }
		}
	}
	if err := json.Unmarshal([]byte(got.body), &b); err != nil {
		t.Fatalf("%s: %v", target, err)
	}
	if b.Seq != seq {
		t.Errorf("%s answers of seq %d", target, b.Seq)
	}
	var shares, paid event.Amount
	ranked := false
	for _, r := range b.Rows {
		if r.Share != nil {
			ranked, shares = true, shares.Add(*r.Share)
		}
	}
	if ranked && !shares.Equal(b.Pot.Amount) {
		t.Errorf("%s: shares are %s of %s", target, shares, b.Pot.Amount)
	}
	for _, p := range append(b.Payouts, b.Refunds...) {
		var parts event.Amount
		for _, one := range p.Parts {
			parts = parts.Add(one.Amount)
		}
		if len(p.Parts) > 0 && !parts.Equal(p.Amount) {
			t.Errorf("%s: parts are %s of %s", target, parts, p.Amount)
		}
		paid = paid.Add(p.Amount)
	}
	if len(b.Payouts)+len(b.Refunds) > 0 && !paid.Equal(b.Pot.Amount) {
		t.Errorf("%s: paid are %s of %s", target, paid, b.Pot.Amount)
	}
}

// Bodies that are asked for while states are swapped are of one state, and never of an older one than was seen before.
func TestReadersWhileStatesAreSwapped(t *testing.T) {
	w := story(t)
	var states []*projections.State
	s := projections.New()
	for i, e := range w.log {
		s = s.Apply(e)
		if i >= 9 && (i%8 == 0 || i == len(w.log)-1) {
			states = append(states, s.Clone())
		}
	}
	site := New(w, Options{})
	target := "/v1/pools/" + id("pool").String() + "/leaderboard"
	want := map[event.Seq]string{}
	for _, one := range states {
		w.live.Store(one)
		want[one.Seq] = ask(New(w, Options{}), "GET", target).body
	}
	w.live.Store(states[0])
	done := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			newest := event.Seq(0)
			for {
				got := ask(site, "GET", target)
				var b Stamp
				if err := json.Unmarshal([]byte(got.body), &struct{ Seq *event.Seq }{&b.Seq}); err != nil {
					t.Error(err)
					return
				}
				if got.body != want[b.Seq] || b.Seq < newest {
					t.Errorf("seq %d after %d: not the body of that seq: %.200s", b.Seq, newest, got.body)
					return
				}
				newest = b.Seq
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for _, one := range states {
		w.live.Store(one)
		ask(site, "GET", target)
	}
	close(done)
	wg.Wait()
	if got := ask(site, "GET", target); got.body != want[event.Seq(len(w.log))] {
		t.Errorf("the newest state is not served in the end: %.200s", got.body)
	}
}

// A shelf that is full or sees many targets stays within its bounds.
func TestShelfIsBounded(t *testing.T) {
	var s shelf
	state := projections.New()
	big := newAnswer("text/plain", cacheForever, make([]byte, maxShelfBytes/16))
	for i := range 40 {
		s.put(state, fmt.Sprint("/big/", i), big)
		if s.bytes > maxShelfBytes {
			t.Fatalf("%d bytes are kept", s.bytes)
		}
	}
	small := newAnswer("text/plain", cacheLive, []byte("x"))
	for i := range 3 * maxShelfKeys {
		s.put(state, fmt.Sprint("/small/", i), small)
		if n := len(s.live) + len(s.past); n > maxShelfKeys {
			t.Fatalf("%d answers are kept", n)
		}
	}
	s.put(state, "/"+strings.Repeat("x", maxKey), small)
	if s.get(state, "/"+strings.Repeat("x", maxKey)) != nil {
		t.Error("a target of any length is kept")
	}
	s.put(state, "/huge", newAnswer("text/plain", cacheForever, make([]byte, maxShelfBytes/8+1)))
	if s.get(state, "/huge") != nil {
		t.Error("an answer of any size is kept")
	}
	next := projections.New()
	next.Seq = 5
	s.put(next, "/new", small)
	if s.get(next, "/new") != small || s.get(state, "/new") != nil || len(s.live) != 1 {
		t.Error("answers of another state are kept beside those of the newest")
	}
	s.put(state, "/late", small)
	if s.get(state, "/late") != nil || s.get(next, "/late") != nil {
		t.Error("an answer of a state that has been replaced is kept")
	}
	total := 0
	for key, a := range s.live {
		total += len(key) + len(a.body)
	}
	for key, a := range s.past {
		total += len(key) + len(a.body)
	}
	if total != s.bytes {
		t.Errorf("%d bytes are counted, %d are kept", s.bytes, total)
	}
}
