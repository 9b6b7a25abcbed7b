package projections

import (
	"bytes"
	"cmp"
	"math"
	"slices"

	"github.com/aobench/aobench/event"
)

// find returns where nonce is, or would be, in Slots.
func (st *Stream) find(nonce uint64) (int, bool) {
	return slices.BinarySearchFunc(st.Slots, nonce, func(a Slot, n uint64) int { return cmp.Compare(a.Nonce, n) })
}

// insert puts an assignment in its place. The first one recorded for a nonce stays, and another message at that nonce is a
// fault. A message that is assigned again is read once, at its lowest nonce.
func (s *State) insert(sl Slot) {
	st := &s.Stream
	i, taken := st.find(sl.Nonce)
	if taken {
		if st.Slots[i].Message != sl.Message {
			s.fault("nonce %d is assigned to %s and to %s", sl.Nonce, st.Slots[i].Message, sl.Message)
		}
		return
	}
	if !sl.Own {
		st.place(&sl)
	}
	st.Slots = slices.Insert(st.Slots, i, sl)
	s.unsettle(i)
	st.advance()
}

// place finds the slot's message, where it is known.
func (st *Stream) place(sl *Slot) {
	lowest, again := st.placed.get(sl.Message)
	if st.Foreign[sl.Message] || (again && lowest < sl.Nonce) {
		sl.Void = true
		return
	}
	st.placed.set(sl.Message, sl.Nonce)
	if again {
		i, _ := st.find(lowest)
		sl.Msg = st.Slots[i].Msg
		st.Slots[i].Msg, st.Slots[i].Void = nil, true
	} else if m, ok := st.Waiting[sl.Message]; ok {
		sl.Msg = m
		delete(st.Waiting, sl.Message)
	}
	if sl.Msg == nil {
		st.Awaited[sl.Message] = sl.Nonce
	}
}

// derive rebuilds what a snapshot leaves out.
func (st *Stream) derive() {
	for i := len(st.Slots) - 1; i >= 0 && st.Order == ByNonce; i-- {
		if sl := &st.Slots[i]; !sl.Own {
			st.placed.set(sl.Message, sl.Nonce)
		}
	}
}

// advance moves Dense over the slots that are complete.
func (st *Stream) advance() {
	i, _ := st.find(st.Dense)
	for ; i < len(st.Slots) && st.Slots[i].Nonce == st.Dense && st.Slots[i].complete(); i++ {
		st.Dense++
	}
}

// toNonces gives up the order by height: the process has assignments after all.
func (s *State) toNonces() {
	for _, sl := range s.Stream.Slots {
		s.Stream.Waiting[sl.Message] = sl.Msg
	}
	s.Stream.Order, s.Stream.Slots = ByNonce, nil
	s.unsettle(0)
}

// byHeight takes waiting messages into a stream that has no assignments, in (height, id) order. It runs when a window is
// closed, so that a message is not read before its assignment had the chance to be seen beside it.
func (s *State) byHeight() {
	st := &s.Stream
	if st.Order != ByHeight || len(st.Waiting) == 0 {
		return
	}
	fresh := make([]Slot, 0, len(st.Waiting))
	for id, m := range st.Waiting {
		fresh = append(fresh, Slot{Time: m.Block.Time, Message: id, Seq: m.Seq, Msg: m})
	}
	clear(st.Waiting)
	slices.SortFunc(fresh, compareHeights)
	i, _ := slices.BinarySearchFunc(st.Slots, fresh[0], compareHeights)
	st.Slots = append(st.Slots, fresh...)
	slices.SortFunc(st.Slots[i:], compareHeights) // what is before the first new one stays
	s.unsettle(i)
}

func compareHeights(a, b Slot) int {
	return cmp.Or(cmp.Compare(a.Msg.Block.Height, b.Msg.Block.Height), bytes.Compare(a.Message[:], b.Message[:]))
}

// Gaps returns up to limit nonces that are missing below the highest known one: no assignment, or no message to it.
func (st *Stream) Gaps(limit int) []uint64 {
	if st.Order != ByNonce {
		return nil
	}
	var out []uint64
	next := st.Dense
	i, _ := st.find(next)
	for ; i < len(st.Slots) && len(out) < limit; i++ {
		for ; next < st.Slots[i].Nonce && len(out) < limit; next++ {
			out = append(out, next)
		}
		if !st.Slots[i].complete() && len(out) < limit {
			out = append(out, st.Slots[i].Nonce)
		}
		next = st.Slots[i].Nonce + 1
	}
	return out
}

// DensePast reports whether the stream is complete up to a nonce whose time is not before t.
func (st *Stream) DensePast(t event.Millis) bool { return st.densePast(t, math.MinInt64) }

// densePast does as DensePast does, but passes over what is missing before a message whose time is not after old: one
// message that nobody can read must not hold up every later period.
func (st *Stream) densePast(t, old event.Millis) bool {
	if st.Order != ByNonce {
		return false
	}
	next := st.Dense
	i, _ := st.find(next)
	if i > 0 && st.Slots[i-1].Time >= t {
		return true
	}
	for ; i < len(st.Slots); i++ {
		sl := &st.Slots[i]
		if (sl.Nonce != next || !sl.complete()) && sl.Time > old {
			return false
		}
		if sl.Time >= t {
			return true
		}
		next = sl.Nonce + 1
	}
	return false
}
