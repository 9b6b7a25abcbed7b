package ao

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aobench/aobench/event"
)

// TestRecordedPages reads the same items in the shapes of three real servers and gets back the bytes that were signed.
func TestRecordedPages(t *testing.T) {
	golden := map[event.ID][]byte{}
	for _, raw := range goldenItems(t) {
		it, err := Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		golden[it.ID] = raw
	}
	for server, when := range map[string]event.Millis{"arlocal": 1795466116000, "ar-io": 1795466116000, "wao": 1795469492026} {
		g := serve(t, nil, recorded(t, "testdata/pages/"+server+".json"))
		nodes, err := g.Page(t.Context(), Query{Recipients: []event.ID{idA}}, "")
		if err != nil || len(nodes) != 6 {
			t.Fatalf("%s: %d items, %v", server, len(nodes), err)
		}
		for i, n := range nodes {
			it, err := g.Item(t.Context(), n)
			if err != nil {
				t.Errorf("%s, item %d: %v", server, i, err)
				continue
			}
			if it.Blob != nil || !bytes.Equal(Binary(it), golden[n.ID]) || Verify(it) != nil {
				t.Errorf("%s, item %d: other bytes than were signed", server, i)
			}
			if n.Cursor == "" {
				t.Errorf("%s, item %d: no cursor", server, i)
			}
			if pending := server == "ar-io" && i >= 4; pending != (n.Block == nil) {
				t.Errorf("%s, item %d: block %v", server, i, n.Block)
			} else if n.Block != nil && n.Block.Time != when {
				t.Errorf("%s, item %d: time %d, want %d", server, i, n.Block.Time, when)
			}
		}
	}
}

// TestRealPages reads what real servers answered, where the recordings are at hand. Of the data only that of wao's
// assignments is known, "1984", although wao says 0 of every size: those verify.
func TestRealPages(t *testing.T) {
	paths, _ := filepath.Glob("../../shared/data/gateway/*.json")
	if len(paths) == 0 {
		t.Skip("the recordings are not here")
	}
	verified := 0
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(p, "results") {
			continue
		}
		mux := http.NewServeMux()
		mux.HandleFunc("POST /graphql", graphQL(string(b)))
		mux.HandleFunc("GET /raw/", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("1984")) })
		g := serve(t, nil, mux)
		nodes, err := g.Page(t.Context(), Query{}, "")
		if strings.Contains(p, "bad-cursor") {
			if err == nil || !strings.Contains(err.Error(), "invalid cursor") {
				t.Errorf("%s: %v", p, err)
			}
			continue
		}
		if err != nil || len(nodes) == 0 {
			t.Errorf("%s: %d items, %v", p, len(nodes), err)
		}
		for _, n := range nodes {
			it, err := g.Item(t.Context(), n)
			if err == nil {
				verified++
			} else if r := reasonOf(err); r != event.BadSignature && r != event.Unverifiable {
				t.Errorf("%s, item %s: %v", p, n.ID, err)
			}
			if it.Tag("Type") != "Assignment" {
				continue
			}
			if _, err := Assignment(it, event.Block{}); err != nil {
				t.Errorf("%s, item %s: %v", p, n.ID, err)
			}
		}
	}
	if verified < 30 {
		t.Errorf("only %d verified", verified)
	}
}

func TestQueryVariables(t *testing.T) {
	l := &listing{size: 10}
	g := serve(t, nil, l)
	q := Query{
		IDs: []event.ID{idA}, Recipients: []event.ID{idA, idB}, Owners: []event.Address{idB.Address()},
		Tags: []TagFilter{{"Type", []string{"Assignment"}}, {`a"b`, []string{"1", "2"}}}, Min: 5, Max: 9, First: 5000,
	}
	if _, err := g.Page(t.Context(), q, `c"`); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"ids": []any{idA.String()}, "to": []any{idA.String(), idB.String()}, "by": []any{idB.String()},
		"n0": "Type", "v0": []any{"Assignment"}, "n1": `a"b`, "v1": []any{"1", "2"}, "min": 5.0, "max": 9.0, "after": `c"`, "first": 1000.0,
	}
	if d := cmp.Diff(want, l.asked[0]); d != "" {
		t.Error(d)
	}
	if text, vars := (&Query{}).request(""); len(vars) != 1 || strings.ContainsAny(text, `"'`) || strings.Contains(text, "block:{m") {
		t.Error("an empty query says more than it must:", text, vars)
	}
}

func TestAll(t *testing.T) {
	ids := manyIDs(250)
	for name, c := range map[string]struct {
		l       *listing
		pages   int
		want    int
		wantErr bool
	}{
		"pages until one is empty":   {&listing{ids: ids, size: 100}, 4, 250, false},
		"full last page":             {&listing{ids: ids[:200], size: 100}, 3, 200, false},
		"nothing":                    {&listing{size: 100}, 1, 0, false},
		"the same page for ever":     {&listing{ids: ids, size: 100, cursor: func(int) string { return "-1" }}, 2, 100, false},
		"small pages":                {&listing{ids: ids[:7], size: 3}, 4, 7, false},
		"doubles":                    {&listing{ids: append(ids[:50:50], ids[:60]...), size: 100}, 3, 60, false},
		"short page without cursors": {&listing{ids: ids[:60], size: 60, cursor: func(int) string { return "" }}, 1, 60, false},
		"full page without cursors":  {&listing{ids: ids, size: 100, cursor: func(int) string { return "" }}, 1, 0, true},
	} {
		g := serve(t, nil, c.l)
		nodes, err := g.All(t.Context(), Query{})
		if (err != nil) != c.wantErr || len(nodes) != c.want || len(c.l.asked) != c.pages {
			t.Errorf("%s: %d items on %d pages, %v", name, len(nodes), len(c.l.asked), err)
		}
		seen := map[event.ID]bool{}
		for _, n := range nodes {
			if seen[n.ID] {
				t.Errorf("%s: %s twice", name, n.ID)
			}
			seen[n.ID] = true
		}
	}
}

func TestAllHasABound(t *testing.T) {
	t.Parallel()
	n := 0
	g := serve(t, nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		edges := make([]string, maxFirst)
		for i := range edges {
			edges[i] = fmt.Sprintf(`{"cursor":"%d","node":{"id":%q}}`, n, event.ID{byte(n), byte(n >> 8), byte(n >> 16), 1})
			n++
		}
		graphQL(`{"data":{"transactions":{"edges":[`+strings.Join(edges, ",")+`]}}}`)(w, r)
	}))
	if nodes, err := g.All(t.Context(), Query{First: 1000}); !errors.Is(err, ErrTooMany) || nodes != nil {
		t.Errorf("%d items, %v", len(nodes), err)
	}
}

func TestTipAndBlock(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /info", graphQL(`{"network":"arlocal","height":1234,"current":"x"}`))
	mux.HandleFunc("GET /block/height/7", graphQL(`{"height":7,"timestamp":1700000000,"indep_hash":"short","txs":[1,2]}`))
	mux.HandleFunc("GET /block/height/8", graphQL(`{"height":9,"timestamp":1700000000}`))
	mux.HandleFunc("POST /graphql", func(w http.ResponseWriter, r *http.Request) {
		var q struct{ Variables map[string]int }
		json.NewDecoder(r.Body).Decode(&q)
		h, ok := q.Variables["h"]
		if !ok {
			h = 99
		}
		graphQL(fmt.Sprintf(`{"data":{"blocks":{"edges":[{"node":{"id":"x","height":"%d","timestamp":1700000000123}}]}}}`, h))(w, r)
	})
	g := serve(t, &quick, mux)
	if tip, err := g.Tip(t.Context()); err != nil || tip != 1234 {
		t.Error(tip, err)
	}
	if b, err := g.Block(t.Context(), 7); err != nil || b.Height != 7 || b.Time != 1700000000000 {
		t.Error(b, err)
	}
	if b, err := g.Block(t.Context(), 8); err == nil {
		t.Error("another block than asked for:", b)
	}
	if b, err := g.Block(t.Context(), 6); err != nil || b.Height != 6 || b.Time != 1700000000123 { // the node has none: GraphQL
		t.Error(b, err)
	}
	only, err := NewGateway(Endpoint{GraphQL: g.endpoint.GraphQL}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer only.Close()
	if tip, err := only.Tip(t.Context()); err != nil || tip != 99 {
		t.Error(tip, err)
	}
	if b, err := only.Block(t.Context(), 5); err != nil || b.Height != 5 {
		t.Error(b, err)
	}
	if _, err := only.Data(t.Context(), idA, 5); err == nil || !strings.Contains(err.Error(), "Node address") {
		t.Error(err)
	}
}

func TestBadEndpoints(t *testing.T) {
	for _, s := range []string{"", "arweave.net", "ftp://a/graphql", "http://", "http://a/graphql?x", "file:///etc"} {
		if _, err := NewGateway(Endpoint{GraphQL: s}, nil); err == nil {
			t.Errorf("%q: accepted", s)
		}
		if _, err := NewUnit(s, nil); err == nil {
			t.Errorf("unit %q: accepted", s)
		}
	}
	if _, err := NewGateway(Endpoint{GraphQL: "http://a/graphql", Node: "a"}, nil); err == nil {
		t.Error("a bad node was accepted")
	}
}
