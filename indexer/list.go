package indexer

import (
	"context"
	"fmt"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/event"
)

// A lister lists windows. It keeps the width that the traffic allows from one pass to the next.
type lister struct {
	gw       Gateway
	queries  []query
	maxWidth uint64
	width    uint64
	full     atomic.Bool // a page came with as many items as were asked for: a shorter one is the last
}

// A part is the listing of heights from..to, or, of one crowded height, a piece of it.
type part struct {
	from, to uint64
	nodes    []found
	last     bool        // the listing of these heights is complete
	block    event.Block // of height to, in the last part of a window that reaches the tail
}

// A found node is one that the log may not have yet.
type found struct {
	ao.Node
	assignments bool // found by the query for assignments and by no other
}

// maxCrowd bounds how many items of one height a query lists: a gateway that makes them up would go on for ever.
const maxCrowd = 200_000

// run sends all heights from..top, window after window; those below tail are closed already. When it returns an error,
// what was sent with last is complete all the same.
func (l *lister) run(ctx context.Context, from, tail, top uint64, out chan<- part) error {
	for from <= top {
		to := min(from+l.width-1, top)
		size, err := l.window(ctx, from, to, to >= tail, out)
		if err != nil {
			return fmt.Errorf("list heights %d..%d: %w", from, to, err)
		}
		if size.crowded {
			l.width = size.fits
			continue
		}
		from = to + 1
		if 2*size.most < l.queries[0].First {
			l.width = min(2*l.width, l.maxWidth)
		}
	}
	return nil
}

// A size says how full a window was.
type size struct {
	most    int    // items of the query that has most
	crowded bool   // several heights, and more than a page for some query: nothing was sent, take less
	fits    uint64 // when crowded: a number of heights, at most half, that may fit on a page
}

// window sends the listing of a window. A page boundary within a window loses items on some gateways, therefore it has
// none, except within one height, where it cannot be helped.
func (l *lister) window(ctx context.Context, from, to uint64, closing bool, out chan<- part) (size, error) {
	heads := make([]head, len(l.queries))
	end := part{from: from, to: to, last: true}
	g, gctx := errgroup.WithContext(ctx)
	for i := range l.queries {
		g.Go(func() (err error) {
			heads[i], err = l.head(gctx, l.queries[i].between(from, to))
			return err
		})
	}
	if closing {
		g.Go(func() (err error) {
			end.block, err = l.gw.Block(gctx, to)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return size{}, err
	}
	if s := sizeOf(heads, from, to); s.crowded {
		return s, nil
	}
	seen := map[event.ID]bool{}
	for i, h := range heads {
		q := &l.queries[i]
		end.nodes = fresh(end.nodes, seen, q, to, h.nodes)
		if !h.more {
			continue
		}
		err := l.rest(ctx, q.between(from, to), h, func(page []ao.Node) error {
			piece := part{from: from, to: to, nodes: fresh(end.nodes, seen, q, to, page)}
			end.nodes = nil
			return send(ctx, out, piece)
		})
		if err != nil {
			return size{}, err
		}
	}
	return sizeOf(heads, from, to), send(ctx, out, end)
}

func sizeOf(heads []head, from, to uint64) size {
	s := size{fits: (to - from + 1) / 2}
	for _, h := range heads {
		s.most = max(s.most, len(h.nodes))
		if !h.more || from == to {
			continue
		}
		s.crowded = true
		if high := highest(h.nodes); high > from { // by height, so the last one on the page may go on behind it
			s.fits = min(s.fits, high-from)
		}
	}
	return s
}

func highest(nodes []ao.Node) (height uint64) {
	for i := range nodes {
		if b := nodes[i].Block; b != nil {
			height = max(height, b.Height)
		}
	}
	return height
}

// fresh appends the nodes that are not in seen. Pending ones are left out, and those that moved above the window: they
// are listed again when their height is due.
func fresh(nodes []found, seen map[event.ID]bool, q *query, to uint64, page []ao.Node) []found {
	for i := range page {
		n := &page[i]
		buried := n.Fault != "" || (n.Block != nil && n.Block.Height <= to)
		if buried && !seen[n.ID] && q.finds(n) {
			seen[n.ID] = true
			nodes = append(nodes, found{*n, q.assignments})
		}
	}
	return nodes
}

func send[T any](ctx context.Context, out chan<- T, v T) error {
	select {
	case out <- v:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A head is the beginning of a listing.
type head struct {
	nodes []ao.Node
	after string // cursor of the last node
	more  bool   // something follows
}

// head reads the first page, and a second one where a gateway may have given shorter pages than it was asked for. What
// it says about a next page is not asked: several say that there is none when there is one.
func (l *lister) head(ctx context.Context, q ao.Query) (head, error) {
	page, err := l.gw.Page(ctx, q, "")
	if err != nil || len(page) == 0 {
		return head{}, err
	}
	h := head{nodes: page, after: page[len(page)-1].Cursor}
	if len(page) >= q.First {
		l.full.Store(true)
		h.more = true
		return h, nil
	}
	if h.after == "" || l.full.Load() {
		return h, nil
	}
	second, err := l.gw.Page(ctx, q, h.after)
	if err != nil {
		return head{}, err
	}
	known := map[event.ID]bool{}
	for i := range page {
		known[page[i].ID] = true
	}
	h.more = addIDs(known, second)
	return h, nil
}

// rest pages through one crowded height until a page is empty or has nothing new.
func (l *lister) rest(ctx context.Context, q ao.Query, h head, take func([]ao.Node) error) error {
	known := map[event.ID]bool{}
	addIDs(known, h.nodes)
	for after := h.after; ; {
		if after == "" {
			return fmt.Errorf("height %d: a full page without a cursor: raise the page size or use another gateway", q.Min)
		}
		page, err := l.gw.Page(ctx, q, after)
		if err != nil {
			return err
		}
		if !addIDs(known, page) {
			return nil
		}
		if len(known) > maxCrowd {
			return fmt.Errorf("height %d: %w: more than %d", q.Min, ao.ErrTooMany, maxCrowd)
		}
		if err := take(page); err != nil {
			return err
		}
		after = page[len(page)-1].Cursor
	}
}

// addIDs reports whether a page has an id that is not known.
func addIDs(known map[event.ID]bool, page []ao.Node) bool {
	before := len(known)
	for i := range page {
		known[page[i].ID] = true
	}
	return len(known) > before
}
