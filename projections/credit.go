package projections

import (
	"slices"

	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/rewards"
)

// credit reads a Credit-Notice: the token process says that Sender paid Quantity to the pool process. The terms of the open
// period say whose word counts; what is genuine only by newer terms is owed back.
func (s *State) credit(sl *Slot) Effect {
	m := sl.Msg
	eff := Effect{Action: "Credit-Notice"}
	pool, badPool := event.ParseID(m.Tag("X-Dataset"))
	newest := s.termsAt(m.Seq)
	terms := newest
	var period *Period
	if badPool == nil {
		if period = s.at(pool).funding(sl.Time); period != nil {
			terms = period.Terms
		}
	}
	n, reason := readNotice(m, terms, sl.Time)
	var uncounted event.Reason
	if reason != "" && period != nil {
		if again, still := readNotice(m, newest, sl.Time); still == "" {
			n, uncounted, reason = again, event.NotAuthority, ""
			if n.token.Process != period.Token.Process {
				uncounted = event.OtherToken
			}
		}
	}
	eff.From, eff.Reason = n.from, reason
	if reason != "" {
		return eff
	}
	late := badPool == nil && s.late(pool, sl)
	if s.repushed(m, late) {
		eff.Reason = event.Repushed
		return eff
	}
	amount, err := event.ParseAmount(m.Tag("Quantity"))
	if err != nil || amount.IsZero() {
		eff.Reason = event.BadQuantity
		return eff
	}
	payer, err := event.ParseAddress(m.Tag("Sender"))
	if err != nil {
		eff.Reason = event.BadTags
		return eff
	}
	d := Deposit{m.ID, payer, amount, sl.Time}
	eff.Pool, eff.Reason = pool, uncounted
	switch {
	case badPool != nil:
		eff.Reason = event.BadTags
	case late:
		eff.Reason = event.AfterClosing
	case uncounted == "":
		eff.Reason = s.deposit(pool, m.Tag("X-Allocation"), newest, n.token, d)
	}
	if eff.Reason != "" {
		o := Owed{Message: m.ID, Pool: eff.Pool, To: payer, Amount: amount, Token: n.token, Reason: eff.Reason, Time: sl.Time}
		if late {
			o.outbox = m.outbox()
		}
		s.owed = append(s.owed, o)
	}
	return eff
}

// notice is who a Credit-Notice is from.
type notice struct {
	from  event.Address
	token event.Token
}

// readNotice accepts a message of an accepted token through an authority.
func readNotice(m *Message, t event.Terms, at event.Millis) (notice, event.Reason) {
	from, reason := sender(m, t, at)
	if reason == "" && !m.has("From-Process") {
		reason = event.NotAuthority
	}
	if reason != "" {
		return notice{from: from}, reason
	}
	for _, k := range t.Tokens {
		if k.Process.Address() == from && k.At(at) {
			return notice{from, k}, ""
		}
	}
	return notice{from: from}, event.UnknownToken
}

// deposit adds a genuine deposit to the pool's period or opens the next one; a reason means that it is owed back.
func (s *State) deposit(pool event.ID, allocation string, terms event.Terms, token event.Token, d Deposit) event.Reason {
	i, known := s.findPool(pool)
	if known {
		if q := s.pools[i].funding(d.Time); q != nil {
			if q.Token.Process != token.Process {
				return event.OtherToken
			}
			if !q.takes(d.From) {
				return event.TooManyFunders
			}
			q.Deposits, q.Pot = append(q.Deposits, d), q.Pot.Add(d.Amount)
			return ""
		}
	}
	rule, ok := rewards.Asked(allocation)
	if !ok {
		return event.UnknownRule
	}
	if d.Amount.Cmp(terms.MinDeposit) < 0 {
		return event.BelowMinimum
	}
	if !known {
		s.pools = slices.Insert(s.pools, i, &Pool{ID: pool})
	}
	p := s.pools[i]
	p.Periods = append(p.Periods, &Period{
		Pool: pool, N: uint32(len(p.Periods) + 1), Terms: terms, Rule: rule.Name, Token: token,
		Start: d.Time, End: d.Time + terms.Duration, Deposits: []Deposit{d}, Pot: d.Amount,
	})
	return ""
}

// maxFunders is how many different funders a period has at most: rewards.allocated names them all in one event when the pot
// goes back to them.
const maxFunders = 800

// takes reports whether a period's pot takes another deposit of this funder.
func (p *Period) takes(from event.Address) bool {
	if p.payers == nil {
		p.payers = map[event.Address]bool{}
		for _, d := range p.Deposits {
			p.payers[d.From] = true
		}
	}
	if len(p.payers) >= maxFunders && !p.payers[from] {
		return false
	}
	p.payers[from] = true
	return true
}

// outbox names the outbox message that m is a push of: by its sender process and reference, and by content and signer. An
// authority signs anew each time it pushes, so the id differs.
func (m *Message) outbox() []string {
	keys := []string{"digest " + string(m.Owner) + string(m.Digest)}
	switch from := m.Tag("From-Process") + " "; {
	case m.has("Reference"):
		keys = append(keys, "reference "+from+m.Tag("Reference"))
	case m.has("Ref_"):
		keys = append(keys, "reference "+from+m.Tag("Ref_"))
	case len(m.Anchor) > 0:
		keys = append(keys, "anchor "+from+string(m.Anchor))
	}
	return keys
}

// repushed reports whether the outbox message was read before. A late one is no reason to turn down one that was in time.
func (s *State) repushed(m *Message, late bool) bool {
	again := false
	for _, k := range m.outbox() {
		_, before := s.pushed.get(k)
		if late {
			k = "late " + k
			_, lately := s.pushed.get(k)
			before = before || lately
		}
		again = again || before
		s.pushed.set(k, true)
	}
	return again
}
