package projections

import (
	"bytes"
	"slices"

	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/rewards"
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
	Scores   []ChainScore // scores: chain
	index    *joinIndex   // of Joins, made when needed
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
}

// Ask is a Leaderboard message: its sender is owed an answer.
type Ask struct {
	Message event.ID
	Pool    event.ID
	From    event.Address
	Time    event.Millis
}

func (p *Pool) clone() *Pool {
	c := &Pool{p.ID, make([]*Period, len(p.Periods))}
	for i, q := range p.Periods {
		d := *q
		d.index = nil
		d.Deposits, d.Joins, d.Scores = slices.Clip(q.Deposits), slices.Clip(q.Joins), slices.Clip(q.Scores)
		c.Periods[i] = &d
	}
	return c
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

// Owed returns the deposits that are owed back, in the order of the process.
func (s *State) Owed() []Owed {
	s.settle()
	return s.owed
}

// Asks returns who asked for a leaderboard, in the order of the process.
func (s *State) Asks() []Ask {
	s.settle()
	return s.asks
}

func (s *State) findPool(id event.ID) (int, bool) {
	return slices.BinarySearchFunc(s.pools, id, func(p *Pool, id event.ID) int { return bytes.Compare(p.ID[:], id[:]) })
}

// settle brings the contract half up to date with the stream: from where it stands, or from zero after something earlier
// has changed.
func (s *State) settle() {
	if s.settled < 0 {
		s.pools, s.owed, s.asks, s.pushed, s.settled = nil, nil, nil, map[string]bool{}, 0
	}
	for ; s.settled < len(s.Stream.Slots); s.settled++ {
		sl := &s.Stream.Slots[s.settled]
		sl.Effect = Effect{}
		if sl.Msg != nil {
			sl.Effect = s.execute(s.settled, sl)
		}
	}
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

// credit reads a Credit-Notice: the token process says that Sender paid Quantity to the pool process.
func (s *State) credit(sl *Slot) Effect {
	m := sl.Msg
	eff := Effect{Action: "Credit-Notice"}
	terms := s.termsAt(m.Seq)
	eff.From, eff.Reason = sender(m, terms, sl.Time)
	if eff.Reason == "" && !m.has("From-Process") {
		eff.Reason = event.NotAuthority
	}
	if eff.Reason != "" {
		return eff
	}
	token, ok := tokenAt(terms, eff.From, sl.Time)
	if !ok {
		eff.Reason = event.UnknownToken
		return eff
	}
	if s.repushed(m) {
		eff.Reason = event.Repushed
		return eff
	}
	amount, err := event.ParseAmount(m.Tag("Quantity"))
	if err != nil || amount.IsZero() {
		eff.Reason = event.BadQuantity
		return eff
	}
	payer, err := event.ParseAddress(m.Tag("Sender"))
	if err != nil || payer == "" {
		eff.Reason = event.BadTags
		return eff
	}
	eff.Pool, eff.Reason = s.deposit(sl, terms, token, Deposit{m.ID, payer, amount, sl.Time})
	if eff.Reason != "" {
		s.owed = append(s.owed, Owed{m.ID, eff.Pool, payer, amount, token, eff.Reason, sl.Time})
	}
	return eff
}

// deposit adds a genuine deposit to the open period or opens the next one; a reason means that it is owed back.
func (s *State) deposit(sl *Slot, terms event.Terms, token event.Token, d Deposit) (event.ID, event.Reason) {
	id, err := event.ParseID(sl.Msg.Tag("X-Dataset"))
	if err != nil {
		return event.ID{}, event.BadTags
	}
	i, known := s.findPool(id)
	if known {
		if q := s.pools[i].open(sl.Time); q != nil {
			if q.Token.Process != token.Process {
				return id, event.OtherToken
			}
			q.Deposits, q.Pot = append(q.Deposits, d), q.Pot.Add(d.Amount)
			return id, ""
		}
	}
	rule, ok := rewards.Asked(sl.Msg.Tag("X-Allocation"))
	if !ok {
		return id, event.UnknownRule
	}
	if d.Amount.Cmp(terms.MinDeposit) < 0 {
		return id, event.BelowMinimum
	}
	if !known {
		s.pools = slices.Insert(s.pools, i, &Pool{ID: id})
	}
	p := s.pools[i]
	p.Periods = append(p.Periods, &Period{
		Pool: id, N: uint32(len(p.Periods) + 1), Terms: terms, Rule: rule.Name, Token: token,
		Start: sl.Time, End: sl.Time + terms.Duration, Deposits: []Deposit{d}, Pot: d.Amount,
	})
	return id, ""
}

func tokenAt(t event.Terms, process event.Address, at event.Millis) (event.Token, bool) {
	for _, k := range t.Tokens {
		if k.Process.Address() == process && k.At(at) {
			return k, true
		}
	}
	return event.Token{}, false
}

// repushed reports whether this outbox message was counted before: the same sender process and reference, or the same
// content signed by the same wallet. An authority signs anew each time it pushes, so the id differs.
func (s *State) repushed(m *Message) bool {
	keys := []string{"digest " + string(m.Owner) + string(m.Digest)}
	for _, name := range []string{"Reference", "Ref_"} {
		if m.has(name) {
			keys = append(keys, "reference "+m.Tag("From-Process")+" "+m.Tag(name))
			break
		}
	}
	again := false
	for _, k := range keys {
		again = again || s.pushed[k]
		s.pushed[k] = true
	}
	return again
}
