package projections

import (
	"slices"

	"github.com/aobench/aobench/event"
)

// Pool is a dataset that somebody has funded.
type Pool struct {
	ID      event.ID
	Periods []*Period // 1, 2, 3 …
}

// Period is one funding period of a pool, as the process's messages make it.
type Period struct {
	Pool     event.ID
	N        uint32 // 1, 2, 3 …
	Terms    event.Terms
	Rule     string
	Token    event.Token
	Start    event.Millis
	End      event.Millis // not in the period any more
	Deposits []Deposit
	Pot      event.Amount
	Joins    []Join
	Scores   []ChainScore           // scores: chain
	index    *joinIndex             // of Joins, made when needed
	payers   map[event.Address]bool // of Deposits, made when needed
}

// Deposit is a Credit-Notice that counts.
type Deposit struct {
	Message event.ID
	From    event.Address // the token's Sender
	Amount  event.Amount
	Time    event.Millis
}

// Join is a Join-Pool message within the period and its caps. Whether its sender holds the model's place depends on who
// uploaded the model: see Entrants.
type Join struct {
	Message event.ID
	Model   event.ID
	From    event.Address
	Wallet  event.Address // the item's owner
	Time    event.Millis
	Slot    int // place in the process's order: what "earlier" means
}

// ChainScore is a Score-Response of the dataset process.
type ChainScore struct {
	Message                  event.ID
	Model                    event.ID
	Correct, Answered, Total uint32
	Time                     event.Millis
}

// Owed is a genuine deposit that is not counted: it is owed back to its sender.
type Owed struct {
	Message event.ID
	Pool    event.ID // zero where the notice named none
	To      event.Address
	Amount  event.Amount
	Token   event.Token
	Reason  event.Reason
	Time    event.Millis
	outbox  []string // see outbox; of a late deposit only
}

// Ask is a Leaderboard message: its sender is owed an answer.
type Ask struct {
	Message event.ID
	Pool    event.ID
	From    event.Address
	Time    event.Millis
}

// Pools returns the pools in ascending order of id.
func (s *State) Pools() []*Pool {
	s.settle()
	return s.pools
}

// Pool returns the pool with this id, or nil.
func (s *State) Pool(id event.ID) *Pool {
	s.settle()
	return s.at(id)
}

// Owed returns the deposits that are owed back, in the order of the process. A late one that was pushed in time as well is
// not: it has been counted, though perhaps at a higher nonce.
func (s *State) Owed() []Owed {
	s.settle()
	return slices.DeleteFunc(slices.Clone(s.owed), func(o Owed) bool {
		return slices.ContainsFunc(o.outbox, func(k string) bool { _, again := s.pushed.get(k); return again })
	})
}

// Asks returns who asked for a leaderboard, in the order of the process.
func (s *State) Asks() []Ask {
	s.settle()
	return s.asks
}

// execute lets the contract read one message.
func (s *State) execute(at int, sl *Slot) Effect {
	m := sl.Msg
	switch action := m.Tag("Action"); action {
	case "Credit-Notice":
		return s.credit(sl)
	case "Join-Pool":
		return s.join(at, sl)
	case "Leaderboard":
		return s.ask(sl)
	case "Score-Response":
		return s.scoreResponse(sl)
	default:
		from, _ := sender(m, s.termsAt(m.Seq), sl.Time)
		return Effect{Action: action, From: from}
	}
}

// sender returns who a message is from: the process named by the first From-Process tag where an authority signed it, else
// the address of the owner. An item that claims to be from a process and is not signed by an authority is forged.
func sender(m *Message, t event.Terms, at event.Millis) (event.Address, event.Reason) {
	if !m.has("From-Process") {
		return m.Owner, ""
	}
	if !listed(t.Authorities, m.Owner, at) {
		return m.Owner, event.ForgedSender
	}
	id, err := event.ParseID(m.Tag("From-Process"))
	if err != nil {
		return m.Owner, event.BadTags
	}
	return id.Address(), ""
}

// open returns the pool's period that is open at t, or nil.
func (p *Pool) open(t event.Millis) *Period {
	if p == nil {
		return nil
	}
	for i := len(p.Periods) - 1; i >= 0; i-- {
		if q := p.Periods[i]; q.Start <= t && t < q.End {
			return q
		}
	}
	return nil
}

// funding returns the period that a deposit at t goes to, or nil if the next one can open. It is the open one, or the newest
// where the scheduler's clock went back after opening it: a pool has one period at a time.
func (p *Pool) funding(t event.Millis) *Period {
	if q := p.open(t); q != nil || p == nil || len(p.Periods) == 0 {
		return q
	}
	if q := p.Periods[len(p.Periods)-1]; t < q.End {
		return q
	}
	return nil
}

// late reports whether the message belongs to a time of the pool that was closed before it was recorded. What a closing
// froze stays as it is, so such a message is a dispute and nothing else.
func (s *State) late(pool event.ID, sl *Slot) bool {
	i, _ := s.findLedger(pool, 0)
	for ; i < len(s.Ledgers) && s.Ledgers[i].Pool == pool; i++ {
		if c := s.Ledgers[i].Closing; c != nil && sl.Time < c.End && c.At < max(sl.Seq, sl.Msg.Seq) {
			return true
		}
	}
	return false
}
