package devnet_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/devnet"
	"github.com/aobench/aobench/devnet/devnettest"
	"github.com/aobench/aobench/event"
)

func TestQueryBombs(t *testing.T) {
	_, _, url := populated(t)
	var fragments strings.Builder
	for i := range 30 {
		fmt.Fprintf(&fragments, "fragment F%d on Query{...F%d ...F%d}\n", i, i+1, i+1)
	}
	for name, q := range map[string]string{
		"aliases":   "{" + strings.Repeat("a:transactions(first:100){edges{node{signature}}} ", 1000) + "}",
		"different": "{" + numbered(1000, "a%d:transactions(first:100){edges{node{signature}}} ") + "}",
		"fragments": "{...F0}" + fragments.String() + "fragment F30 on Query{block{id}}",
		"depth":     "{__schema{types" + strings.Repeat("{fields{type", 40) + "{name}" + strings.Repeat("}}", 40) + "}}",
		"overlap":   "{transactions{edges{node{" + strings.Repeat("id ", 20000) + "}}}}",
		"pairs":     "{" + strings.Repeat("transactions{edges{node{owner{key address}}}} ", 2500) + "}",
		"syntax":    "{transactions(",
		"unknown":   "{nothing}",
		"overflow":  "{transactions(block:{max:99999999999}){edges{node{id}}}}",
		"negative":  "{transactions(block:{min:-1}){edges{node{id}}}}",
	} {
		if data, errs := ask(t, url, q, nil); errs == "" {
			t.Errorf("%s: answered %.100v", name, data)
		}
	}
	resp, err := http.Post(url+"/graphql", "application/json", strings.NewReader(`{"query":"`+strings.Repeat(" ", 1<<20)+`"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if b, _ := io.ReadAll(resp.Body); resp.StatusCode != http.StatusBadRequest {
		t.Errorf("a query of 1 MiB: %d %s", resp.StatusCode, b)
	}
}

func numbered(n int, format string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

// TestTogether has writers, readers and a clock at once; it is worth most with -race.
func TestTogether(t *testing.T) {
	n := devnettest.Open(t, devnet.Options{})
	g, url := devnettest.Gateway(t, n)
	u, err := ao.NewUnit(url, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer u.Close()
	const writers, each = 4, 5
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				s, err := n.Wallet(fmt.Sprint("user-", w))
				if err != nil {
					t.Error(err)
					return
				}
				it, err := s.Sign(ao.Draft{Target: n.Pool(), Tags: protocol, Data: fmt.Append(nil, i)})
				if err == nil {
					err = u.Send(t.Context(), it)
				}
				if err == nil {
					_, err = g.All(t.Context(), ao.Query{Recipients: []event.ID{n.Pool()}})
				}
				if err == nil {
					err = n.Mine(1)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if got := len(assignments(t, g, n, n.Pool())); got != writers*each+1 {
		t.Errorf("%d assignments, want %d", got, writers*each+1)
	}
	checkDense(t, n)
}

func BenchmarkPost(b *testing.B) {
	n := devnettest.Open(b, devnet.Options{})
	w, err := n.Wallet("user")
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		it, err := w.Sign(ao.Draft{Target: n.Pool(), Tags: protocol, Data: fmt.Append(nil, i)})
		if err == nil {
			err = n.Post(it)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
