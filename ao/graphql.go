package ao

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/aobench/aobench/event"
)

// A TagFilter wants items that have one of the values under the name, exactly.
type TagFilter struct {
	Name   string
	Values []string
}

// A Query says which items to list. Each field that is not empty narrows it.
type Query struct {
	IDs        []event.ID
	Recipients []event.ID
	Owners     []event.Address // Arweave addresses: gateways do not know the owner of an Ethereum key by its 0x address
	Tags       []TagFilter
	Min, Max   uint64 // heights, both inclusive; 0 for none. With either, gateways leave out what is pending
	First      int    // items a page, at most 1000; 0 for 100, the most that every gateway allows
}

const (
	defaultFirst = 100
	maxFirst     = 1000
	maxListing   = 100_000 // items of one All
)

const nodeFields = `edges{cursor node{id anchor signature recipient owner{address key} tags{name value} data{size type} block{id height timestamp} bundledIn{id}}}`

// request writes the query as GraphQL with variables. A variable that is not set is not mentioned, since servers differ
// in what null and "" mean.
func (q *Query) request(after string) (string, map[string]any) {
	var decl, args strings.Builder
	vars := map[string]any{}
	add := func(arg, name, typ string, v any) {
		fmt.Fprintf(&decl, "$%s:%s,", name, typ)
		vars[name] = v
		args.WriteString(arg)
	}
	if len(q.IDs) > 0 {
		add("ids:$ids,", "ids", "[ID!]!", texts(q.IDs))
	}
	if len(q.Recipients) > 0 {
		add("recipients:$to,", "to", "[String!]!", texts(q.Recipients))
	}
	if len(q.Owners) > 0 {
		add("owners:$by,", "by", "[String!]!", texts(q.Owners))
	}
	if len(q.Tags) > 0 {
		args.WriteString("tags:[")
		for i, t := range q.Tags {
			add(fmt.Sprintf("{name:$n%d,", i), fmt.Sprintf("n%d", i), "String!", t.Name)
			add(fmt.Sprintf("values:$v%d},", i), fmt.Sprintf("v%d", i), "[String!]!", t.Values)
		}
		args.WriteString("],")
	}
	if q.Min > 0 || q.Max > 0 {
		args.WriteString("block:{")
		if q.Min > 0 {
			add("min:$min,", "min", "Int!", q.Min)
		}
		if q.Max > 0 {
			add("max:$max,", "max", "Int!", q.Max)
		}
		args.WriteString("},")
	}
	if after != "" {
		add("after:$after,", "after", "String!", after)
	}
	add("first:$first,", "first", "Int!", q.first())
	return "query(" + decl.String() + "){transactions(" + args.String() + "sort:HEIGHT_ASC){" + nodeFields + "}}", vars
}

func (q *Query) first() int {
	if q.First <= 0 {
		return defaultFirst
	}
	return min(q.First, maxFirst)
}

func texts[T fmt.Stringer](vs []T) []string {
	out := make([]string, len(vs))
	for i, v := range vs {
		out[i] = v.String()
	}
	return out
}

// Page asks for one page of the listing after a cursor of an earlier page; "" is the start. An answer with errors is a
// failure, whatever else it holds. An item that the gateway describes badly is in the page, and Item refuses it.
func (g *Gateway) Page(ctx context.Context, q Query, after string) ([]Node, error) {
	text, vars := q.request(after)
	var data struct {
		Transactions *struct {
			Edges edges `json:"edges"`
		} `json:"transactions"`
	}
	err := g.query(ctx, text, vars, &data)
	if err == nil && data.Transactions == nil {
		err = errNoData
	}
	if err != nil {
		return nil, fmt.Errorf("page after %.80q of %s: %w", after, g.Name(), err)
	}
	return data.Transactions.Edges, nil
}

var errNoData = errors.New("answered without data and without errors")

// All lists everything that the query finds, each id once. It pages until a page is empty or has nothing new, since
// gateways say that there is no next page when there is one, and give the same page for ever. ErrTooMany: take a
// narrower window. When it fails nothing is returned: half a listing must not look like a whole one.
func (g *Gateway) All(ctx context.Context, q Query) ([]Node, error) {
	var all []Node
	seen := map[event.ID]int{}
	for after := ""; ; {
		page, err := g.Page(ctx, q, after)
		if err != nil {
			return nil, err
		}
		fresh := false
		for _, n := range page {
			i, old := seen[n.ID]
			if !old {
				fresh = true
				seen[n.ID] = len(all)
				all = append(all, n)
			} else if n.Block != nil {
				all[i] = n // it moved while we paged: the later answer is the newer
			}
		}
		if !fresh {
			return all, nil
		}
		if len(all) > maxListing {
			return nil, fmt.Errorf("list %s: %w: more than %d", g.Name(), ErrTooMany, maxListing)
		}
		if after = page[len(page)-1].Cursor; after == "" {
			if len(page) < q.first() {
				return all, nil
			}
			return nil, fmt.Errorf("list %s: a full page without a cursor: take a narrower window", g.Name())
		}
	}
}

// query posts one GraphQL query and decodes its data.
func (g *Gateway) query(ctx context.Context, text string, vars map[string]any, data any) error {
	body, err := json.Marshal(map[string]any{"query": text, "variables": vars})
	if err != nil {
		return err
	}
	build := func(ctx context.Context) (*http.Request, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, g.graphql.String(), bytes.NewReader(body))
		if err == nil {
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Accept", "application/json")
		}
		return req, err
	}
	return g.door.call(ctx, request{build: build, read: func(resp *http.Response) error {
		if err := checkStatus(resp); err != nil {
			return err
		}
		if t := resp.Header.Get("Content-Type"); !strings.Contains(t, "json") {
			return fmt.Errorf("answered %.40q instead of JSON: %q", t, snippet(resp.Body))
		}
		answer := struct {
			Data   any      `json:"data"`
			Errors qlErrors `json:"errors"`
		}{Data: data}
		if err := decodeJSON(resp, &answer); err != nil {
			return err
		}
		if answer.Errors != "" {
			return fmt.Errorf("answered with errors: %q", string(answer.Errors))
		}
		return nil
	}})
}

// qlErrors is the beginning of an errors list; empty where there are none.
type qlErrors string

// UnmarshalJSON implements json.Unmarshaler.
func (e *qlErrors) UnmarshalJSON(b []byte) error {
	if s := string(b); s != "null" && s != "[]" {
		*e = qlErrors(s[:min(len(s), maxDetail)])
	}
	return nil
}

// blockQL asks for one block by GraphQL: that of a height, or the newest.
func (g *Gateway) blockQL(ctx context.Context, height *uint64) (*event.Block, error) {
	args, decl, vars := "sort:HEIGHT_DESC", "", map[string]any{}
	if height != nil {
		args, decl, vars["h"] = "height:{min:$h,max:$h}", "($h:Int!)", *height
	}
	var data struct {
		Blocks *struct {
			Edges []struct {
				Node *blockJSON `json:"node"`
			} `json:"edges"`
		} `json:"blocks"`
	}
	text := "query" + decl + "{blocks(" + args + ",first:1){edges{node{id height timestamp}}}}"
	if err := g.query(ctx, text, vars, &data); err != nil {
		return nil, err
	}
	if data.Blocks == nil {
		return nil, errNoData
	}
	if len(data.Blocks.Edges) == 0 || data.Blocks.Edges[0].Node == nil {
		return nil, fmt.Errorf("%w: no such block", ErrNotFound)
	}
	return data.Blocks.Edges[0].Node.block(), nil
}

// number53 is a number that may come in quotes. Fractions, signs and more than 2^53 are refused.
type number53 uint64

// UnmarshalJSON implements json.Unmarshaler.
func (n *number53) UnmarshalJSON(b []byte) error {
	s := strings.Trim(string(b), `"`)
	if s == "null" || s == "" {
		return nil
	}
	v, err := strconv.ParseUint(s, 10, 53)
	if err != nil {
		return fmt.Errorf("number %.30q: want a whole number below 2^53", s)
	}
	*n = number53(v)
	return nil
}
