package devnet_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/devnet"
	"github.com/aobench/aobench/devnet/devnettest"
	"github.com/aobench/aobench/event"
)

// do sends a request and returns status and body.
func do(t *testing.T, method, url string, body []byte, header ...string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

func sign(t *testing.T, n *devnet.Net, wallet string, d ao.Draft) event.Item {
	t.Helper()
	w, err := n.Wallet(wallet)
	if err != nil {
		t.Fatal(err)
	}
	it, err := w.Sign(d)
	if err != nil {
		t.Fatal(err)
	}
	return it
}

var protocol = []event.Tag{{Name: "Data-Protocol", Value: "ao"}, {Name: "Variant", Value: "ao.TN.1"}, {Name: "Type", Value: "Message"}}

func TestMessageUnit(t *testing.T) {
	n := devnettest.Open(t, devnet.Options{})
	g, url := devnettest.Gateway(t, n)
	it := sign(t, n, "user", ao.Draft{Target: n.Pool(), Tags: protocol, Data: []byte("hello")})
	b := ao.Binary(it)
	if code, body := do(t, "POST", url+"/", b); code != 202 || !strings.Contains(body, `"message":"Processing DataItem"`) || !strings.Contains(body, it.ID.String()) {
		t.Errorf("first time: %d %s", code, body)
	}
	if code, body := do(t, "POST", url+"/", b); code != 400 || !strings.Contains(body, "Message already exists") {
		t.Errorf("again: %d %s", code, body)
	}
	u, err := ao.NewUnit(url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	if err := u.Send(t.Context(), it); err != nil {
		t.Error("a client that lost the answer and sends again:", err)
	}
	if got := listed(t, g, ao.Query{IDs: []event.ID{it.ID}}); len(got) != 1 || string(got[0].Data) != "hello" {
		t.Errorf("listed: %v", got)
	}
	flipped := bytes.Clone(b)
	flipped[len(b)-1] ^= 1
	bomb := bytes.Clone(b[:2+65+65]) // type, signature, key; then no target, no anchor, one tag of five bytes that claims 2^31
	bomb = append(bomb, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0x80, 0x80, 0x80, 0x80, 0x10)
	for name, c := range map[string]struct {
		body []byte
		code int
	}{
		"nothing":       {nil, 400},
		"cut":           {b[:len(b)/2], 400},
		"flipped":       {flipped, 400},
		"tag bomb":      {bomb, 400},
		"text":          {[]byte("hello"), 400},
		"too large":     {make([]byte, devnet.MaxMessage+1), 413},
		"no protocol":   {ao.Binary(sign(t, n, "user", ao.Draft{Target: n.Pool()})), 400},
		"no target":     {ao.Binary(sign(t, n, "user", ao.Draft{Tags: protocol})), 400},
		"no Module":     {ao.Binary(sign(t, n, "user", ao.Draft{Tags: []event.Tag{protocol[0], {Name: "Type", Value: "Process"}}})), 400},
		"an assignment": {ao.Binary(sign(t, n, "user", ao.Draft{Tags: []event.Tag{protocol[0], {Name: "Type", Value: "Assignment"}}})), 400},
	} {
		if code, body := do(t, "POST", url+"/", c.body); code != c.code || !strings.Contains(body, `"error"`) {
			t.Errorf("%s: %d %s, want %d", name, code, body, c.code)
		}
	}
}

func TestUpload(t *testing.T) {
	n := devnettest.Open(t, devnet.Options{})
	g, url := devnettest.Gateway(t, n)
	model := bytes.Repeat([]byte("0123456789"), 200_000)
	it := sign(t, n, "user", ao.Draft{Tags: []event.Tag{tag("Content-Type", "application/x-gguf")}, Data: model})
	for range 2 { // a bundler takes the same bytes again
		if code, body := do(t, "POST", url+"/tx", ao.Binary(it)); code != 200 || !strings.Contains(body, it.ID.String()) {
			t.Fatalf("%d %s", code, body)
		}
	}
	if err := n.Upload(it); !errors.Is(err, devnet.ErrExists) {
		t.Errorf("got %v, want ErrExists", err)
	}
	for _, path := range []string{"/raw/", "/"} {
		if code, body := do(t, "GET", url+path+it.ID.String(), nil); code != 200 || body != string(model) {
			t.Errorf("%s: %d, %d bytes", path, code, len(body))
		}
		if code, body := do(t, "GET", url+path+it.ID.String(), nil, "Range", "bytes=1000003-1000005"); code != 206 || body != "345" {
			t.Errorf("%s: a range: %d %q", path, code, body)
		}
	}
	if code, _ := do(t, "GET", url+"/raw/"+it.ID.String(), nil, "Range", "bytes=9999999-"); code != 416 {
		t.Errorf("a range beyond the end: %d", code)
	}
	got := listed(t, g, ao.Query{IDs: []event.ID{it.ID}}) // checks the signature over all of it
	if len(got) != 1 || !bytes.Equal(got[0].Data, model) {
		t.Error("the gateway does not give what was uploaded")
	}
	for path, want := range map[string]int{"/raw/" + n.Pool().String(): 200, "/raw/" + event.ID{1}.String(): 404, "/raw/..%2fjournal": 404, "/nothing": 404} {
		if code, body := do(t, "GET", url+path, nil); code != want {
			t.Errorf("%s: %d %s, want %d", path, code, body, want)
		}
	}
	// A message that was only uploaded has no nonce.
	hidden := sign(t, n, "user", ao.Draft{Target: n.Pool(), Tags: protocol})
	if code, body := do(t, "POST", url+"/bundler/tx", ao.Binary(hidden)); code != 200 {
		t.Errorf("%d %s", code, body)
	}
	for _, a := range assignments(t, g, n, n.Pool()) {
		if a.Message == hidden.ID {
			t.Error("an upload was scheduled")
		}
	}
}

func TestStatusAndClock(t *testing.T) {
	n := devnettest.Open(t, devnet.Options{StartHeight: 7})
	_, url := devnettest.Gateway(t, n)
	var s struct {
		Token, Pool, Authority, Scheduler string
		Height                            uint64
		Clock                             event.Millis
	}
	code, body := do(t, "POST", url+"/devnet/advance?by=1h", nil)
	if err := json.Unmarshal([]byte(body), &s); err != nil || code != 200 {
		t.Fatalf("%d %s", code, body)
	}
	if s.Token != n.Token().String() || s.Pool != n.Pool().String() || s.Scheduler != n.Scheduler().String() || s.Height != 37 || s.Clock != devnet.DefaultStart+3_600_000 {
		t.Errorf("%+v", s)
	}
	for path, want := range map[string]int{
		"POST /devnet/mine?blocks=3": 200, "POST /devnet/mine": 200, "POST /devnet/mine?blocks=x": 400, "POST /devnet/mine?blocks=-1": 400,
		"POST /devnet/advance?by=-1h": 400, "POST /devnet/advance?by=2000000h": 400, "POST /devnet/advance": 400, "GET /devnet/mine": 405,
		"GET /devnet": 200, "GET /": 200, "GET /info": 200, "GET /block/current": 200, "GET /block/height/7": 200, "GET /block/height/6": 404,
		"GET /block/height/99999999999999999999": 400, "OPTIONS /graphql": 204, "GET /graphql": 404,
	} {
		method, path, _ := strings.Cut(path, " ")
		if code, body := do(t, method, url+path, nil); code != want {
			t.Errorf("%s %s: %d %s, want %d", method, path, code, body, want)
		}
	}
	if n.Height() != 41 {
		t.Errorf("height %d, want 41", n.Height())
	}
}

func TestServe(t *testing.T) {
	n := devnettest.Open(t, devnet.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	url, wait, err := n.Serve(ctx, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if code, body := do(t, "GET", url+"/info", nil); code != 200 {
		t.Errorf("%d %s", code, body)
	}
	http.DefaultClient.CloseIdleConnections()
	cancel()
	if err := wait(); err != nil {
		t.Error(err)
	}
	if _, _, err := n.Serve(t.Context(), "256.0.0.1:0"); err == nil {
		t.Error("an impossible address was taken")
	}
}

func TestRun(t *testing.T) {
	n := devnettest.Open(t, devnet.Options{})
	start := n.Height()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3500*time.Millisecond)
		defer cancel()
		if err := n.Run(ctx, time.Second); err != nil {
			t.Error(err)
		}
	})
	if got := n.Height() - start; got != 3 {
		t.Errorf("%d blocks in 3.5 seconds, want 3", got)
	}
	n.Close()
	if err := n.Run(t.Context(), time.Millisecond); err == nil {
		t.Error("a closed devnet goes on")
	}
}
