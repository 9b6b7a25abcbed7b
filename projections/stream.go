package projections

import (
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
	Anchor []byte // of a process's message without a reference
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
	Void       bool      // without effect: its message is for another process, or has a lower nonce as well
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
	Slots   []Slot                    // ascending
	Waiting map[event.ID]*Message     // messages that have no assignment yet
	Awaited map[event.ID]uint64       // nonces whose message is missing, by its id
	Dense   uint64                    // every nonce below it has its assignment and its message
	Others  uint64                    // items seen that are not messages to the process
	Foreign map[event.ID]bool         // those of them that are messages: anybody can have one assigned to the process
	placed  overlay[event.ID, uint64] // the lowest nonce of each message that has one; derived
}

// complete reports whether nothing of the slot is missing.
func (sl *Slot) complete() bool { return sl.Msg != nil || sl.Own || sl.Void }

func newStream() Stream {
	return Stream{
		Order: ByHeight, Waiting: map[event.ID]*Message{}, Awaited: map[event.ID]uint64{}, Foreign: map[event.ID]bool{},
	}
}

func (st *Stream) clone() Stream {
	c := *st
	c.Slots = slices.Clone(st.Slots)
	c.Waiting, c.Awaited = maps.Clone(st.Waiting), maps.Clone(st.Awaited)
	c.Foreign, c.placed = maps.Clone(st.Foreign), st.placed.clone()
	return c
}

func (s *State) message(seq event.Seq, m event.MessageObserved) {
	if m.Item.Target != s.Opened.Process {
		s.foreign(m.Item.ID)
		return
	}
	msg := &Message{ID: m.Item.ID, Seq: seq, Owner: m.Item.Owner, Tags: m.Item.Tags, Digest: m.Item.Digest, Block: m.Block}
	if len(m.Item.Data) <= maxData {
		msg.Data = m.Item.Data
	}
	if msg.has("From-Process") && !msg.has("Reference") && !msg.has("Ref_") {
		msg.Anchor = anchor(m.Item)
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

// foreign keeps in mind a message to another process, so that an assignment to ours leaves no gap.
func (s *State) foreign(id event.ID) {
	st := &s.Stream
	st.Others++
	st.Foreign[id] = true
	if nonce, awaited := st.Awaited[id]; awaited {
		delete(st.Awaited, id)
		i, _ := st.find(nonce)
		st.Slots[i].Void = true
		st.advance()
	}
}

// anchor reads an item's anchor from its signed bytes, which begin with type, signature, key, target and anchor, the last
// two each behind a byte that says whether it is there (ANS-104).
func anchor(it event.Item) []byte {
	at := map[uint8]int{1: 2 + 512 + 512, 3: 2 + 65 + 65}[it.SigType]
	var field []byte
	for range 2 {
		if at == 0 || at >= len(it.Signed) {
			return nil
		}
		there := it.Signed[at] == 1
		field, at = nil, at+1
		if there && at+32 <= len(it.Signed) {
			field, at = it.Signed[at:at+32], at+32
		}
	}
	return field
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

// listed reports whether who counts at t.
func listed(list []event.Valid, who event.Address, t event.Millis) bool {
	return slices.ContainsFunc(list, func(v event.Valid) bool { return v.Who == who && v.At(t) })
}
