package indexer

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/event"
)

// A fakeNet is an Arweave gateway with given items, and with the faults that gateways have.
type fakeNet struct {
	mu      sync.Mutex
	tip     uint64
	items   []*placed // by height, in no other order
	byID    map[string]*placed
	clamp   int  // most items a page, whatever was asked for; 0: none
	doubles bool // every item twice
	shuffle *rand.Rand
	loses   bool // a page that begins within a height begins at the next one
	ignores bool // filters do nothing
	raw     map[event.ID]http.HandlerFunc
	hook    func(http.ResponseWriter, *http.Request) bool // answers in our place
}

type placed struct {
	item   event.Item
	height uint64
	hidden bool
	node   nodeJSON
	edge   []byte // made from node when first needed
}

type nodeJSON struct {
	ID        string         `json:"id"`
	Anchor    string         `json:"anchor"`
	Signature string         `json:"signature"`
	Recipient string         `json:"recipient"`
	Owner     map[string]any `json:"owner"`
	Tags      []tagJSON      `json:"tags"`
	Data      map[string]any `json:"data"`
	Block     map[string]any `json:"block"`
}

type tagJSON struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

const genesis = 1_700_000_000 // seconds

func blockTime(height uint64) event.Millis { return event.Millis((genesis + 120*int64(height)) * 1000) }

// add puts an item into a block and returns it for changes.
func (f *fakeNet) add(height uint64, it event.Item) *placed {
	sigLen, keyLen := 512, 512
	if binary.LittleEndian.Uint16(it.Signed) == 3 {
		sigLen, keyLen = 65, 65
	}
	sig, key := it.Signed[2:2+sigLen], it.Signed[2+sigLen:2+sigLen+keyLen]
	anchor, err := ao.Anchor(it)
	if err != nil {
		panic(err)
	}
	text := base64.RawURLEncoding.EncodeToString
	sum := sha256.Sum256(key)
	p := &placed{item: it, height: height, node: nodeJSON{
		ID: it.ID.String(), Anchor: text(anchor), Signature: text(sig),
		Owner: map[string]any{"address": text(sum[:]), "key": text(key)},
		Data:  map[string]any{"size": strconv.Itoa(len(it.Data)), "type": nil},
		Block: map[string]any{"id": strings.Repeat("b", 64), "height": height, "timestamp": genesis + 120*height},
		Tags:  []tagJSON{},
	}}
	if !it.Target.IsZero() {
		p.node.Recipient = it.Target.String()
	}
	for _, t := range it.Tags {
		p.node.Tags = append(p.node.Tags, tagJSON{t.Name, t.Value})
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	i := len(f.items)
	for i > 0 && f.items[i-1].height > height {
		i--
	}
	f.items = slices.Insert(f.items, i, p)
	if f.byID == nil {
		f.byID = map[string]*placed{}
	}
	f.byID[p.node.ID] = p
	f.tip = max(f.tip, height)
	return p
}

func (f *fakeNet) gateway(t testing.TB) *ao.Gateway {
	g, err := ao.NewGateway(ao.Endpoint{GraphQL: "http://fake/graphql", Node: "http://fake", Name: "fake"}, &ao.Options{Transport: f})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// RoundTrip implements http.RoundTripper: the network is our own process.
func (f *fakeNet) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.ServeHTTP(w, r)
	}()
	select {
	case <-done:
		return w.Result(), nil
	case <-r.Context().Done():
		<-done
		return nil, r.Context().Err()
	}
}

func (f *fakeNet) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.hook != nil && f.hook(w, r) {
		return
	}
	path := r.URL.Path
	if id, err := event.ParseID(strings.TrimPrefix(path, "/raw/")); err == nil && f.raw[id] != nil {
		f.raw[id](w, r)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case path == "/info":
		fmt.Fprintf(w, `{"height":%d}`, f.tip)
	case strings.HasPrefix(path, "/block/height/"):
		h, _ := strconv.ParseUint(path[len("/block/height/"):], 10, 64)
		fmt.Fprintf(w, `{"height":%d,"timestamp":%d,"indep_hash":%q}`, h, genesis+120*h, strings.Repeat("b", 64))
	case strings.HasPrefix(path, "/raw/"):
		f.data(w, path[len("/raw/"):])
	case path == "/graphql":
		w.Header().Set("Content-Type", "application/json")
		w.Write(f.list(r))
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

func (f *fakeNet) data(w http.ResponseWriter, id string) {
	if p := f.byID[id]; p != nil {
		w.Write(p.item.Data)
		return
	}
	w.WriteHeader(http.StatusNotFound)
}

type listVars struct {
	To, By   []string
	IDs      []string
	N0       string
	V0       []string
	Min, Max uint64
	After    string
	First    int
}

func (f *fakeNet) list(r *http.Request) []byte {
	var q struct {
		Query     string
		Variables listVars
	}
	if err := json.NewDecoder(r.Body).Decode(&q); err != nil {
		panic(err)
	}
	v := q.Variables
	var all []*placed
	for _, p := range f.items {
		if !p.hidden && (f.ignores || v.finds(p)) {
			all = append(all, p)
			if f.doubles {
				all = append(all, p)
			}
		}
	}
	all = f.after(all, v.After)
	first := v.First
	if f.clamp > 0 {
		first = min(first, f.clamp)
	}
	all = all[:min(len(all), first)]
	if f.shuffle != nil && len(all) > 1 { // not the last: its cursor is what the next page begins after
		f.shuffle.Shuffle(len(all)-1, func(i, j int) { all[i], all[j] = all[j], all[i] })
	}
	b := bytes.NewBufferString(`{"data":{"transactions":{"edges":[`)
	for i, p := range all {
		if i > 0 {
			b.WriteByte(',')
		}
		if p.edge == nil {
			p.edge, _ = json.Marshal(map[string]any{"cursor": p.node.ID, "node": p.node})
		}
		b.Write(p.edge)
	}
	b.WriteString(`]}}}`)
	return b.Bytes()
}

// after returns what follows the item that the cursor names.
func (f *fakeNet) after(all []*placed, cursor string) []*placed {
	at := slices.IndexFunc(all, func(p *placed) bool { return p.node.ID == cursor })
	if at < 0 {
		return all
	}
	rest := all[at+1:]
	for f.loses && len(rest) > 0 && rest[0].height == all[at].height {
		rest = rest[1:]
	}
	return rest
}

func (v *listVars) finds(p *placed) bool {
	n := &p.node
	ok := func(want []string, have string) bool { return len(want) == 0 || slices.Contains(want, have) }
	tag := v.N0 == "" || slices.ContainsFunc(n.Tags, func(t tagJSON) bool { return t.Name == v.N0 && slices.Contains(v.V0, t.Value) })
	return tag && ok(v.To, n.Recipient) && ok(v.By, n.Owner["address"].(string)) && ok(v.IDs, n.ID) &&
		p.height >= v.Min && (v.Max == 0 || p.height <= v.Max)
}
