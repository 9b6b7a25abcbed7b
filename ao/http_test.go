package ao

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

const empty = `{"data":{"transactions":{"edges":[]}}}`

// TestHostileAnswers: each is an error soon, with little memory, and only what may pass is called transient.
func TestHostileAnswers(t *testing.T) {
	id := idA.String()
	chunked := func(unit string, n int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			for range n {
				if _, err := io.WriteString(w, unit); err != nil {
					return
				}
			}
		}
	}
	page := func(edges string) http.HandlerFunc {
		return graphQL(`{"data":{"transactions":{"edges":[` + edges + `]}}}`)
	}
	node := `{"cursor":"1","node":{"id":"` + id + `"}},`
	for name, c := range map[string]struct {
		h         http.HandlerFunc
		transient bool
		says      string
	}{
		"errors":            {graphQL(`{"errors":[{"message":"bad cursor"}],"data":null}`), false, "bad cursor"},
		"errors and data":   {graphQL(`{"errors":[{"message":"half"}],"data":{"transactions":{"edges":[]}}}`), false, "half"},
		"errors no list":    {graphQL(`{"errors":{"message":"odd"},"data":{"transactions":{"edges":[]}}}`), false, "odd"},
		"no data":           {graphQL(`{}`), false, "without data"},
		"null":              {graphQL(`{"data":{"transactions":null}}`), false, "without data"},
		"null edges":        {graphQL(`{"data":{"transactions":{"edges":null}}}`), false, "want a list"},
		"another shape":     {graphQL(`[1,2]`), false, "not the JSON"},
		"cut short":         {graphQL(`{"data":{"transactions":{"edges":[`), true, "ends early"},
		"empty":             {graphQL(``), true, "ends early"},
		"not JSON":          {graphQL(`{"data":nonsense}`), false, "not the JSON"},
		"HTML":              {html(200), false, "instead of JSON"},
		"HTML 503":          {html(503), true, "503"},
		"400":               {html(400), false, "400"},
		"402":               {html(402), false, "402"},
		"404":               {html(404), false, "404"},
		"no id":             {page(`{"cursor":"1","node":{}}`), false, "without an id"},
		"null node":         {page(`{"cursor":"1","node":null}`), false, "without an id"},
		"bad id":            {page(`{"cursor":"1","node":{"id":"../../admin"}}`), false, "without an id"},
		"1001 items":        {page(strings.Repeat(node, 1000) + node[:len(node)-1]), false, "more than 1000"},
		"a million items":   {page(strings.Repeat(node, 100_000) + node[:len(node)-1]), false, "more than 1000"},
		"20 MB":             {chunked(strings.Repeat(" ", 1<<16), 320), false, "more than 8388608"},
		"20 MB, announced":  {graphQL(strings.Repeat(" ", 20<<20)), false, "more than 8388608"},
		"deep":              {graphQL(strings.Repeat("[", 4<<20)), false, "not the JSON"},
		"gzip bomb":         {gzipped(strings.Repeat(" ", 64<<20) + empty), false, "Content-Encoding"},
		"hangs":             {func(_ http.ResponseWriter, r *http.Request) { hang(r) }, true, "too slow"},
		"hangs in the body": {func(w http.ResponseWriter, r *http.Request) { chunked("{", 1)(w, r); flush(w); hang(r) }, true, "too slow"},
		"trickles":          {trickle, true, "too slow"},
		"cut off":           {cut, true, "EOF"},
		"elsewhere": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusTemporaryRedirect)
		}, false, "another host"},
		"in circles": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/graphql", http.StatusTemporaryRedirect)
		}, false, "another host"},
		"busy for an hour": {busy("3600"), true, "429"},
		"busy, no number":  {busy("soon"), true, "429"},
		"busy, a date":     {busy("Fri, 31 Dec 2100 23:59:59 GMT"), true, "429"},
	} {
		t.Run(name, func(t *testing.T) {
			g := serve(t, &quick, c.h)
			start := time.Now()
			var err error
			grown := allocated(func() { _, err = g.Page(t.Context(), Query{}, "") })
			if err == nil || errors.Is(err, ErrTransient) != c.transient || !strings.Contains(err.Error(), c.says) {
				t.Errorf("transient %v, want %v: %v", errors.Is(err, ErrTransient), c.transient, err)
			} else if len(err.Error()) > 1000 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			// What hangs would take minutes; the race detector on a busy machine takes seconds for the largest answers.
			if d := time.Since(start); d > 15*time.Second {
				t.Errorf("took %v", d)
			}
			if grown > 128<<20 { // the test's own server included
				t.Errorf("allocated %d MiB", grown>>20)
			}
		})
	}
}

func html(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(code)
		fmt.Fprint(w, "<html>", strings.Repeat("sorry ", 1000))
	}
}

func busy(after string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", after)
		http.Error(w, `{"error":"Too Many Requests"}`, http.StatusTooManyRequests)
	}
}

func gzipped(s string) http.HandlerFunc {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	io.WriteString(z, s)
	z.Close()
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(b.Bytes())
	}
}

func hang(r *http.Request) {
	io.Copy(io.Discard, r.Body) // or the server does not see the client go
	<-r.Context().Done()
}

func flush(w http.ResponseWriter) { w.(http.Flusher).Flush() }

// trickle sends a byte every 20 ms, which no idle timer would mind.
func trickle(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	io.Copy(io.Discard, r.Body)
	for r.Context().Err() == nil {
		io.WriteString(w, " ")
		flush(w)
		time.Sleep(20 * time.Millisecond)
	}
}

// cut promises more than it sends.
func cut(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", "1000")
	io.WriteString(w, empty)
}

// failing answers n times with a failure, then well, and counts.
func failing(n int32, fail, then http.HandlerFunc) (http.HandlerFunc, *atomic.Int32) {
	var asked atomic.Int32
	return func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) <= n {
			fail(w, r)
			return
		}
		then(w, r)
	}, &asked
}

func TestRetry(t *testing.T) {
	t.Parallel()
	long := Options{Header: time.Second, Idle: time.Second, Budget: 20 * time.Second}
	for name, c := range map[string]struct {
		fail  http.HandlerFunc
		times int32
		asked int32
		ok    bool
	}{
		"503 twice":    {html(503), 2, 3, true},
		"busy once":    {busy("0"), 1, 2, true},
		"cut off once": {cut, 1, 2, true},
		"502 always":   {busy("0"), 1000, maxTries, false},
		"400 once":     {html(400), 1, 1, false},
		"errors once":  {graphQL(`{"errors":[1]}`), 1, 1, false},
	} {
		h, asked := failing(c.times, c.fail, graphQL(empty))
		_, err := serve(t, &long, h).Page(t.Context(), Query{}, "")
		if (err == nil) != c.ok || asked.Load() != c.asked {
			t.Errorf("%s: asked %d times, %v", name, asked.Load(), err)
		}
	}
}

func TestSameHostIsFollowed(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /graphql", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/there", http.StatusPermanentRedirect)
	})
	mux.HandleFunc("POST /there", graphQL(empty))
	if _, err := serve(t, nil, mux).Page(t.Context(), Query{}, ""); err != nil {
		t.Error(err)
	}
}

func TestCallerGivesUp(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"while it hangs":    func(_ http.ResponseWriter, r *http.Request) { hang(r) },
		"while we wait":     busy("60"),
		"while it trickles": trickle,
	} {
		g := serve(t, nil, h)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		start := time.Now()
		_, err := g.Page(ctx, Query{}, "")
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, ErrTransient) || time.Since(start) > 2*time.Second {
			t.Errorf("%s: %v after %v", name, err, time.Since(start))
		}
	}
}

func TestNobodyThere(t *testing.T) {
	g, err := NewGateway(Endpoint{GraphQL: "http://127.0.0.1:1/graphql", Node: "http://127.0.0.1:1"}, &quick)
	if err != nil {
		t.Fatal(err)
	}
	defer g.Close()
	if _, err := g.Tip(t.Context()); !errors.Is(err, ErrTransient) || !strings.Contains(err.Error(), "refused") {
		t.Error(err)
	}
}
