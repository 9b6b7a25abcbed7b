package ao

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aobench/aobench/event"
)

func TestSend(t *testing.T) {
	it := typicalItem(t)
	answer := func(code int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code); fmt.Fprint(w, body) }
	}
	took := answer(202, fmt.Sprintf(`{"message":"Processing DataItem","id":%q}`, it.ID))
	for name, c := range map[string]struct {
		h         http.HandlerFunc
		ok        bool
		transient bool
	}{
		"took":             {took, true, false},
		"took, 200":        {answer(200, fmt.Sprintf(`{"id":%q,"extra":[1]}`, it.ID)), true, false},
		"another id":       {answer(202, fmt.Sprintf(`{"id":%q}`, idA)), false, true},
		"no JSON":          {answer(202, "fine"), false, true},
		"has it":           {answer(400, `{"error":"Message already exists"}`), true, false},
		"has it, 500":      {answer(500, `Error: message Already Exists for process`), true, false},
		"does not want it": {answer(400, `{"error":"invalid"}`), false, false},
		"forbidden":        {answer(403, ``), false, false},
		"down":             {answer(503, ``), false, true},
		"busy":             {busy("999"), false, true},
		"endless answer":   {func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, 1<<20)) }, false, false},
		"redirects our item": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusTemporaryRedirect)
		}, false, false},
	} {
		u := unit(t, &quick, c.h)
		err := u.Send(t.Context(), it)
		if (err == nil) != c.ok || errors.Is(err, ErrTransient) != c.transient {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func unit(t *testing.T, o *Options, h http.HandlerFunc) *Unit {
	s := httptest.NewServer(h)
	u, err := NewUnit(s.URL, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { u.Close(); s.Close() })
	return u
}

// TestSendRepeatsTheSameBytes: a retry is the same message, never a second one.
func TestSendRepeatsTheSameBytes(t *testing.T) {
	t.Parallel()
	it := typicalItem(t)
	var bodies [][]byte
	u := unit(t, &Options{Budget: 20 * time.Second}, func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		if bodies = append(bodies, b); len(bodies) < 3 {
			http.Error(w, "down", http.StatusBadGateway)
			return
		}
		if r.Header.Get("Content-Type") != "application/octet-stream" {
			t.Error(r.Header)
		}
		fmt.Fprintf(w, `{"id":%q}`, it.ID)
	})
	if err := u.Send(t.Context(), it); err != nil {
		t.Fatal(err)
	}
	if len(bodies) != 3 {
		t.Fatal(len(bodies), "tries")
	}
	for _, b := range bodies {
		if !bytes.Equal(b, Binary(it)) {
			t.Error("other bytes than were signed")
		}
	}
	it.Blob = &event.Blob{}
	if err := u.Send(t.Context(), it); err == nil {
		t.Error("sent an item without its data")
	}
}
