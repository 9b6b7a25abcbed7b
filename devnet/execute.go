package devnet

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/event"
)

// An execution is one posted item and what follows from it. The same code runs when the item is posted and when the
// journal is read again; only sign differs.
type execution struct {
	net    *Net
	posted posted
	replay bool // take produced items from posted instead of signing
	next   int  // the next of them
}

// run needs n.mu. An error leaves memory and journal different.
func (x *execution) run() (*entry, error) {
	n := x.net
	e := n.chain.add(x.posted.Item)
	if x.posted.Key != "" {
		n.steps[x.posted.Key] = e.item.ID
	}
	if x.posted.Schedule {
		if err := x.handle(e.item); err != nil {
			return nil, err
		}
	}
	if x.replay && x.next != len(x.posted.Produced) {
		return nil, fmt.Errorf("execute %s: journal holds %d produced items, execution made %d", e.item.ID, len(x.posted.Produced), x.next)
	}
	e.pushed = slices.DeleteFunc(slices.Clone(x.posted.Produced), func(it event.Item) bool { return it.Tag("Type") == "Assignment" })
	return e, nil
}

// handle is what the network does with a message or process that is on chain: assign, evaluate, push.
func (x *execution) handle(it event.Item) error {
	p := x.net.processes[it.Target]
	if it.Tag("Type") == "Process" {
		p = spawn(&it)
		x.net.processes[it.ID] = p
	}
	if p == nil {
		return nil // to a wallet: it gets no assignment
	}
	if err := x.assign(p, it.ID); err != nil {
		return err
	}
	if it.ID == p.id {
		return nil
	}
	// This ends: only Eval and Transfer make a process send, what a process sends is never its owner's Eval, and what a
	// token sends is a notice.
	for _, m := range p.evaluate(&it, x.posted.Item.ID) {
		if !fits(m.Tags) {
			x.net.log.Warn("message not delivered: its tags exceed what an item may have", "process", p.id, "because", it.ID)
			continue
		}
		pushed, err := x.sign(x.net.authority, m)
		if err != nil {
			return err
		}
		if err := x.handle(pushed); err != nil {
			return err
		}
	}
	return nil
}

// assign gives a process's message the next nonce. The process itself has nonce 0 and no Message tag.
func (x *execution) assign(p *process, message event.ID) error {
	p.time = max(p.time+1, x.net.chain.now)
	p.chain = ao.HashChain(p.id, p.assignment, p.chain, p.nonce == 0)
	tags := []event.Tag{
		{Name: "Process", Value: p.id.String()},
		{Name: "Epoch", Value: "0"},
		{Name: "Nonce", Value: strconv.FormatUint(p.nonce, 10)},
		{Name: "Hash-Chain", Value: base64.RawURLEncoding.EncodeToString(p.chain)},
		{Name: "Block-Height", Value: fmt.Sprintf("%012d", x.net.chain.height())},
		{Name: "Timestamp", Value: strconv.FormatInt(int64(p.time), 10)},
		{Name: "Data-Protocol", Value: "ao"},
		{Name: "Type", Value: "Assignment"},
		{Name: "Variant", Value: variant},
	}
	if message != p.id {
		tags = append(tags, event.Tag{Name: "Message", Value: message.String()})
	}
	// The network's anchor is random. This one makes two assignments differ as well, and is the same on replay.
	anchor := sha256.Sum256(binary.BigEndian.AppendUint64(p.id[:], p.nonce))
	it, err := x.sign(x.net.scheduler, ao.Draft{Anchor: anchor[:], Tags: tags})
	if err != nil {
		return err
	}
	p.assignment = it.ID
	p.nonce++
	return nil
}

// sign makes the next produced item and puts it on chain.
func (x *execution) sign(by *ao.Signer, d ao.Draft) (event.Item, error) {
	if !x.replay {
		it, err := by.Sign(d)
		if err != nil {
			return it, fmt.Errorf("sign: %w", err)
		}
		x.posted.Produced = append(x.posted.Produced, it)
	}
	if x.next >= len(x.posted.Produced) {
		return event.Item{}, errors.New("journal lacks a produced item")
	}
	it := x.posted.Produced[x.next]
	if it.Target != d.Target || !slices.Equal(it.Tags, d.Tags) || !bytes.Equal(it.Data, d.Data) {
		return it, fmt.Errorf("journal holds %s where execution makes another item: was the folder written by another version?", it.ID)
	}
	x.next++
	x.net.chain.add(it)
	return it, nil
}

// fits says whether an item can have these tags (ANS-104, and 4096 bytes of Avro as AO's signers have it). A stranger's
// forwarded tags may be too many; that must not stop the chain, nor differ on replay.
func fits(tags []event.Tag) bool {
	size := 3 // count and end
	for _, t := range tags {
		if t.Name == "" || len(t.Name) > 1024 || len(t.Value) > 3072 || !utf8.ValidString(t.Name) || !utf8.ValidString(t.Value) {
			return false
		}
		size += 4 + len(t.Name) + len(t.Value) // two bytes for each length, at most
	}
	return len(tags) <= 128 && size <= 4096
}
