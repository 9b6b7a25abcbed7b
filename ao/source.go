package ao

import (
	"context"
	"fmt"
	"io"

	"github.com/aobench/aobench/event"
)

// A Source is who stands behind an Arweave id.
type Source struct {
	Owner    event.Address
	Tags     []event.Tag
	Size     int64      // bytes of data
	SHA256   event.Hash // of the data; zero where it was not downloaded
	Verified bool       // the signature over all of it was checked
}

// Source says who signed an item. With Verified the owner's signature over target, tags and data was checked. Without
// it, which is so for data longer than MaxItem, only this is proven: the id is the SHA-256 of the signature shown, and
// Owner is the address of the key shown; that this key made that signature, tags and size are the gateway's word.
// ErrNotFound: the gateway does not list the id.
func (g *Gateway) Source(ctx context.Context, id event.ID) (Source, error) {
	nodes, err := g.Page(ctx, Query{IDs: []event.ID{id}}, "")
	if err != nil {
		return Source{}, err
	}
	for _, n := range nodes {
		if n.ID == id {
			return g.source(ctx, n)
		}
	}
	return Source{}, fmt.Errorf("source %s at %s: %w", id, g.Name(), ErrNotFound)
}

func (g *Gateway) source(ctx context.Context, n Node) (Source, error) {
	h, err := n.header()
	if err != nil {
		return Source{}, fmt.Errorf("source %s: %w", n.ID, err)
	}
	if n.Size > MaxItem {
		it := h.item(h.bytes())
		return Source{Owner: it.Owner, Tags: it.Tags, Size: n.Size}, nil
	}
	it, err := g.Fetch(ctx, n, io.Discard, MaxItem)
	if err != nil {
		return Source{}, fmt.Errorf("source %s: %w", n.ID, err)
	}
	return Source{Owner: it.Owner, Tags: it.Tags, Size: int64(it.Blob.Size), SHA256: it.Blob.SHA256, Verified: true}, nil
}
