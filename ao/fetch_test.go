package ao

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aobench/aobench/event"
)

// nodeOf is an item as an honest gateway lists it.
func nodeOf(it event.Item) Node {
	g := goarItem(it)
	return Node{ID: it.ID, Anchor: g.Anchor, Signature: g.Signature, Recipient: g.Target, Key: g.Owner, Tags: it.Tags, Size: int64(len(it.Data))}
}

// raw serves data for every id, as f wants it.
func rawData(f http.HandlerFunc) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /raw/{id}", f)
	return mux
}

func write(b []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.Write(b) }
}

func TestItemRefuses(t *testing.T) {
	it := typicalItem(t)
	other := nodeOf(typicalItem(t))
	good := serve(t, &quick, rawData(write(it.Data)))
	lies := serve(t, &quick, rawData(write(bytes.ToUpper(it.Data))))
	none, err := NewGateway(Endpoint{GraphQL: "http://127.0.0.1:1/graphql"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		g      *Gateway
		change func(*Node)
		want   event.Reason
	}{
		"nothing wrong":       {good, func(*Node) {}, ""},
		"size unknown":        {good, func(n *Node) { n.Size = 0 }, ""},
		"anchor as text":      {good, func(n *Node) { n.Anchor = "00000000000000000000000000000123" }, ""},
		"other data":          {lies, func(*Node) {}, event.BadSignature},
		"other size":          {good, func(n *Node) { n.Size++ }, event.Unverifiable},
		"no node":             {none, func(*Node) {}, event.Unverifiable},
		"key not found":       {good, func(n *Node) { n.Key = "<not-found>" }, event.Unverifiable},
		"no key":              {good, func(n *Node) { n.Key = "" }, event.Unverifiable},
		"signature of other":  {good, func(n *Node) { n.Signature = other.Signature }, event.IDMismatch},
		"no signature":        {good, func(n *Node) { n.Signature = "<not-found>" }, event.Unverifiable},
		"broken line":         {good, func(n *Node) { n.Signature = n.Signature[:682] + "\n" }, event.Unverifiable},
		"id of other":         {good, func(n *Node) { n.ID = other.ID }, event.IDMismatch},
		"solana":              {good, func(n *Node) { n.Key = idA.String() }, event.BadSigType},
		"forged recipient":    {good, func(n *Node) { n.Recipient = idB.String() }, event.BadSignature},
		"bad recipient":       {good, func(n *Node) { n.Recipient = "pool" }, event.Unverifiable},
		"bad anchor":          {good, func(n *Node) { n.Anchor = "x" }, event.Unverifiable},
		"forged tag":          {good, func(n *Node) { n.Tags = append(n.Tags[1:], n.Tags[0]) }, event.BadSignature},
		"empty tag name":      {good, func(n *Node) { n.Tags = tagged("", "x").Tags }, event.Malformed},
		"129 tags":            {good, func(n *Node) { n.Tags = tagged(bytesText(2 * 129)...).Tags }, event.Malformed},
		"fault":               {good, func(n *Node) { n.Fault = "odd" }, event.Unverifiable},
		"announced too large": {good, func(n *Node) { n.Size = MaxItem + 1 }, event.TooLarge},
	} {
		n := nodeOf(it)
		n.Tags = append([]event.Tag{}, n.Tags...)
		c.change(&n)
		got, err := c.g.Item(t.Context(), n)
		if r := reasonOf(err); r != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
		if (err == nil) != (Verify(got) == nil) {
			t.Errorf("%s: returned an item that does not verify, or lost one that does", name)
		}
	}
}

func bytesText(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = "x"
	}
	return out
}

// TestOneBadItemDoesNotHideAPage: what is odd about an item is that item's fault alone.
func TestOneBadItemDoesNotHideAPage(t *testing.T) {
	id := func(i byte) string { return event.ID{i}.String() }
	var edges []string
	for i, odd := range []string{
		`"anchor":5`, `"tags":"x"`, `"tags":[{"name":5}]`, `"block":{"height":-1,"timestamp":1}`, `"block":{"height":1.5}`,
		`"data":{"size":"many"}`, `"owner":"me"`, `"owner":{"key":[]}`, `"signature":{}`, `"data":{"size":99999999999999999999}`,
		`"tags":[` + strings.Repeat(`{"name":"a","value":"b"},`, 100_000) + `{}]`,
	} {
		edges = append(edges, fmt.Sprintf(`{"cursor":"c","node":{"id":%q,%s}}`, id(byte(i+1)), odd))
	}
	g := serve(t, nil, graphQL(`{"data":{"transactions":{"edges":[`+strings.Join(edges, ",")+`]}}}`))
	nodes, err := g.Page(t.Context(), Query{}, "")
	if err != nil || len(nodes) != len(edges) {
		t.Fatal(len(nodes), err)
	}
	for i, n := range nodes {
		if _, err := g.Item(t.Context(), n); n.Fault == "" || reasonOf(err) != event.Unverifiable {
			t.Errorf("item %d: fault %q, %v", i+1, n.Fault, err)
		}
		if len(n.Tags) > maxTags {
			t.Errorf("item %d: %d tags", i+1, len(n.Tags))
		}
	}
}

func TestDownload(t *testing.T) {
	t.Parallel()
	data := bytes.Repeat([]byte("0123456789abcdef"), 1<<16) // 1 MiB
	breaks := func(ranges bool) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { // gives 300,000 bytes at a time and then breaks
			var from int
			if h := r.Header.Get("Range"); h != "" && ranges {
				fmt.Sscanf(h, "bytes=%d-", &from)
				w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(data)-1, len(data)))
				w.Header().Set("Content-Length", fmt.Sprint(len(data)-from))
				w.WriteHeader(http.StatusPartialContent)
			} else {
				fmt.Sscanf(h, "bytes=%d-", &from)
				w.Header().Set("Content-Length", fmt.Sprint(len(data)))
				w.Write(data[:from])
			}
			w.Write(data[from:min(len(data), from+300_000)])
		}
	}
	wrongRange := func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Range") == "" {
			breaks(true)(w, r)
			return
		}
		w.Header().Set("Content-Range", "bytes 0-1/2")
		w.WriteHeader(http.StatusPartialContent)
	}
	endless := func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(data); err != nil {
				return
			}
		}
	}
	steady := func(w http.ResponseWriter, _ *http.Request) { // takes longer than any one deadline, and is never slow
		for part := range slices.Chunk(data, len(data)/16) {
			w.Write(part)
			flush(w)
			time.Sleep(40 * time.Millisecond)
		}
	}
	for name, c := range map[string]struct {
		h    http.HandlerFunc
		max  int64
		want string // of the error; "" for none
	}{
		"whole":        {write(data), 1 << 20, ""},
		"steady":       {steady, 1 << 20, ""},
		"ranges":       {breaks(true), 1 << 20, ""},
		"no ranges":    {breaks(false), 1 << 20, ""},
		"one too many": {write(data), 1<<20 - 1, "too-large"},
		"endless":      {endless, 1 << 20, "too-large"},
		"wrong range":  {wrongRange, 1 << 20, "asked for bytes from"},
		"pending":      {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(202) }, 1 << 20, "not found"},
		"none":         {http.NotFound, 1 << 20, "not found"},
		"hangs":        {func(w http.ResponseWriter, r *http.Request) { hang(r) }, 1 << 20, "too slow"},
		"trickles":     {trickle, 1 << 20, "too slow"},
		"stalls":       {func(w http.ResponseWriter, r *http.Request) { w.Write(data[:9]); flush(w); hang(r) }, 1 << 20, "too slow"},
	} {
		g := serve(t, &Options{Header: 300 * time.Millisecond, Idle: 300 * time.Millisecond, Budget: time.Second}, rawData(c.h))
		sum := sha256.New()
		n, err := g.Download(t.Context(), idA, sum, c.max)
		if c.want == "" {
			if err != nil || n != int64(len(data)) || event.Hash(sum.Sum(nil)) != sha256.Sum256(data) {
				t.Errorf("%s: %d bytes, %v", name, n, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), c.want) || n > c.max {
			t.Errorf("%s: %d bytes, %v", name, n, err)
		}
	}
}

func TestEmptyData(t *testing.T) {
	g := serve(t, nil, rawData(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	if b, err := g.Data(t.Context(), idA, 10); err != nil || len(b) != 0 {
		t.Error(b, err)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestDownloadToAFullDisk(t *testing.T) {
	h, asked := failing(0, nil, write([]byte("data")))
	_, err := serve(t, nil, rawData(h)).Download(t.Context(), idA, fullDisk{}, 10)
	if err == nil || errors.Is(err, ErrTransient) || !strings.Contains(err.Error(), "disk full") || asked.Load() != 1 {
		t.Errorf("asked %d times: %v", asked.Load(), err)
	}
}

// TestBigDownload: 256 MiB pass through little memory.
func TestBigDownload(t *testing.T) {
	block := bytes.Repeat([]byte{7}, 1<<20)
	g := serve(t, nil, rawData(func(w http.ResponseWriter, _ *http.Request) {
		for range 256 {
			w.Write(block)
		}
	}))
	var n int64
	var err error
	grown := allocated(func() { n, err = g.Download(t.Context(), idA, io.Discard, 1<<30) })
	if err != nil || n != 256<<20 || grown > 4<<20 {
		t.Errorf("%d bytes, %v, %d bytes allocated", n, err, grown)
	}
}

func TestDataOutsideRaw(t *testing.T) {
	t.Parallel()
	data := []byte("some data")
	sandbox := func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://sandbox.invalid"+r.URL.Path, http.StatusFound)
	}
	for name, c := range map[string]struct {
		h    http.HandlerFunc
		want string // of the error; "" for none
	}{
		"by its id":      {write(data), ""},
		"too large":      {write(make([]byte, 20)), "too-large"},
		"in a sandbox":   {sandbox, "not found"},
		"nowhere at all": {http.NotFound, "not found"},
	} {
		mux := http.NewServeMux()
		mux.HandleFunc("GET /{id}", c.h)
		got, err := serve(t, &quick, mux).Data(t.Context(), idA, 10)
		if c.want == "" && (err != nil || !bytes.Equal(got, data)) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
		if c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}
