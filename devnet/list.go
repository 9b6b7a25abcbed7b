package devnet

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"slices"
	"sort"

	"github.com/aobench/aobench/event"
)

// pageMax is the most items on one page; a larger `first` is silently this.
const pageMax = 100

// pendingHeight is where items without a block are listed: after all that have one.
const pendingHeight = 1<<63 - 1

// A filter says which items a listing has. Nil lists filter nothing; empty ones match nothing.
type filter struct {
	ids, recipients, bundles map[event.ID]bool
	owners                   map[string]bool // 43 characters of SHA-256 of the key, or the key
	tags                     []tagFilter     // all must match
	min, max                 uint64          // heights; max 0: no limit
}

type tagFilter struct {
	name   string
	values map[string]bool
}

// A place is where an item stands in a listing: by height, then id. It is also what a cursor holds, so that a page goes
// on from where the last one ended whatever was mined in between.
type place struct {
	height uint64
	id     event.ID
}

func (p place) compare(q place) int {
	if p.height != q.height {
		if p.height < q.height {
			return -1
		}
		return 1
	}
	return bytes.Compare(p.id[:], q.id[:])
}

func (p place) cursor() string {
	return base64.RawURLEncoding.EncodeToString(append(binary.BigEndian.AppendUint64(nil, p.height), p.id[:]...))
}

func parseCursor(s string) (place, error) {
	var p place
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) != 8+len(p.id) {
		//lint:ignore ST1005 these are the gateways' own words
		return p, errors.New("Invalid transaction cursor")
	}
	p.height = binary.BigEndian.Uint64(b)
	copy(p.id[:], b[8:])
	return p, nil
}

// A listed item is an entry as it was when it was listed.
type listed struct {
	place
	*entry
	block *block
}

// list returns up to first items that match, after the place of a cursor ("" for the beginning), and whether there are
// more.
func (n *Net) list(ctx context.Context, f *filter, after string, first int, ascending bool) ([]listed, bool, error) {
	var from *place
	if after != "" {
		p, err := parseCursor(after)
		if err != nil {
			return nil, false, err
		}
		from = &p
	}
	n.mu.RLock()
	defer n.mu.RUnlock()
	order := n.chain.span(f)
	if from != nil {
		order = beyond(order, *from, ascending)
	}
	var out []listed
	for i := range order {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, false, ctx.Err()
		}
		at := i
		if !ascending {
			at = len(order) - 1 - i
		}
		l := order[at].listed()
		if !f.match(l) {
			continue
		}
		if len(out) == first {
			return out, true, nil
		}
		out = append(out, l)
	}
	return out, false, nil
}

// beyond returns what follows a place in the direction of reading.
func beyond(order []*entry, p place, ascending bool) []*entry {
	if ascending {
		return order[sort.Search(len(order), func(i int) bool { return order[i].listed().compare(p) > 0 }):]
	}
	return order[:sort.Search(len(order), func(i int) bool { return order[i].listed().compare(p) >= 0 })]
}

// span returns the entries within the filter's heights or ids, in ascending order. Pending ones belong to it only when
// heights are not asked for.
func (c *chain) span(f *filter) []*entry {
	if f.ids != nil {
		var out []*entry
		for id := range f.ids {
			if e := c.items[id]; e != nil && f.spans(e.block) {
				out = append(out, e)
			}
		}
		slices.SortFunc(out, func(a, b *entry) int { return a.listed().compare(b.listed().place) })
		return out
	}
	lo := sort.Search(len(c.mined), func(i int) bool { return c.mined[i].block.height >= f.min })
	if f.bounded() {
		hi := len(c.mined)
		if f.max > 0 {
			hi = sort.Search(len(c.mined), func(i int) bool { return c.mined[i].block.height > f.max })
		}
		return c.mined[lo:max(lo, hi)]
	}
	pending := slices.Clone(c.pending)
	slices.SortFunc(pending, byID)
	return append(c.mined[:len(c.mined):len(c.mined)], pending...)
}

func (e *entry) listed() listed {
	p := place{pendingHeight, e.item.ID}
	if e.block != nil {
		p.height = e.block.height
	}
	return listed{p, e, e.block}
}

func (f *filter) bounded() bool { return f.min > 0 || f.max > 0 }

// spans says whether the heights of a filter include a block; nil is that of what is pending.
func (f *filter) spans(b *block) bool {
	if b == nil {
		return !f.bounded()
	}
	return b.height >= f.min && (f.max == 0 || b.height <= f.max)
}

// match looks at all but heights.
func (f *filter) match(l listed) bool {
	it := &l.item
	if f.ids != nil && !f.ids[it.ID] || f.recipients != nil && !f.recipients[it.Target] {
		return false
	}
	if f.bundles != nil && (l.block == nil || !f.bundles[l.block.bundle()]) {
		return false
	}
	if f.owners != nil {
		key := ownerKey(it)
		if !f.owners[keyAddress(key)] && !f.owners[base64.RawURLEncoding.EncodeToString(key)] {
			return false
		}
	}
	for _, want := range f.tags {
		if !slices.ContainsFunc(it.Tags, func(t event.Tag) bool { return t.Name == want.name && want.values[t.Value] }) {
			return false
		}
	}
	return true
}
