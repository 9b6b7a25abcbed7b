package devnet

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/event"
)

// PostOnce posts what make returns, once for ever: the key is journaled with the item, and a later call with the same
// key returns that item without calling make. So a script that was killed can be run again from its beginning. An item
// that is a message or process is posted, any other uploaded. make may use Wallet, but not PostOnce.
//
// The returned item has Blob in place of Data when its data is long.
func (n *Net) PostOnce(key string, make func() (event.Item, error)) (event.Item, error) {
	e, err := n.step(key, make)
	if err != nil {
		return event.Item{}, err
	}
	return e.item, nil
}

// step is PostOnce that returns the entry. With an empty key it posts every time.
func (n *Net) step(key string, make func() (event.Item, error)) (*entry, error) {
	n.scripts.Lock()
	defer n.scripts.Unlock()
	if e := n.done(key); e != nil {
		return e, nil
	}
	it, err := make()
	if err != nil {
		return nil, fmt.Errorf("step %q: %w", key, err)
	}
	e, err := n.post(key, schedulable(&it) == nil, it)
	// The same bytes may have been posted by other means, with no key: they are what this step wants, too.
	if err != nil && !errors.Is(err, ErrExists) {
		return nil, fmt.Errorf("step %q: %w", key, err)
	}
	return e, nil
}

func (n *Net) done(key string) *entry {
	n.mu.RLock()
	defer n.mu.RUnlock()
	id, ok := n.steps[key]
	if !ok {
		return nil
	}
	return n.chain.items[id]
}

// A Process says what to spawn.
type Process struct {
	Owner  string      // wallet name
	Name   string      // tag Name
	Module event.ID    // zero: AosModule
	Tags   []event.Tag // beside Name, Module, Scheduler and Authority
	Data   []byte      // of a token: {"balances": {"<address>": "<quantity>"}}
}

// Spawn posts a Process item and returns its id, which is the process's. A call with the same key returns the same
// process.
func (n *Net) Spawn(key string, p Process) (event.ID, error) {
	it, err := n.PostOnce(key, func() (event.Item, error) {
		owner, err := n.Wallet(p.Owner)
		if err != nil {
			return event.Item{}, err
		}
		module := p.Module
		if module.IsZero() {
			module = AosModule
		}
		tags := append([]event.Tag{
			{Name: "Name", Value: p.Name},
			{Name: "Module", Value: module.String()},
			{Name: "Scheduler", Value: n.Scheduler().String()},
			{Name: "Authority", Value: n.Authority().String()},
		}, p.Tags...)
		tags = append(tags, protocol("Process")...)
		return owner.Sign(ao.Draft{Anchor: anchorOf("spawn", key), Tags: tags, Data: orSpace(p.Data)})
	})
	return it.ID, err
}

// Send posts a message from a wallet: d with AO's own tags added and, where it has none, an anchor made from the key,
// so that equal messages of two steps are two messages. A call with the same key returns the same item.
func (n *Net) Send(key, wallet string, d ao.Draft) (event.Item, error) {
	return n.PostOnce(key, func() (event.Item, error) { return n.message(key, wallet, d) })
}

func (n *Net) message(key, wallet string, d ao.Draft) (event.Item, error) {
	w, err := n.Wallet(wallet)
	if err != nil {
		return event.Item{}, err
	}
	if d.Anchor == nil && key != "" {
		d.Anchor = anchorOf("send", key)
	}
	d.Tags = append(append([]event.Tag{}, d.Tags...), protocol("Message")...)
	d.Data = orSpace(d.Data)
	return w.Sign(d)
}

// SendFrom makes a process send d, as its owner (a wallet of this devnet, given by name) would with Eval: the owner's
// message to the process, then the process's own, signed by the authority. It returns the latter. The anchor of d is
// not looked at: processes number theirs. d.Data must be valid UTF-8 of at most event.MaxInlineData bytes. A call with
// the same key returns the same item.
func (n *Net) SendFrom(key string, process event.ID, owner string, d ao.Draft) (event.Item, error) {
	e, err := n.step(key, func() (event.Item, error) {
		data, err := json.Marshal(emission{Target: d.Target, Tags: d.Tags, Data: string(d.Data)})
		if err != nil {
			return event.Item{}, err
		}
		if len(data) > event.MaxInlineData {
			return event.Item{}, fmt.Errorf("message of process %s: %d bytes, want at most %d", process, len(data), event.MaxInlineData)
		}
		return n.message(key, owner, ao.Draft{Target: process, Tags: []event.Tag{{Name: "Action", Value: "Eval"}}, Data: data})
	})
	if err != nil {
		return event.Item{}, err
	}
	if len(e.pushed) == 0 {
		return event.Item{}, fmt.Errorf("message of process %s: it sent nothing: is wallet %s its owner?", process, owner)
	}
	return e.pushed[0], nil
}

func protocol(kind string) []event.Tag {
	return []event.Tag{{Name: "Data-Protocol", Value: "ao"}, {Name: "Variant", Value: variant}, {Name: "Type", Value: kind}}
}

func anchorOf(kind, key string) []byte {
	h := sha256.Sum256([]byte(kind + "\x00" + key))
	return h[:]
}

func orSpace(data []byte) []byte {
	if len(data) == 0 {
		return []byte(" ")
	}
	return data
}
