package projections

import (
	"bytes"
	"cmp"
	"maps"
	"slices"

	"github.com/aobench/aobench/event"
)

// The orders in which a process's messages are read.
const (
	ByNonce  = "nonce"  // the scheduler's: the only one that is allocated by
	ByHeight = "height" // (height, id), for a process that has no assignments on Arweave
)

// Message is what the fold keeps of a message to the pool process. It is never changed.
type Message struct {
	ID     event.ID
	Seq    event.Seq // when it was recorded
	Owner  event.Address
	Tags   []event.Tag
	Digest []byte
	Data   []byte // empty if longer than maxData
	Block  event.Block
}

// maxData is the most data of a message that the contract reads: no action of it needs more.
const maxData = 4 << 10

// Tag returns the value of the first tag with this name, or "": the pool process reads msg.Tags, which is the first.
func (m *Message) Tag(name string) string {
	for _, t := range m.Tags {
		if t.Name == name {
			return t.Value
		}
	}
	return ""
}

func (m *Message) has(name string) bool {
	return slices.ContainsFunc(m.Tags, func(t event.Tag) bool { return t.Name == name })
}

// Slot is a place in the process's order.
type Slot struct {
	Nonce      uint64       // 0 in ByHeight order
	Time       event.Millis // the assignment's Timestamp; the block's in ByHeight order
	Assignment event.ID
	Message    event.ID
	Seq        event.Seq // when the assignment was recorded
	Own        bool      // the process's own assignment, which has no message
	Msg        *Message  // nil while the message itself is missing
	Effect     Effect    // derived
}

// Effect is what the contract made of a message.
type Effect struct {
	Action string
	From   event.Address
	Pool   event.ID
	Reason event.Reason // "" when accepted or when the action means nothing to the contract
}

// Stream is the pool process's messages in order.
type Stream struct {
	Order   string
	Slots   []Slot                // ascending
	Waiting map[event.ID]*Message // messages that have no assignment yet
	Awaited map[event.ID]uint64   // nonces whose message is missing, by its id
	Dense   uint64                // every nonce below it has its assignment and its message
	Others  uint64                // items seen that are not messages to the process
}

func newStream() Stream {
	return Stream{Order: ByHeight, Waiting: map[event.ID]*Message{}, Awaited: map[event.ID]uint64{}}
}

func (st *Stream) clone() Stream {
	c := *st
	c.Slots = slices.Clone(st.Slots)
	c.Waiting, c.Awaited = maps.Clone(st.Waiting), maps.Clone(st.Awaited)
	return c
}

func (s *State) message(seq event.Seq, m event.MessageObserved) {
	if m.Item.Target != s.Opened.Process {
		s.Stream.Others++
		return
	}
	msg := &Message{ID: m.Item.ID, Seq: seq, Owner: m.Item.Owner, Tags: m.Item.Tags, Digest: m.Item.Digest, Block: m.Block}
	if len(m.Item.Data) <= maxData {
		msg.Data = m.Item.Data
	}
	st := &s.Stream
	nonce, awaited := st.Awaited[msg.ID]
	if !awaited {
		st.Waiting[msg.ID] = msg
		return
	}
	delete(st.Awaited, msg.ID)
	i, _ := st.find(nonce)
	st.Slots[i].Msg = msg
	s.unsettle(i)
	st.advance()
}

// find returns where nonce is, or would be, in Slots.
func (st *Stream) find(nonce uint64) (int, bool) {
	return slices.BinarySearchFunc(st.Slots, nonce, func(a Slot, n uint64) int { return cmp.Compare(a.Nonce, n) })
}

func (s *State) assignment(seq event.Seq, a event.AssignmentObserved) {
	if a.Process != s.Opened.Process {
		s.Stream.Others++
		return
	}
	terms, _ := s.CurrentTerms()
	if !listed(terms.Schedulers, a.Item.Owner, a.Time) {
		s.refuse(Refusal{a.Item.ID, "Assignment", event.AssignmentStranger, "signed by " + a.Item.Owner.String() + ", which is no scheduler of the pool process", seq})
		return
	}
	if s.Stream.Order == ByHeight {
		s.toNonces()
	}
	own := a.Message.IsZero() || a.Message == a.Process
	s.insert(Slot{Nonce: a.Nonce, Time: a.Time, Assignment: a.Item.ID, Message: a.Message, Seq: seq, Own: own})
}

// toNonces gives up the order by height: the process has assignments after all.
func (s *State) toNonces() {
	for _, sl := range s.Stream.Slots {
		s.Stream.Waiting[sl.Message] = sl.Msg
	}
	s.Stream.Order, s.Stream.Slots = ByNonce, nil
	s.settled = -1
}

// insert puts an assignment in its place. The first one recorded for a nonce or for a message stays; a second is a fault.
func (s *State) insert(sl Slot) {
	st := &s.Stream
	i, taken := st.find(sl.Nonce)
	if taken {
		if st.Slots[i].Message != sl.Message {
			s.fault("nonce %d is assigned to %s and to %s", sl.Nonce, st.Slots[i].Message, sl.Message)
		}
		return
	}
	if m, ok := st.Waiting[sl.Message]; ok {
		sl.Msg = m
		delete(st.Waiting, sl.Message)
	} else if !sl.Own {
		st.Awaited[sl.Message] = sl.Nonce
	}
	st.Slots = slices.Insert(st.Slots, i, sl)
	s.unsettle(i)
	st.advance()
}

// advance moves Dense over the slots that are complete. The process's own assignment needs no message.
func (st *Stream) advance() {
	i, _ := st.find(st.Dense)
	for ; i < len(st.Slots); i++ {
		sl := &st.Slots[i]
		if sl.Nonce != st.Dense || (sl.Msg == nil && !sl.Own) {
			return
		}
		st.Dense++
	}
}

// byHeight takes waiting messages into a stream that has no assignments, in (height, id) order. It runs when a window is
// closed, so that a message is not read before its assignment had the chance to be seen beside it.
func (s *State) byHeight() {
	st := &s.Stream
	if st.Order != ByHeight || len(st.Waiting) == 0 {
		return
	}
	for id, m := range st.Waiting {
		st.Slots = append(st.Slots, Slot{Time: m.Block.Time, Message: id, Seq: m.Seq, Msg: m})
	}
	clear(st.Waiting)
	slices.SortFunc(st.Slots, func(a, b Slot) int {
		return cmp.Or(cmp.Compare(a.Msg.Block.Height, b.Msg.Block.Height), bytes.Compare(a.Message[:], b.Message[:]))
	})
	s.settled = -1
}

// unsettle says that slot i has changed: what was derived from it and from later ones is void.
func (s *State) unsettle(i int) {
	if i < s.settled {
		s.settled = -1
	}
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
		if st.Slots[i].Msg == nil && !st.Slots[i].Own && len(out) < limit {
			out = append(out, st.Slots[i].Nonce)
		}
		next = st.Slots[i].Nonce + 1
	}
	return out
}

// DensePast reports whether the stream is complete up to a nonce whose time is not before t.
func (st *Stream) DensePast(t event.Millis) bool {
	if st.Order != ByNonce || st.Dense == 0 {
		return false
	}
	i, ok := st.find(st.Dense - 1)
	return ok && st.Slots[i].Time >= t
}

// listed reports whether who counts at t.
func listed(list []event.Valid, who event.Address, t event.Millis) bool {
	return slices.ContainsFunc(list, func(v event.Valid) bool { return v.Who == who && v.At(t) })
}
