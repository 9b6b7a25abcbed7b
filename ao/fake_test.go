package ao

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aobench/aobench/event"
)

// quick are options for servers that fail: the waits of production, made short.
var quick = Options{Header: 200 * time.Millisecond, Idle: 200 * time.Millisecond, Attempt: time.Second, Budget: 50 * time.Millisecond}

// serve starts a server and returns a gateway for it; both end with the test.
func serve(t *testing.T, o *Options, h http.Handler) *Gateway {
	t.Helper()
	s := httptest.NewServer(h)
	g, err := NewGateway(Endpoint{GraphQL: s.URL + "/graphql", Node: s.URL, Name: "test"}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		g.Close()
		s.CloseClientConnections()
		s.Close()
	})
	return g
}

// graphQL answers every query with the same JSON.
func graphQL(answer string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		fmt.Fprint(w, answer)
	}
}

// recorded serves a page of testdata and the data of the golden items.
func recorded(t *testing.T, page string) http.Handler {
	t.Helper()
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	data := map[string][]byte{}
	for _, raw := range goldenItems(t) {
		it, err := Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		data["/raw/"+it.ID.String()] = it.Data
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /graphql", graphQL(string(b)))
	mux.HandleFunc("GET /raw/", func(w http.ResponseWriter, r *http.Request) {
		d, ok := data[r.URL.Path]
		switch {
		case !ok:
			http.NotFound(w, r)
		case len(d) == 0:
			w.WriteHeader(http.StatusNoContent)
		default:
			w.Write(d)
		}
	})
	return mux
}

// A listing is a server that pages as real ones do, with their faults.
type listing struct {
	ids    []event.ID
	size   int
	cursor func(i int) string // of the i-th item; nil: its number
	mu     sync.Mutex
	asked  []map[string]any // the variables of each query
}

func (l *listing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Query     string
		Variables map[string]any
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	l.mu.Lock()
	l.asked = append(l.asked, q.Variables)
	l.mu.Unlock()
	from := 0
	if after, ok := q.Variables["after"]; ok {
		fmt.Sscan(after.(string), &from)
		from++
	}
	var edges []string
	for i := from; i < min(from+l.size, len(l.ids)); i++ {
		c := fmt.Sprint(i)
		if l.cursor != nil {
			c = l.cursor(i)
		}
		edges = append(edges, fmt.Sprintf(`{"cursor":%q,"node":{"id":%q,"block":{"height":%d,"timestamp":%d}}}`, c, l.ids[i], i, 1700000000+i))
	}
	graphQL(`{"data":{"transactions":{"pageInfo":{"hasNextPage":false},"edges":[`+strings.Join(edges, ",")+`]}}}`)(w, r)
}

func manyIDs(n int) []event.ID {
	ids := make([]event.ID, n)
	for i := range ids {
		ids[i] = event.ID{byte(i), byte(i >> 8), 1}
	}
	return ids
}
