package ao

import (
	"context"
	"errors"
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
	Verified bool       // the owner's signature over all of this was checked
}

// Find returns what the gateway says about one id. ErrNotFound: it does not list it, or not yet.
func (g *Gateway) Find(ctx context.Context, id event.ID) (Node, error) {
	nodes, err := g.Page(ctx, Query{IDs: []event.ID{id}}, "")
	if err != nil {
		return Node{}, err
	}
	for _, n := range nodes {
		if n.ID == id {
			return n, nil
		}
	}
	return Node{}, fmt.Errorf("find %s at %s: %w", id, g.Name(), ErrNotFound)
}

// Source says who signed an item or a transaction. With Verified it is proven: for an item by the owner's signature over
// target, tags and data; for a transaction by that over tags, size and the Merkle root of the data, and then SHA256 is
// zero. An item with more data than MaxItem comes without Verified, and then only this is proven: the id is the SHA-256
// of the signature shown, and Owner is the address of the key shown. That this key made that signature, tags and size
// are the gateway's word until Fetch has seen the data.
func (g *Gateway) Source(ctx context.Context, id event.ID) (Source, error) {
	n, err := g.Find(ctx, id)
	if err != nil {
		return Source{}, err
	}
	if n.Bundle == "" && g.node != nil {
		s, err := g.transaction(ctx, id)
		var r *Refusal
		if err == nil || !(errors.As(err, &r) || errors.Is(err, ErrNotFound)) {
			return s, err
		} // some servers do not say of an item in which bundle it is
	}
	s, err := g.itemSource(ctx, n)
	if err != nil {
		return Source{}, fmt.Errorf("source %s at %s: %w", id, g.Name(), err)
	}
	return s, nil
}

func (g *Gateway) itemSource(ctx context.Context, n Node) (Source, error) {
	if n.Size > MaxItem {
		h, err := n.header()
		if err != nil {
			return Source{}, err
		}
		it := h.item(h.bytes())
		return Source{Owner: it.Owner, Tags: it.Tags, Size: n.Size}, nil
	}
	it, err := g.Fetch(ctx, n, io.Discard, MaxItem)
	if err != nil {
		return Source{}, err
	}
	return Source{Owner: it.Owner, Tags: it.Tags, Size: int64(it.Blob.Size), SHA256: it.Blob.SHA256, Verified: true}, nil
}
