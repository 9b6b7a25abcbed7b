package devnet_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/devnet"
	"github.com/aobench/aobench/devnet/devnettest"
	"github.com/aobench/aobench/event"
)

// ask posts a query as any client would, and returns the answer's data and the text of its errors.
func ask(t *testing.T, url, query string, vars map[string]any) (data map[string]any, errs string) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": vars})
	if err != nil {
		t.Fatal(err)
	}
	client := http.Client{Timeout: 20 * time.Second} // nothing a stranger asks may take long
	resp, err := client.Post(url+"/graphql", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var answer struct {
		Data   map[string]any
		Errors json.RawMessage
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("status %d, %v", resp.StatusCode, err)
	}
	return answer.Data, string(answer.Errors)
}

func idsOf(nodes []ao.Node) []string {
	var out []string
	for _, n := range nodes {
		out = append(out, n.ID.String())
	}
	return out
}

// populated has 30 messages to the pool, in blocks of 10 and the last 10 pending.
func populated(t *testing.T) (*devnet.Net, *ao.Gateway, string) {
	t.Helper()
	n := devnettest.Open(t, devnet.Options{})
	g, url := devnettest.Gateway(t, n)
	for i := range 30 {
		user := fmt.Sprint("user-", i%3)
		send(t, n, fmt.Sprint(i), user, ao.Draft{Target: n.Pool(), Tags: []event.Tag{tag("N", fmt.Sprint(i)), tag("User", user), tag("Content-Type", "text/plain")}})
		if i == 9 || i == 19 {
			if err := n.Mine(1); err != nil {
				t.Fatal(err)
			}
		}
	}
	return n, g, url
}

func TestPages(t *testing.T) {
	n, g, url := populated(t)
	all, err := g.All(t.Context(), ao.Query{Recipients: []event.ID{n.Pool()}})
	if err != nil || len(all) != 30 {
		t.Fatalf("%d items, %v", len(all), err)
	}
	for i := 1; i < len(all); i++ {
		a, b := all[i-1], all[i]
		switch {
		case a.Block == nil && b.Block != nil:
			t.Error("pending before mined")
		case a.Block != nil && b.Block != nil && a.Block.Height > b.Block.Height:
			t.Error("heights fall")
		case (a.Block == nil) == (b.Block == nil) && (a.Block == nil || a.Block.Height == b.Block.Height) && bytes.Compare(a.ID[:], b.ID[:]) >= 0:
			t.Error("within a block, not by id")
		}
	}
	for _, first := range []int{1, 7, 10, 29, 30, 31} {
		paged, err := g.All(t.Context(), ao.Query{Recipients: []event.ID{n.Pool()}, First: first})
		if err != nil || !slices.Equal(idsOf(paged), idsOf(all)) {
			t.Errorf("pages of %d: %d items, %v", first, len(paged), err)
		}
	}
	// The other direction, by the cursors of a plain client.
	var down []string
	const q = `query($p:[String!]!,$a:String){transactions(recipients:$p,first:7,after:$a){pageInfo{hasNextPage} edges{cursor node{id}}}}`
	for after, more := any(nil), true; more; {
		data, errs := ask(t, url, q, map[string]any{"p": []string{n.Pool().String()}, "a": after})
		if errs != "" {
			t.Fatal(errs)
		}
		c := data["transactions"].(map[string]any)
		for _, e := range c["edges"].([]any) {
			down = append(down, e.(map[string]any)["node"].(map[string]any)["id"].(string))
			after = e.(map[string]any)["cursor"]
		}
		more = c["pageInfo"].(map[string]any)["hasNextPage"].(bool)
	}
	slices.Reverse(down)
	if d := cmp.Diff(idsOf(all), down); d != "" {
		t.Error("descending", d)
	}
}

func TestCursorOutlivesMining(t *testing.T) {
	n, g, _ := populated(t)
	q := ao.Query{Recipients: []event.ID{n.Pool()}, First: 15}
	page, err := g.Page(t.Context(), q, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Mine(3); err != nil {
		t.Fatal(err)
	}
	rest, err := g.Page(t.Context(), q, page[len(page)-1].Cursor)
	if err != nil || len(rest) != 15 {
		t.Errorf("%d after mining, want 15; %v", len(rest), err)
	}
	if _, err := g.Page(t.Context(), q, "nonsense"); err == nil || !strings.Contains(err.Error(), "Invalid transaction cursor") {
		t.Errorf("a bad cursor: %v", err)
	}
}

func TestFilters(t *testing.T) {
	n, g, url := populated(t)
	h := n.Height()
	pool := []event.ID{n.Pool()}
	someID, err := g.Page(t.Context(), ao.Query{Recipients: pool}, "")
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		q    ao.Query
		want int
	}{
		"heights":         {ao.Query{Recipients: pool, Min: h - 1, Max: h}, 20},
		"one height":      {ao.Query{Recipients: pool, Min: h, Max: h}, 10},
		"from":            {ao.Query{Recipients: pool, Min: h}, 10},
		"beyond the tip":  {ao.Query{Recipients: pool, Min: h + 1, Max: h + 9}, 0},
		"crossed":         {ao.Query{Recipients: pool, Min: h, Max: h - 1}, 0},
		"or":              {ao.Query{Tags: []ao.TagFilter{{Name: "N", Values: []string{"1", "2", "99"}}}}, 2},
		"and":             {ao.Query{Tags: []ao.TagFilter{{Name: "N", Values: []string{"1", "2"}}, {Name: "User", Values: []string{"user-1"}}}}, 1},
		"case of a name":  {ao.Query{Tags: []ao.TagFilter{{Name: "n", Values: []string{"1"}}}}, 0},
		"case of a value": {ao.Query{Tags: []ao.TagFilter{{Name: "User", Values: []string{"USER-1"}}}}, 0},
		"owner":           {ao.Query{Owners: []event.Address{n.Scheduler()}, Tags: []ao.TagFilter{{Name: "Process", Values: []string{n.Pool().String()}}}}, 31},
		"another owner":   {ao.Query{Owners: []event.Address{n.Authority()}, Recipients: pool}, 0},
		"ids":             {ao.Query{IDs: []event.ID{someID[0].ID, someID[29].ID, {1}}}, 2},
		"ids with blocks": {ao.Query{IDs: []event.ID{someID[0].ID, someID[29].ID}, Min: 1}, 1},
		"ids above":       {ao.Query{IDs: []event.ID{someID[0].ID, someID[29].ID}, Min: h}, 0},
		"ids below":       {ao.Query{IDs: []event.ID{someID[0].ID, someID[10].ID, someID[29].ID}, Max: h - 1}, 1},
	} {
		got, err := g.All(t.Context(), c.q)
		if err != nil || len(got) != c.want {
			t.Errorf("%s: %d items, want %d; %v", name, len(got), c.want, err)
		}
	}
	// An owner may also be named by key, and an Ethereum key goes by its hash as gateways have it.
	for _, who := range []string{someID[0].Key, someID[0].Address} {
		data, errs := ask(t, url, `query($o:[String!]!){transactions(owners:$o,recipients:["`+n.Pool().String()+`"],first:100){edges{node{id}}}}`, map[string]any{"o": []string{who}})
		if got := len(data["transactions"].(map[string]any)["edges"].([]any)); got != 10 {
			t.Errorf("owner %.20s: %d items %s", who, got, errs)
		}
	}
}

func TestSelections(t *testing.T) {
	n, g, url := populated(t)
	mined, err := g.Page(t.Context(), ao.Query{Recipients: []event.ID{n.Pool()}, First: 1}, "")
	if err != nil {
		t.Fatal(err)
	}
	data, errs := ask(t, url, `query Q($id:ID!,$with:Boolean!){
	  one: transaction(id:$id){...F bundledIn{id} parent{id} fee{winston} quantity{ar} signatureType}
	  none: transaction(id:"x"){id}
	  again: transactions(ids:[$id]){edges{node{...F @include(if:$with)}}}
	  block{height}
	  blocks(height:{min:`+fmt.Sprint(n.Height()-1)+`},first:1,sort:HEIGHT_ASC){pageInfo{hasNextPage} edges{cursor node{height timestamp id previous}}}
	} fragment F on Transaction{__typename id owner{address} data{size type} block{height timestamp}}`, map[string]any{"id": mined[0].ID.String(), "with": false})
	if errs != "" {
		t.Fatal(errs)
	}
	one := data["one"].(map[string]any)
	want := map[string]any{
		"__typename": "Transaction", "id": mined[0].ID.String(), "owner": map[string]any{"address": mined[0].Address}, "signatureType": 3.0,
		"data": map[string]any{"size": "1", "type": "text/plain"}, "fee": map[string]any{"winston": "0"}, "quantity": map[string]any{"ar": "0.000000000000"},
		"block":     map[string]any{"height": float64(mined[0].Block.Height), "timestamp": float64(mined[0].Block.Time / 1000)},
		"bundledIn": one["bundledIn"], "parent": one["bundledIn"],
	}
	if d := cmp.Diff(want, one); d != "" {
		t.Error(d)
	}
	blocks := data["blocks"].(map[string]any)
	if data["none"] != nil || blocks["pageInfo"].(map[string]any)["hasNextPage"] != true || len(blocks["edges"].([]any)) != 1 {
		t.Error(data)
	}
	if again := data["again"].(map[string]any)["edges"].([]any)[0].(map[string]any)["node"].(map[string]any); len(again) != 0 {
		t.Error("not to be included:", slices.Collect(maps.Keys(again)))
	}
	bundle := one["bundledIn"].(map[string]any)["id"]
	if data, errs := ask(t, url, `query($b:[ID!]){transactions(bundledIn:$b,first:100){edges{node{id}}}}`, map[string]any{"b": []any{bundle}}); len(data["transactions"].(map[string]any)["edges"].([]any)) < 20 {
		t.Error("bundledIn", data, errs)
	}
	// Clients find out by introspection what a gateway can do.
	if data, errs := ask(t, url, introspection, nil); errs != "" || data["__schema"] == nil {
		t.Error("introspection", errs)
	}
}

const introspection = `{__schema{queryType{name} types{kind name description fields(includeDeprecated:true){name args{...I} type{...T}} inputFields{...I} enumValues{name}} directives{name locations args{...I}}}}
fragment I on __InputValue{name description type{...T} defaultValue}
fragment T on __Type{kind name ofType{kind name ofType{kind name ofType{kind name ofType{kind name ofType{kind name ofType{kind name ofType{kind name}}}}}}}}`
