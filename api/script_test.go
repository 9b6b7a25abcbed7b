package api

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var rewrite = flag.Bool("rewrite", false, "write testdata/*.txt anew from what is answered")

// TestScripts plays testdata/*.txt against a server over the story. A file is a list of exchanges that end with a line of
// ====. An exchange is a request
//
//	# what it shows
//	GET /v1/pools/{pool}/leaderboard?at=seq:9     {name} stands for the id or address of that name
//	> If-None-Match: {etag}                       a header; {etag} is the ETag of the exchange before
//	show Etag Allow                               headers to show beside the usual ones
//	pick rows.*.rank                              parts of a JSON body; without it the whole
//	count                                         the length of the body and not the body
//
// then ----, then the status, headers and body of the response.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scripts", err)
	}
	w := story(t)
	n := namesOf(w)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			srv := httptest.NewServer(New(w, Options{Version: "v0.0.0-test", Log: slog.New(slog.DiscardHandler)}))
			defer srv.Close()
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			etag := ""
			for one := range strings.SplitSeq(string(want), "====\n") {
				if strings.TrimSpace(one) == "" {
					continue
				}
				request, _, _ := strings.Cut(one, "----\n")
				got.WriteString(request + "----\n" + exchange(t, srv, n, request, &etag) + "====\n")
			}
			if *rewrite {
				if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("-script +answered; -rewrite where the answer is right\n%s", diff)
			}
		})
	}
}

func exchange(t *testing.T, srv *httptest.Server, n names, request string, etag *string) string {
	method, target, count := "", "", false
	header := http.Header{"Accept-Encoding": {"identity"}}
	show := []string{"Content-Type", "Cache-Control", "Location"}
	var picks []string
	for line := range strings.Lines(request) {
		line = strings.TrimSpace(line)
		first, rest, _ := strings.Cut(line, " ")
		switch first {
		case "", "#":
		case ">":
			name, value, _ := strings.Cut(rest, ": ")
			header.Add(name, strings.ReplaceAll(value, "{etag}", *etag))
		case "show":
			show = append(show, strings.Fields(rest)...)
		case "pick":
			picks = append(picks, strings.Fields(rest)...)
		case "count":
			count = true
		default:
			method, target = first, strings.TrimSpace(n.in.Replace(rest))
		}
	}
	res := over(t, srv, method, target, header)
	*etag = res.header.Get("Etag")
	var out strings.Builder
	fmt.Fprintln(&out, res.status)
	for _, name := range show {
		for _, value := range res.header.Values(name) {
			fmt.Fprintf(&out, "%s: %s\n", name, n.out.Replace(value))
		}
	}
	switch {
	case res.body == "":
	case count:
		fmt.Fprintf(&out, "\n%d bytes\n", len(res.body))
	case len(picks) > 0:
		out.WriteString("\n" + n.out.Replace(picked(t, res.body, picks)))
	default:
		out.WriteString("\n" + n.out.Replace(pretty(res)))
	}
	return out.String()
}

// pretty indents JSON and leaves all else.
func pretty(res reply) string {
	var b bytes.Buffer
	if !strings.Contains(res.header.Get("Content-Type"), "json") || json.Indent(&b, []byte(res.body), "", "  ") != nil {
		return strings.TrimSuffix(res.body, "\n") + "\n"
	}
	return strings.TrimSuffix(b.String(), "\n") + "\n"
}

func picked(t *testing.T, body string, picks []string) string {
	var v any
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		t.Fatalf("pick from what is no JSON: %v: %.200s", err, body)
	}
	var out strings.Builder
	for _, p := range picks {
		var b bytes.Buffer
		e := json.NewEncoder(&b)
		e.SetEscapeHTML(false)
		if err := e.Encode(walk(v, strings.Split(p, "."))); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "%s: %s", p, b.String())
	}
	return out.String()
}

// walk walks into v: a name of an object, an index of a list, * for each of a list, # for its length.
func walk(v any, path []string) any {
	if len(path) == 0 {
		return v
	}
	switch x := v.(type) {
	case map[string]any:
		one, ok := x[path[0]]
		if !ok {
			return "ABSENT"
		}
		return walk(one, path[1:])
	case []any:
		switch path[0] {
		case "*":
			all := make([]any, len(x))
			for i := range x {
				all[i] = walk(x[i], path[1:])
			}
			return all
		case "#":
			return len(x)
		}
		i, err := strconv.Atoi(path[0])
		if err != nil || i >= len(x) {
			return "ABSENT"
		}
		return walk(x[i], path[1:])
	}
	return "ABSENT"
}
