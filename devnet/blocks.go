package devnet

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/graph-gophers/graphql-go"
)

type blocksArgs struct {
	IDs    *[]graphql.ID
	Height *heights
	First  int32
	After  *string
	Sort   string
}

type blockConnection struct {
	PageInfo pageInfo
	Edges    []blockEdge
}

type blockEdge struct {
	Cursor string
	Node   blockNode
}

// Blocks resolves one page of blocks. Cursors are heights.
func (q *queries) Blocks(_ context.Context, args blocksArgs) (*blockConnection, error) {
	low, high, err := args.Height.span()
	if err != nil {
		return nil, err
	}
	first, ascending := paging(args.First, args.Sort)
	q.net.mu.RLock()
	defer q.net.mu.RUnlock()
	c := &q.net.chain
	low = max(low, c.Height)
	if high == 0 || high > c.height() {
		high = c.height()
	}
	if after := deref(args.After); after != "" {
		h, err := strconv.ParseUint(after, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("block cursor %.40q is not a height", after)
		}
		if ascending {
			low = max(low, h+1)
		} else {
			high = min(high, max(h, 1)-1)
		}
	}
	out := &blockConnection{Edges: []blockEdge{}}
	for ; low <= high && !out.PageInfo.HasNextPage; low, high = step(low, high, ascending) {
		b := c.at(low)
		if !ascending {
			b = c.at(high)
		}
		if args.IDs != nil && !slices.Contains(*args.IDs, graphql.ID(base64url(b.id[:]))) {
			continue
		}
		if len(out.Edges) == first {
			out.PageInfo.HasNextPage = true
			break
		}
		out.Edges = append(out.Edges, blockEdge{decimal(b.height), *newBlockNode(b)})
	}
	return out, nil
}

func step(low, high uint64, ascending bool) (uint64, uint64) {
	if ascending {
		return low + 1, high
	}
	return low, high - 1
}

// Block resolves one block by id, or the newest.
func (q *queries) Block(args struct{ ID *string }) *blockNode {
	q.net.mu.RLock()
	defer q.net.mu.RUnlock()
	c := &q.net.chain
	if args.ID == nil {
		return newBlockNode(c.tip())
	}
	i := slices.IndexFunc(c.blocks, func(b *block) bool { return base64url(b.id[:]) == *args.ID })
	if i < 0 {
		return nil
	}
	return newBlockNode(c.blocks[i])
}
