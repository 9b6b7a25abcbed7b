package devnet

import (
	"bytes"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/aobench/aobench/event"
)

// Bounds of the chain. Heights are GraphQL's Int, which has 32 bits.
const (
	maxHeight     = 1 << 30
	maxMineBlocks = 100_000 // in one step
)

// An entry is an item that the gateway knows. All but block stays as it is.
type entry struct {
	item   event.Item
	block  *block       // nil while pending
	pushed []event.Item // what executing it made processes send
}

type block struct {
	height uint64
	time   event.Millis
	id     [48]byte
	prev   [48]byte
}

// String returns the block's id: 64 base64url characters.
func (b *block) String() string { return base64.RawURLEncoding.EncodeToString(b.id[:]) }

// A chain holds what was uploaded, and in which block. Its fields are guarded by Net.mu.
type chain struct {
	genesis
	now     event.Millis
	blocks  []*block
	items   map[event.ID]*entry
	mined   []*entry // by height, then id: what GraphQL lists
	pending []*entry // by arrival
}

func newChain(g genesis) chain {
	c := chain{genesis: g, now: g.Start, items: map[event.ID]*entry{}}
	c.mine(g.Start)
	return c
}

func (c *chain) height() uint64 { return c.tip().height }

func (c *chain) tip() *block { return c.blocks[len(c.blocks)-1] }

// at returns the block of a height, or nil.
func (c *chain) at(height uint64) *block {
	if height < c.Height || height > c.height() {
		return nil
	}
	return c.blocks[height-c.Height]
}

func (c *chain) add(it event.Item) *entry {
	e := &entry{item: it}
	c.items[it.ID] = e
	c.pending = append(c.pending, e)
	return e
}

// checkMove says whether the clock may move to t in one step.
func (c *chain) checkMove(t event.Millis) error {
	if t < c.now {
		return fmt.Errorf("move clock from %s to %s: time does not go back", c.now, t)
	}
	n := uint64(t-c.tip().time) / uint64(c.Interval)
	if n > maxMineBlocks {
		return fmt.Errorf("move clock from %s to %s: %d blocks in one step, want at most %d", c.now, t, n, maxMineBlocks)
	}
	if c.height()+n > maxHeight {
		return fmt.Errorf("move clock from %s to %s: height would pass %d", c.now, t, maxHeight)
	}
	return nil
}

// moveTo sets the clock and mines the blocks that pass.
func (c *chain) moveTo(t event.Millis) {
	for next := c.tip().time + c.Interval; next <= t; next += c.Interval {
		c.mine(next)
	}
	c.now = t
}

// mine puts all pending items into a new block. Items of one block are listed by id, as on gateways whose index knows
// a bundle's place in the block but not an item's place in the bundle.
func (c *chain) mine(t event.Millis) {
	b := &block{height: c.Height, time: t}
	if len(c.blocks) > 0 {
		b.height, b.prev = c.height()+1, c.tip().id
	}
	slices.SortFunc(c.pending, byID)
	h := sha512.New384()
	h.Write(b.prev[:])
	h.Write(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, b.height), uint64(t)))
	for _, e := range c.pending {
		e.block = b
		h.Write(e.item.ID[:])
	}
	h.Sum(b.id[:0])
	c.blocks = append(c.blocks, b)
	c.mined = append(c.mined, c.pending...)
	c.pending = nil
}

func byID(a, b *entry) int { return bytes.Compare(a.item.ID[:], b.item.ID[:]) }
