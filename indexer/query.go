package indexer

import (
	"slices"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/event"
)

// A query is one of the listings of a window.
type query struct {
	ao.Query
	assignments bool // what it finds is there to be an assignment, and nothing else
}

// queries selects by who gets or sends, never by Action: processes read tags in ways that a filter cannot follow. The
// token's items to the process come with the first query and the process's items to the token with the second; so of
// the token's own traffic, which may be 10^7 items, only transfers to the process are asked for. Assignments are not
// filtered by Type: those before May 2024 have none. They come last: what another query finds too was found by that.
func (c *Config) queries() []query {
	pool := c.Process.String()
	qs := []query{
		{Query: ao.Query{Recipients: []event.ID{c.Process}}},
		{Query: ao.Query{Tags: []ao.TagFilter{{Name: "From-Process", Values: []string{pool}}}}},
	}
	for _, token := range c.Tokens {
		qs = append(qs, query{Query: ao.Query{
			Recipients: []event.ID{token},
			Tags:       []ao.TagFilter{{Name: "Recipient", Values: []string{pool}}},
		}})
	}
	var owners []event.Address
	for _, a := range c.Schedulers {
		if _, arweave := a.ID(); arweave {
			owners = append(owners, a)
		}
	}
	if len(owners) > 0 { // without owners it would list what strangers sign
		qs = append(qs, query{assignments: true, Query: ao.Query{
			Owners: owners, Tags: []ao.TagFilter{{Name: "Process", Values: []string{pool}}},
		}})
	}
	for i := range qs {
		qs[i].First = c.Page
	}
	return qs
}

// finds reports whether the query could have found the node, so that a gateway that ignores a filter costs nothing but
// its own pages. The owner is not looked at: that is the gateway's word until the signature is checked. A node that
// could not be read counts as found: it has to be tried again.
func (q *query) finds(n *ao.Node) bool {
	if n.Fault != "" {
		return true
	}
	if len(q.Recipients) > 0 && !slices.ContainsFunc(q.Recipients, func(id event.ID) bool { return id.String() == n.Recipient }) {
		return false
	}
	for _, f := range q.Tags {
		if !slices.ContainsFunc(n.Tags, func(t event.Tag) bool { return t.Name == f.Name && slices.Contains(f.Values, t.Value) }) {
			return false
		}
	}
	return true
}

// between returns the query for heights from..to, both inclusive.
func (q *query) between(from, to uint64) ao.Query {
	w := q.Query
	w.Min, w.Max = from, to
	return w
}
