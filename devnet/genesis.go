package devnet

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aobench/aobench/event"
)

// start replays the journal, or begins one. Every step of genesis is journaled under a script key, so that a start that
// was killed is taken up where it stopped.
func (n *Net) start() error {
	names := []string{authority, scheduler}
	for name := range n.opts.Balances {
		names = append(names, name)
	}
	if err := n.keys.warm(names...); err != nil {
		return err
	}
	var err error
	if n.authority, err = n.keys.wallet(authority); err != nil {
		return err
	}
	if n.scheduler, err = n.keys.wallet(scheduler); err != nil {
		return err
	}
	if err := n.journal.replay(n.log, n.again); err != nil {
		return err
	}
	if n.chain.blocks == nil {
		g := genesis{Start: n.opts.Start, Height: n.opts.StartHeight, Interval: event.Millis(n.opts.BlockInterval.Milliseconds())}
		if err := n.journal.append(record{Genesis: &g}); err != nil {
			return err
		}
		n.chain = newChain(g)
	}
	if n.token, err = n.spawnToken(); err != nil {
		return err
	}
	n.pool, err = n.Spawn("genesis/pool", Process{Owner: operator, Name: "pool"})
	return err
}

// spawnToken makes the token with its balances. They are read only the first time.
func (n *Net) spawnToken() (event.ID, error) {
	m := minted{Balances: map[string]event.Amount{}}
	for name, v := range n.opts.Balances {
		w, err := n.keys.wallet(name)
		if err != nil {
			return event.ID{}, err
		}
		m.Balances[w.Address().String()] = v
	}
	data, err := json.Marshal(m)
	if err != nil {
		return event.ID{}, err
	}
	if len(data) > event.MaxInlineData {
		return event.ID{}, fmt.Errorf("balances of %d wallets do not fit the token's Process item", len(m.Balances))
	}
	tags := []event.Tag{{Name: "Ticker", Value: n.opts.Ticker}, {Name: "Denomination", Value: "12"}}
	return n.Spawn("genesis/token", Process{Owner: operator, Name: n.opts.Ticker, Module: TokenModule, Tags: tags, Data: data})
}

// again executes a record of the journal.
func (n *Net) again(r record) error {
	if (r.Genesis == nil) == (n.chain.blocks == nil) {
		return errors.New("the first record, and no other, begins a chain")
	}
	switch {
	case r.Genesis != nil:
		n.chain = newChain(*r.Genesis)
	case r.Clock != nil:
		if err := n.chain.checkMove(*r.Clock); err != nil {
			return err
		}
		n.chain.moveTo(*r.Clock)
	case r.Posted != nil:
		x := &execution{net: n, posted: *r.Posted, replay: true}
		_, err := x.run()
		return err
	default:
		return errors.New("a record that says nothing")
	}
	return nil
}
