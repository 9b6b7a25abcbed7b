package indexer

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/eventlog/eventlogtest"
)

func answer(status int, kind, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

// TestHostileListing: whatever a gateway answers instead of a listing, no window is closed by it, the status says why,
// and the pass after it has been repaired has everything.
func TestHostileListing(t *testing.T) {
	const js = "application/json"
	half := `{"data":{"transactions":{"edges":[]}}`
	for name, h := range map[string]http.HandlerFunc{
		"errors with 200":         answer(200, js, `{"data":{"transactions":{"edges":[]}},"errors":[{"message":"timeout"}]}`),
		"errors and no data":      answer(200, js, `{"data":{"transactions":null},"errors":[{"message":"bad cursor"}]}`),
		"null":                    answer(200, js, `null`),
		"no transactions":         answer(200, js, `{"data":{}}`),
		"a page of a proxy":       answer(200, "text/html", "<html>try later</html>"),
		"cut short":               answer(200, js, half),
		"forbidden":               answer(403, js, `{}`),
		"too many requests":       answer(429, js, `{"error":"Too Many Requests"}`),
		"a broken server":         answer(502, "text/html", "bad gateway"),
		"20 MB":                   answer(200, js, `{"data":"`+strings.Repeat("x", 20<<20)+`"}`),
		"20 MB of edges":          answer(200, js, `{"data":{"transactions":{"edges":[{}`+strings.Repeat(",{}", 7<<20)+`]}}}`),
		"a deep answer":           answer(200, js, strings.Repeat(`{"data":`, 1<<20)),
		"hangs":                   hang,
		"hangs within the answer": func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, half); hang(w, r) },
		"a redirect to a stranger": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://stranger/", http.StatusTemporaryRedirect)
		},
	} {
		t.Run(name, func(t *testing.T) {
			it := message(t, pool, 1)
			synctest.Test(t, func(t *testing.T) {
				var f fakeNet
				f.add(12, it)
				f.hook = func(w http.ResponseWriter, r *http.Request) bool {
					if r.URL.Path == "/graphql" || r.URL.Host == "stranger" {
						h(w, r)
						return true
					}
					return false
				}
				log := eventlogtest.NewMemory()
				x := New(tailOf(t), f.gateway(t), log, nil)
				begun := time.Now()
				if _, err := x.Pass(t.Context()); err == nil {
					t.Fatal("the pass says that all is well")
				}
				if d := time.Since(begun); d > 10*time.Minute {
					t.Errorf("took %s", d)
				}
				if s := x.Status(); log.Head() != 0 || s.Next != 10 || s.Err == "" || len(s.Err) > 1000 {
					t.Errorf("log has %d events, status %+v", log.Head(), s)
				}
				f.hook = nil
				pass(t, x)
				if d := cmp.Diff(ids(it), factsOf(t, log, 10).Messages); d != "" {
					t.Error(d)
				}
			})
		})
	}
}

// TestHostileItem: an item that is not what it seems is on record with its reason, and its neighbour is not harmed.
func TestHostileItem(t *testing.T) {
	data := bytes.Repeat([]byte("data "), 100)
	raw := func(h http.HandlerFunc) func(*fakeNet, *placed) {
		return func(f *fakeNet, p *placed) { f.raw = map[event.ID]http.HandlerFunc{p.item.ID: h} }
	}
	edit := func(change func(*nodeJSON)) func(*fakeNet, *placed) {
		return func(_ *fakeNet, p *placed) { change(&p.node) }
	}
	flip := func(s string) string { return string(s[0]^1) + s[1:] } // A and @ do not come first in what is flipped
	for name, c := range map[string]struct {
		damage func(*fakeNet, *placed)
		want   event.Reason
	}{
		"data of another item":    {raw(answer(200, "", strings.Repeat("DATA ", 100))), event.BadSignature},
		"a bit of the data":       {raw(answer(200, "", string(data[:499])+"!")), event.BadSignature},
		"half of the data":        {raw(answer(200, "", string(data[:200]))), event.Unverifiable},
		"no data":                 {raw(http.NotFound), event.Unverifiable},
		"a refused download":      {raw(answer(402, "", "pay")), event.Unverifiable},
		"a server that fails":     {raw(answer(500, "", "oops")), event.Unverifiable},
		"data that hangs":         {raw(hang), event.Unverifiable},
		"too much data, unsaid":   {raw(func(w http.ResponseWriter, _ *http.Request) { endless(w) }), event.TooLarge},
		"too much data, said":     {edit(func(n *nodeJSON) { n.Data["size"] = "99999999999" }), event.TooLarge},
		"another signature":       {edit(func(n *nodeJSON) { n.Signature = strings.Repeat("A", len(n.Signature)) }), event.IDMismatch},
		"not-found for a key":     {edit(func(n *nodeJSON) { n.Owner["key"] = "<not-found>" }), event.Unverifiable},
		"another key":             {edit(func(n *nodeJSON) { n.Owner["key"] = "BB" + n.Owner["key"].(string)[2:] }), event.BadSignature},
		"a key of another type":   {edit(func(n *nodeJSON) { n.Owner["key"] = strings.Repeat("A", 43) }), event.BadSigType},
		"a bit of a tag":          {edit(func(n *nodeJSON) { n.Tags[0].Value = flip(n.Tags[0].Value) }), event.BadSignature},
		"a tag more":              {edit(func(n *nodeJSON) { n.Tags = append(n.Tags, tagJSON{"From-Process", token.String()}) }), event.BadSignature},
		"tags without end":        {edit(func(n *nodeJSON) { n.Tags = make([]tagJSON, 5_000) }), event.Unverifiable},
		"a number for an address": {edit(func(n *nodeJSON) { n.Owner = map[string]any{"address": 5, "key": n.Owner["key"]} }), event.Unverifiable},
		"an anchor out of place":  {edit(func(n *nodeJSON) { n.Anchor = "short" }), event.Unverifiable},
	} {
		t.Run(name, func(t *testing.T) {
			w := walletsOf(t)
			good := message(t, pool, 1)
			bad := sign(t, w.user, ao.Draft{Target: pool, Tags: []event.Tag{tag("Action", "Join-Pool")}, Data: data})
			synctest.Test(t, func(t *testing.T) {
				var f fakeNet
				f.add(12, good)
				f.ignores = true // so that the damaged one is listed whatever is damaged
				c.damage(&f, f.add(12, bad))
				log := eventlogtest.NewMemory()
				x := New(tailOf(t), f.gateway(t), log, nil)
				for range 4 {
					x.Pass(t.Context())
				}
				want := facts{Messages: ids(good), Refused: map[event.ID]event.Reason{bad.ID: c.want}, To: 12}
				if d := cmp.Diff(want, factsOf(t, log, 10)); d != "" {
					t.Errorf("%s\nstatus %+v", d, x.Status())
				}
			})
		})
	}
}

func endless(w io.Writer) {
	chunk := make([]byte, 1<<20)
	for range 18 {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

// TestRefusedText: what a stranger wrote is cut so that the log can be read again.
func TestRefusedText(t *testing.T) {
	w := walletsOf(t)
	var f fakeNet
	p := f.add(12, sign(t, w.user, ao.Draft{Target: pool, Tags: []event.Tag{tag("Action", "x"+strings.Repeat("é", 90))}}))
	p.node.Anchor = strings.Repeat("ü", 400)
	log := eventlogtest.NewMemory()
	cfg := tailOf(t)
	cfg.Tries = 1
	pass(t, New(cfg, f.gateway(t), log, nil))
	for e, err := range log.Events(t.Context(), 0) {
		if err != nil {
			t.Fatal(err)
		}
		r, ok := e.Body.(event.ItemRefused)
		if !ok {
			continue
		}
		if r.Action != "x"+strings.Repeat("é", 49) || len(r.Detail) > 300 || r.Detail == "" || r.Block.Height != 12 {
			t.Errorf("%+v", r)
		}
		return
	}
	t.Error("no refusal")
}

// TestEndlessHeight: a gateway that makes up items for ever gets an error, not all our memory.
func TestEndlessHeight(t *testing.T) {
	x := New(tailOf(t), &endlessGateway{}, eventlogtest.NewMemory(), nil)
	if _, err := x.Pass(t.Context()); !errors.Is(err, ao.ErrTooMany) {
		t.Error(err)
	}
	if n := len(x.tries); n > 100 {
		t.Errorf("%d items were tried", n)
	}
}

type endlessGateway struct{ made atomic.Uint64 }

func (*endlessGateway) Tip(context.Context) (uint64, error) { return 10, nil }

func (*endlessGateway) Block(_ context.Context, height uint64) (event.Block, error) {
	return event.Block{Height: height, Time: 1}, nil
}

func (*endlessGateway) Item(context.Context, ao.Node) (event.Item, error) {
	return event.Item{}, ao.ErrNotFound
}

func (g *endlessGateway) Page(context.Context, ao.Query, string) ([]ao.Node, error) {
	page := make([]ao.Node, 1000)
	for i := range page {
		page[i] = ao.Node{Recipient: pool.String(), Cursor: "on", Block: &event.Block{Height: 10}}
		binary.LittleEndian.PutUint64(page[i].ID[:], g.made.Add(1))
	}
	return page, nil
}
