package api

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
)

// TestLook serves the story at the address in AOBENCH_LOOK until stopped, for looking at the pages.
func TestLook(t *testing.T) {
	addr := os.Getenv("AOBENCH_LOOK")
	if addr == "" {
		t.Skip("set AOBENCH_LOOK=127.0.0.1:8900 to look at the pages")
	}
	t.Fatal(http.ListenAndServe(addr, New(story(t), Options{})))
}

// A reply is a response that has been read.
type reply struct {
	status int
	header http.Header
	body   string
}

// ask sends a request to h as a server would get it.
func ask(h http.Handler, method, target string, header ...string) reply {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return reply{w.Code, w.Header(), w.Body.String()}
}

// names writes the ids and addresses of the story as what they are called, and back.
type names struct{ in, out *strings.Replacer }

func namesOf(w *world) names {
	var in, out []string
	add := func(name, text string) {
		in, out = append(in, "{"+name+"}", text), append(out, text, "{"+name+"}")
	}
	for _, name := range []string{"pool", "process", "token", "dataset", "garbage", "nothing", "alpha", "bravo", "charlie", "delta", "echo", "echo-copy", "foxtrot", "golf", "hotel"} {
		add(name, id(name).String())
	}
	for _, name := range []string{"funder", "stranger", "ann", "ben", "cem", "mallory", "authority", "scheduler", "evaluator", "nobody"} {
		add(name, who(name).String())
	}
	add("dora", ethereum("dora").String())
	add("aos", id("an aos process").String())
	for _, l := range w.state.Ledgers {
		for _, r := range l.Runs {
			for _, model := range []string{"alpha", "bravo", "charlie", "delta", "echo", "echo-copy", "foxtrot", "golf", "hotel"} {
				if r.Key.Model == id(model) {
					add("run "+model+" "+r.Key.Day.String(), r.Key.Run().String())
				}
			}
		}
	}
	return names{strings.NewReplacer(in...), strings.NewReplacer(out...)}
}

// over is ask over a connection, without following redirects.
func over(t testing.TB, srv *httptest.Server, method, target string, header http.Header) reply {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, srv.URL+target, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header
	res, err := srv.Client().Transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return reply{res.StatusCode, res.Header, string(b)}
}
