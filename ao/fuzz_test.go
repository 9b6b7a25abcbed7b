package ao

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// FuzzParse: no bytes panic; what parses is written back as it was, and what also verifies is one of the seeds.
func FuzzParse(f *testing.F) {
	seeds := map[string]bool{}
	for _, b := range goldenItems(f) {
		if len(b) < 10_000 {
			f.Add(b)
			seeds[string(b)] = true
		}
	}
	f.Add(raw(1, 5, []byte{0xfe, 0xff, 0xff, 0xff, 0x0f}))
	f.Fuzz(func(t *testing.T, b []byte) {
		it, err := Parse(b)
		if err != nil {
			if r := reasonOf(err); r == "?" || r == "" {
				t.Fatal(err)
			}
			return
		}
		h, err := parseHeader(b)
		if err != nil || !bytes.Equal(h.bytes(), it.Signed) || !bytes.Equal(Binary(it), b) {
			t.Fatal("another encoding of the same item", err)
		}
		if Verify(it) == nil && !seeds[string(b)] {
			t.Fatal("a forgery verifies")
		}
	})
}

// FuzzPage: no answer panics, and no page is longer than it may be.
func FuzzPage(f *testing.F) {
	paths, _ := filepath.Glob("testdata/pages/*.json")
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"errors":[{"message":"x"}],"data":null}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var answer struct {
			Data struct {
				Transactions *struct{ Edges edges }
				Blocks       *struct{ Edges []struct{ Node *blockJSON } }
			}
			Errors qlErrors
		}
		if json.Unmarshal(b, &answer) != nil || answer.Data.Transactions == nil {
			return
		}
		if len(answer.Data.Transactions.Edges) > maxFirst {
			t.Fatal(len(answer.Data.Transactions.Edges))
		}
		for _, n := range answer.Data.Transactions.Edges {
			if n.ID.IsZero() || len(n.Tags) > maxTags || n.Size < 0 || len(n.Action()) > 100 {
				t.Fatalf("%+v", n)
			}
			if h, err := n.header(); err == nil && len(h.bytes()) > 10_000 {
				t.Fatal("a header of", len(h.bytes()))
			} else if err != nil && reasonOf(err) == "?" {
				t.Fatal(err)
			}
		}
	})
}

// FuzzJWK: no file panics, and a key that is taken is written as it can be read again.
func FuzzJWK(f *testing.F) {
	b, err := os.ReadFile("testdata/rsa.jwk")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	s, err := GenerateEthereum()
	if err != nil {
		f.Fatal(err)
	}
	b, _ = s.JWK()
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := ParseJWK(b)
		if err != nil {
			return
		}
		out, err := s.JWK()
		if err != nil {
			t.Fatal(err)
		}
		if back, err := ParseJWK(out); err != nil || back.Address() != s.Address() {
			t.Fatal(err)
		}
	})
}
