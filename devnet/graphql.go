package devnet

import (
	"context"
	_ "embed"
	"encoding/base64"
	"errors"
	"strconv"

	"github.com/graph-gophers/graphql-go"

	"github.com/aobench/aobench/event"
)

//go:embed schema.graphql
var schemaText string

// Limits of one GraphQL request.
const (
	maxQuery      = 128 << 10
	maxSelections = 400    // fields, after fragments and aliases: a page asks for some 25
	maxDepth      = 16     // an introspection query needs 14
	maxOverlap    = 50_000 // pairs of fields of one name that validation compares
)

func newSchema(n *Net) *graphql.Schema {
	return graphql.MustParseSchema(schemaText, &queries{n}, graphql.UseFieldResolvers(),
		graphql.MaxDepth(maxDepth), graphql.MaxQueryLength(maxQuery), graphql.MaxSelections(maxSelections), graphql.OverlapValidationLimit(maxOverlap))
}

// queries answers the schema's Query.
type queries struct{ net *Net }

type transactionsArgs struct {
	IDs        *[]graphql.ID
	Owners     *[]string
	Recipients *[]string
	Tags       *[]tagArg
	BundledIn  *[]graphql.ID
	Parent     *[]graphql.ID
	Block      *heights
	First      int32
	After      *string
	Sort       string
}

type tagArg struct {
	Name   string
	Values []string
	Op     string
}

type heights struct{ Min, Max *int32 }

type connection struct {
	PageInfo pageInfo
	Edges    []edge
}

type pageInfo struct{ HasNextPage bool }

type edge struct {
	Cursor string
	Node   transaction
}

// Transactions resolves one page.
func (q *queries) Transactions(ctx context.Context, args transactionsArgs) (*connection, error) {
	f, err := args.filter()
	if err != nil {
		return nil, err
	}
	first, ascending := paging(args.First, args.Sort)
	found, more, err := q.net.list(ctx, f, deref(args.After), first, ascending)
	if err != nil {
		return nil, err
	}
	c := &connection{PageInfo: pageInfo{more}, Edges: make([]edge, len(found))}
	for i, l := range found {
		c.Edges[i] = edge{l.cursor(), newTransaction(l)}
	}
	return c, nil
}

// Transaction resolves one item by id.
func (q *queries) Transaction(ctx context.Context, args struct{ ID graphql.ID }) (*transaction, error) {
	f := &filter{ids: idSet(&[]graphql.ID{args.ID})}
	found, _, err := q.net.list(ctx, f, "", 1, true)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	t := newTransaction(found[0])
	return &t, nil
}

func (a *transactionsArgs) filter() (*filter, error) {
	bundles := a.BundledIn
	if bundles == nil {
		bundles = a.Parent
	}
	f := &filter{ids: idSet(a.IDs), recipients: idSet(a.Recipients), bundles: idSet(bundles)}
	if a.Owners != nil {
		f.owners = stringSet(*a.Owners)
	}
	if a.Tags != nil {
		for _, t := range *a.Tags {
			f.tags = append(f.tags, tagFilter{t.Name, stringSet(t.Values)})
		}
	}
	var err error
	f.min, f.max, err = a.Block.span()
	return f, err
}

// span returns the bounds, 0 for none. A block has a height above 0, so `max: 0` is answered like nothing above it.
func (h *heights) span() (low, high uint64, err error) {
	if h == nil {
		return 0, 0, nil
	}
	if deref(h.Min) < 0 || deref(h.Max) < 0 {
		return 0, 0, errors.New("block heights must not be negative")
	}
	low, high = uint64(deref(h.Min)), uint64(deref(h.Max))
	if h.Max != nil && high == 0 {
		return 1, 1, nil
	}
	return low, high, nil
}

func paging(first int32, sort string) (count int, ascending bool) {
	return int(min(max(first, 0), pageMax)), sort == "HEIGHT_ASC"
}

// idSet returns nil for no list. What is no id matches nothing, as on a gateway.
func idSet[S ~string](list *[]S) map[event.ID]bool {
	if list == nil {
		return nil
	}
	set := map[event.ID]bool{}
	for _, s := range *list {
		if id, err := event.ParseID(string(s)); err == nil {
			set[id] = true
		}
	}
	return set
}

func stringSet(list []string) map[string]bool {
	set := map[string]bool{}
	for _, s := range list {
		set[s] = true
	}
	return set
}

func deref[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}

func base64url(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func decimal(n uint64) string { return strconv.FormatUint(n, 10) }
