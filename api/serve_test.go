package api

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
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

func get1(t testing.TB, srv *httptest.Server, target string) (*http.Response, []byte) {
	t.Helper()
	res, err := http.Get(srv.URL + target)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, bytes.TrimSpace(b)
}
