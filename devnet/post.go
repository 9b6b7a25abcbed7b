package devnet

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/event"
)

// Limits of what may be posted, in bytes of the binary item.
const (
	MaxMessage = 10 << 20
	MaxUpload  = ao.MaxItem
)

// ErrExists says that an item with this id is here already: the caller may treat it as written.
//
//lint:ignore ST1005 these are the network's own words, which clients look for
var ErrExists = errors.New("Message already exists")

// Post hands a signed message or process to the scheduler, as a message unit does. The item is durable, has its
// assignment and has been executed when Post returns; it is in a block after the next one is mined. ErrExists says that
// it was posted before; a *ao.Refusal, that the item is not valid.
func (n *Net) Post(it event.Item) error {
	_, err := n.post("", true, it)
	return err
}

// Upload stores a signed item without scheduling it, as a bundler does: models, datasets, or a message that its sender
// hides from the scheduler. Errors are as those of Post.
func (n *Net) Upload(it event.Item) error {
	_, err := n.post("", false, it)
	return err
}

// post verifies, stores, executes and journals an item. It returns the entry also with ErrExists.
func (n *Net) post(key string, schedule bool, it event.Item) (*entry, error) {
	if it.Blob != nil {
		return nil, fmt.Errorf("post %s: its data is not with it", it.ID)
	}
	limit := MaxUpload
	if schedule {
		limit = MaxMessage
	}
	if size := len(it.Signed) + len(it.Data); size > limit {
		return nil, &ao.Refusal{Reason: event.TooLarge, Detail: fmt.Sprintf("%d bytes, want at most %d", size, limit)}
	}
	if err := ao.Verify(it); err != nil {
		return nil, err
	}
	if schedule {
		if err := schedulable(&it); err != nil {
			return nil, err
		}
	}
	it, large := ao.Shrink(it)
	if large != nil {
		it.Signed = bytes.Clone(it.Signed) // it is a part of the whole item's bytes, which would stay in memory
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.broken != nil {
		return nil, n.broken
	}
	if e, ok := n.chain.items[it.ID]; ok {
		return e, ErrExists
	}
	// If we crash after this, a file without an item is left; posting the item again writes it again.
	if large != nil {
		if err := n.writeData(it.ID, large); err != nil {
			return nil, fmt.Errorf("post %s: %w", it.ID, err)
		}
	}
	x := &execution{net: n, posted: posted{Key: key, Schedule: schedule, Item: it}}
	e, err := x.run()
	if err == nil {
		// The commit point. Nobody has seen the item before it: readers wait for n.mu.
		err = n.journal.append(record{Posted: &x.posted})
	}
	if err != nil {
		n.broken = fmt.Errorf("devnet stopped, open it again: post %s: %w", it.ID, err)
		return nil, n.broken
	}
	return e, nil
}

// schedulable refuses what a message unit refuses.
func schedulable(it *event.Item) error {
	refuse := func(detail string) error { return &ao.Refusal{Reason: event.Malformed, Detail: detail} }
	isAO := false
	for _, t := range it.Tags {
		isAO = isAO || t.Name == "Data-Protocol" && t.Value == "ao"
	}
	switch kind := it.Tag("Type"); {
	case !isAO:
		return refuse("no tag Data-Protocol: ao")
	case kind != "Message" && kind != "Process":
		return refuse(fmt.Sprintf("tag Type is %.40q, want Message or Process", kind))
	case kind == "Message" && it.Target.IsZero():
		return refuse("a message without target")
	case kind == "Process" && it.Tag("Module") == "":
		return refuse("a process without Module")
	}
	return nil
}

func (n *Net) dataPath(id event.ID) string { return filepath.Join(n.opts.Dir, "data", id.String()) }

func (n *Net) writeData(id event.ID, data []byte) error {
	path := n.dataPath(id)
	if err := os.WriteFile(path+".new", data, 0o600); err != nil {
		return err
	}
	return commitFile(path+".new", path)
}
