package projections

import (
	"bytes"
	"slices"

	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/rewards"
)

// FinalBatch returns the period's last batch once it is closed, else nil.
func (s *State) FinalBatch(p *Period) *Batch {
	l := s.Ledger(p.Pool, p.N)
	if l == nil {
		return nil
	}
	if b := l.Batch(p.LastDay()); b != nil && b.Closed != 0 {
		return b
	}
	return nil
}

// Unsure returns the contested models of which who holds their place may yet change: the uploader is not known, or the owner
// of a process that has joined is not.
func (s *State) Unsure(p *Period) []event.ID {
	var out []event.ID
	for _, e := range s.Entrants(p, p.End) {
		if len(e.Others) == 0 {
			continue
		}
		unsure := s.Models[e.Model].Owner == ""
		for _, j := range e.Others {
			id, ok := j.From.ID()
			unsure = unsure || (ok && j.From != j.Wallet && s.Processes[id].Owner == "" && !s.Uploaded(e.Participant, e.Model))
		}
		if unsure {
			out = append(out, e.Model)
		}
	}
	return out
}

// GapLimit is the chain time after a period's end after which missing messages no longer stop its closing.
const GapLimit event.Millis = 7 * event.MillisPerDay

// Complete reports whether every message before the period's end is known, or has been missing for too long to wait.
// Without assignments there is no knowing.
func (s *State) Complete(p *Period) bool {
	return s.Stream.Order == ByNonce && (s.Stream.densePast(p.End, s.Window.Time-GapLimit) || s.Window.Time >= p.End+GapLimit)
}

func (s *State) periodClosed(b event.PeriodClosed) {
	p, l := s.Period(b.Pool, b.Period), s.ledger(b.Pool, b.Period)
	if p == nil || l.Closing != nil {
		s.fault("period %d of pool %s is closed without having been open", b.Period, b.Pool)
		return
	}
	last := s.FinalBatch(p)
	if last == nil || s.Window.Time < p.End || !s.Complete(p) {
		s.fault("period %d of pool %s was closed before it was over", b.Period, b.Pool)
		return
	}
	if gaps := s.Stream.Gaps(max(1, len(b.Gaps))); !slices.Equal(gaps, b.Gaps) && !s.Stream.DensePast(p.End) {
		s.fault("period %d of pool %s was closed in spite of missing messages that it does not name", b.Period, b.Pool)
	}
	if last.Root != b.Root || !b.Pot.Equal(p.Pot) || b.Day != p.LastDay() {
		s.fault("period %d of pool %s closed with pot %s and board %s, the event says %s and %s", b.Period, b.Pool, p.Pot, last.Root, b.Pot, b.Root)
	}
	l.Closing = &Closing{
		At: s.Seq, Time: s.Window.Time, End: p.End, Day: p.LastDay(), Pot: p.Pot, Deposits: slices.Clone(p.Deposits),
		Board: last.Board, Gaps: b.Gaps,
	}
}

// Allocation computes what a closed period owes, from what its closing froze and nothing else.
func (s *State) Allocation(p *Period, c *Closing) event.RewardsAllocated {
	a := event.RewardsAllocated{Pool: p.Pool, Period: p.N, Rule: p.Rule}
	rule, ok := rewards.Named(p.Rule)
	if !ok {
		return a // a period never opens with a rule that this program does not know
	}
	var ranked []event.Address
	for _, r := range c.Board {
		if r.Rank > 0 {
			ranked = append(ranked, r.Participant)
		}
	}
	a.Payouts = rewards.Allocate(rule, c.Pot, ranked)
	if len(ranked) == 0 {
		deposits := make([]rewards.Deposit, len(c.Deposits))
		for i, d := range c.Deposits {
			deposits[i] = rewards.Deposit{From: d.From, Amount: d.Amount}
		}
		a.Refunds = rewards.Refund(c.Pot, deposits)
	}
	a.Root = AllocationRoot(a)
	return a
}

func (s *State) rewardsAllocated(b event.RewardsAllocated) {
	p, l := s.Period(b.Pool, b.Period), s.Ledger(b.Pool, b.Period)
	if p == nil || l == nil || l.Closing == nil || l.Closing.Allocation != nil {
		s.fault("period %d of pool %s is allocated without having been closed", b.Period, b.Pool)
		return
	}
	own := s.Allocation(p, l.Closing)
	if own.Root != b.Root || AllocationRoot(b) != b.Root || b.Rule != own.Rule {
		s.fault("allocation of period %d of pool %s has root %s, the event says %s", b.Period, b.Pool, own.Root, b.Root)
	}
	l.Closing.Allocation = &own
	l.Closing.AllocatedAt = s.Seq
	l.Closing.Challenge = s.Window.Time + p.Terms.Challenge
}

func (s *State) rewardsFinal(b event.RewardsFinal) {
	l := s.Ledger(b.Pool, b.Period)
	if l == nil || l.Closing == nil || l.Closing.Allocation == nil || l.Closing.FinalAt != 0 {
		s.fault("rewards of period %d of pool %s are final without having been allocated", b.Period, b.Pool)
		return
	}
	if s.Window.Time < l.Closing.Challenge {
		s.fault("rewards of period %d of pool %s became final inside the challenge window", b.Period, b.Pool)
		return
	}
	l.Closing.FinalAt = s.Seq
}

// Dispute is a message that belongs to a closed period and was recorded after its closing: the allocation stands, and
// everybody can see what it does not know of.
type Dispute struct {
	Message event.ID
	Action  string
	Seq     event.Seq
	From    event.Address
}

// Disputes returns the deposits, joins and scores of a closed period that were recorded too late to count.
func (s *State) Disputes(p *Period) []Dispute {
	s.settle()
	var after event.Millis // the end of the period before: what came between the two belongs to the later one
	if before := s.Period(p.Pool, p.N-1); before != nil {
		after = before.End
	}
	var out []Dispute
	for _, sl := range s.Stream.Slots {
		if sl.Effect.Reason == event.AfterClosing && sl.Effect.Pool == p.Pool && after <= sl.Time && sl.Time < p.End {
			out = append(out, Dispute{sl.Message, sl.Effect.Action, max(sl.Seq, sl.Msg.Seq), sl.Effect.From})
		}
	}
	return out
}

// Refusals returns everything that had no effect and should have had one in its sender's eyes: items refused for their
// bytes first, then messages that the contract refused and joins that do not hold their model's place, in the order of
// the process.
func (s *State) Refusals() []Refusal {
	s.settle()
	out := slices.Clone(s.Refused)
	lost := s.lostJoins()
	for i := range s.Stream.Slots {
		sl := &s.Stream.Slots[i]
		if sl.Msg == nil {
			continue
		}
		reason := sl.Effect.Reason
		if r, ok := lost[sl.Message]; ok && reason == "" {
			reason = r
		}
		if reason != "" {
			out = append(out, Refusal{ID: sl.Message, Action: sl.Effect.Action, Reason: reason, Seq: sl.Msg.Seq})
		}
	}
	return out
}

// lostJoins returns why a join that was within its period and caps does not hold its model's place.
func (s *State) lostJoins() map[event.ID]event.Reason {
	lost := map[event.ID]event.Reason{}
	for _, p := range s.pools {
		for _, q := range p.Periods {
			for _, e := range s.Entrants(q, q.End) {
				for _, j := range e.Others {
					lost[j.Message] = event.ModelTaken
					if j.Slot < e.Join.Slot {
						lost[j.Message] = event.Displaced
					}
				}
			}
		}
	}
	return lost
}

// Root is the SHA-256 over everything that decides money in this state: equal roots mean equal pools, boards, payouts and
// refunds.
func (s *State) Root() event.Hash {
	s.settle()
	var leaves [][]byte
	for _, p := range s.pools {
		for _, q := range p.Periods {
			leaves = append(leaves, leaf([]any{q.Pool, q.N, q.Terms.Hash(), q.Rule, q.Token.Process, q.Start, q.End, q.Pot}))
			live := BoardRoot(q.Pool, q.N, q.LastDay(), s.LiveBoard(q))
			leaves = append(leaves, leaf(live))
		}
	}
	for _, l := range s.Ledgers {
		for _, b := range l.Batches {
			leaves = append(leaves, leaf([]any{l.Pool, l.Period, b.Opened.Day, b.Root, uint64(b.Closed)}))
		}
		if c := l.Closing; c != nil {
			leaves = append(leaves, leaf([]any{l.Pool, l.Period, c.Pot, BoardRoot(l.Pool, l.Period, c.Day, c.Board), uint64(c.At), uint64(c.FinalAt)}))
			if c.Allocation != nil {
				leaves = append(leaves, leaf(c.Allocation.Root))
			}
		}
	}
	for _, o := range s.Owed() {
		leaves = append(leaves, leaf([]any{o.Message, o.To, o.Amount, string(o.Reason)}))
	}
	for _, f := range s.Faults {
		leaves = append(leaves, leaf([]any{uint64(f.Seq), f.Why}))
	}
	return root(leaves)
}

// Participants returns everybody who has joined or paid, ascending.
func (s *State) Participants() []event.Address {
	s.settle()
	seen := map[event.Address]bool{}
	var out []event.Address
	add := func(a event.Address) {
		if !seen[a] {
			seen[a] = true
			out = append(out, a)
		}
	}
	for _, p := range s.pools {
		for _, q := range p.Periods {
			for _, d := range q.Deposits {
				add(d.From)
			}
			for _, j := range q.Joins {
				add(j.From)
			}
		}
	}
	slices.SortFunc(out, func(a, b event.Address) int { return bytes.Compare([]byte(a), []byte(b)) })
	return out
}
