package projections

import (
	"bytes"
	"slices"

	"github.com/aobench/aobench/event"
)

// contract is what the process's messages make of the pools: derived from Stream, never kept in a snapshot.
type contract struct {
	pools  []*Pool
	owed   []Owed
	asks   []Ask
	pushed overlay[string, bool] // outbox messages that have been counted
}

// baseEvery is how many slots after the base at n the next one is. A base costs as much as there are deposits before it, so
// they lie further apart the more there is.
func baseEvery(n int) int { return 32 + n/64 }

// settle brings the contract half up to date with the stream: from where it stands, or from the last base after something
// earlier has changed.
func (s *State) settle() {
	if s.settled < 0 {
		s.contract, s.settled = s.base.clone(), s.based
	}
	for ; s.settled < len(s.Stream.Slots); s.settled++ {
		sl := &s.Stream.Slots[s.settled]
		if s.settled >= s.based+baseEvery(s.based) && s.firm(s.settled) {
			s.base, s.based = s.contract.clone(), s.settled
		}
		sl.Effect = Effect{}
		if sl.Msg != nil {
			sl.Effect = s.execute(s.settled, sl)
		}
	}
}

// firm reports whether slots before i will hardly change: nothing is missing there, or it has been for long.
func (s *State) firm(i int) bool {
	n := len(s.Stream.Slots)
	return i+baseEvery(n) < n || (s.Stream.Order == ByNonce && s.Stream.Slots[i].Nonce <= s.Stream.Dense)
}

// unsettle says that slot i has changed: what was derived from it and from later ones is void.
func (s *State) unsettle(i int) {
	if i < s.settled {
		s.settled = -1
	}
	if i < s.based {
		s.base, s.based = contract{}, 0
	}
}

func (c *contract) clone() contract {
	d := contract{make([]*Pool, len(c.pools)), slices.Clip(c.owed), slices.Clip(c.asks), c.pushed.clone()}
	for i, p := range c.pools {
		d.pools[i] = p.clone()
	}
	return d
}

func (p *Pool) clone() *Pool {
	c := &Pool{p.ID, make([]*Period, len(p.Periods))}
	for i, q := range p.Periods {
		d := *q
		d.index, d.payers = nil, nil
		d.Deposits, d.Joins, d.Scores = slices.Clip(q.Deposits), slices.Clip(q.Joins), slices.Clip(q.Scores)
		c.Periods[i] = &d
	}
	return c
}

func (s *State) findPool(id event.ID) (int, bool) {
	return slices.BinarySearchFunc(s.pools, id, func(p *Pool, id event.ID) int { return bytes.Compare(p.ID[:], id[:]) })
}
