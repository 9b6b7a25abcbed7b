package api

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aobench/aobench/event"
)

// The benchmarks of the board are over loopback HTTP with connections that are kept, beside a handler of net/http that
// writes the same bytes with the same headers and does nothing else: their ratio is what the package costs.

const boardModels = 100

// boardWorld is a period with a hundred scored models.
func boardWorld(tb testing.TB) *world {
	w := newWorld(tb)
	w.credit(who("funder"), amount(900), "ArithmeticDecrease")
	w.add(event.DatasetResolved{Pool: id("pool"), Period: 1, Tx: id("dataset"), SHA256: sum("dataset bytes"), Questions: questions, Format: "choices"})
	for i := range boardModels {
		name := fmt.Sprint("model ", i)
		w.join(who(name), name)
	}
	w.window()
	for i := range boardModels {
		name := fmt.Sprint("model ", i)
		w.score(1, name, name, uint32(i))
	}
	w.show()
	return w
}

func boardTarget() string { return "/v1/pools/" + id("pool").String() + "/leaderboard" }

// bare is the least that a handler of net/http can do for the same response.
func bare(tb testing.TB, w *world) http.Handler {
	r := ask(New(w, quiet), "GET", boardTarget())
	if r.status != http.StatusOK {
		tb.Fatal(r.status, r.body)
	}
	etag, body := r.header.Get("Etag"), []byte(r.body)
	return http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		h := w.Header()
		match := q.Header.Get("If-None-Match") == etag
		for name, values := range r.header {
			if !match || (name != "Content-Length" && name != "Content-Type" && name != "Content-Security-Policy") {
				h[name] = values
			}
		}
		if match {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		w.Write(body)
	})
}

func BenchmarkBoard(b *testing.B)     { benchBoard(b, New(boardWorld(b), quiet), false) }
func BenchmarkBoardBare(b *testing.B) { benchBoard(b, bare(b, boardWorld(b)), false) }
func BenchmarkBoardNotModified(b *testing.B) {
	benchBoard(b, New(boardWorld(b), quiet), true)
}
func BenchmarkBoardBareNotModified(b *testing.B) { benchBoard(b, bare(b, boardWorld(b)), true) }

func benchBoard(b *testing.B, h http.Handler, kept bool) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	srv := httptest.NewUnstartedServer(h)
	srv.Listener.Close()
	srv.Listener = ln
	srv.Start()
	defer srv.Close()
	transport := &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport, Timeout: 10 * time.Second}
	etag, want := ask(h, "GET", boardTarget()).header.Get("Etag"), http.StatusOK
	if kept {
		want = http.StatusNotModified
	}
	b.SetParallelism(8)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		r, err := http.NewRequest("GET", srv.URL+boardTarget(), nil)
		if err != nil {
			b.Error(err)
			return
		}
		if kept {
			r.Header.Set("If-None-Match", etag)
		}
		for pb.Next() {
			res, err := client.Do(r)
			if err != nil {
				b.Error(err)
				return
			}
			n, err := io.Copy(io.Discard, res.Body)
			res.Body.Close()
			if err != nil || res.StatusCode != want || (n == 0) != kept {
				b.Error(res.StatusCode, n, err)
				return
			}
		}
	})
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "req/s")
}

// BenchmarkRender makes the board anew for every request, as the first request after an event has to.
func BenchmarkRender(b *testing.B) {
	w := boardWorld(b)
	s := New(w, quiet)
	for _, target := range []string{boardTarget(), "/pools/" + id("pool").String()} {
		b.Run(target[1:3], func(b *testing.B) {
			for b.Loop() {
				s.shelf = shelf{}
				ask(s, "GET", target)
			}
		})
	}
}

// BenchmarkHandlers compares the two without a network: what is left is the handler's own work.
func BenchmarkHandlers(b *testing.B) {
	w := boardWorld(b)
	for name, h := range map[string]http.Handler{"site": New(w, quiet), "bare": bare(b, w)} {
		b.Run(name, func(b *testing.B) {
			r := httptest.NewRequest("GET", boardTarget(), nil)
			for b.Loop() {
				h.ServeHTTP(httptest.NewRecorder(), r)
			}
		})
	}
}
