package api

import (
	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/projections"
)

type rewardsBody struct {
	Stamp
	Pool      event.ID      `json:"pool"`
	Period    uint32        `json:"period"`
	Phase     string        `json:"phase" enum:"open,ended,closed,preliminary,final"`
	Kind      string        `json:"kind" enum:"projected,preliminary,final" doc:"projected: what would be owed if the period ended now; preliminary: allocated and inside the challenge window; final: may be paid"`
	Rule      string        `json:"rule"`
	Pot       Money         `json:"pot"`
	End       when          `json:"end"`
	Challenge *when         `json:"challenge_until" doc:"Chain time until which the allocation can be challenged; null before it is made"`
	Allocated *event.Seq    `json:"allocated_at" doc:"The event that allocated; null before"`
	Final     *event.Seq    `json:"final_at" doc:"The event that made it final; null before"`
	Root      event.Hash    `json:"root" doc:"RFC 6962 root over payouts then refunds"`
	Payouts   []payout      `json:"payouts" doc:"They add up to the pot"`
	Refunds   []payout      `json:"refunds" doc:"The pot given back to its funders where nobody is ranked"`
	Owed      []owed        `json:"owed" doc:"Deposits to this pool that do not count and are owed back, of all periods"`
	Disputes  []disputeBody `json:"disputes" doc:"What was recorded too late to count"`
	Waiting   []string      `json:"waiting" doc:"What keeps an ended period from being closed, in words"`
}

type payout struct {
	To     event.Address `json:"to"`
	Amount event.Amount  `json:"amount" doc:"In the pot's token"`
	Parts  []part        `json:"parts" doc:"The ranks that it is made of"`
}

type part struct {
	Rank   uint32       `json:"rank"`
	Model  event.ID     `json:"model"`
	Amount event.Amount `json:"amount"`
}

type owed struct {
	Message event.ID      `json:"message"`
	Pool    event.ID      `json:"pool,omitzero"`
	To      event.Address `json:"to"`
	Money
	Reason event.Reason `json:"reason"`
	Why    string       `json:"why"`
	Time   when         `json:"time"`
}

type disputeBody struct {
	Message event.ID      `json:"message"`
	Action  string        `json:"action"`
	From    event.Address `json:"from"`
	Seq     event.Seq     `json:"seq" doc:"When it was recorded, after the closing"`
}

func rewardsOf(v *view, pool event.ID, n uint32) (rewardsBody, error) {
	p, err := v.period(pool, n)
	if err != nil {
		return rewardsBody{}, err
	}
	b := rewardsBody{
		Stamp: v.stamp(), Pool: p.Pool, Period: p.N, Phase: v.phase(p), Kind: "projected", Rule: p.Rule, End: when(p.End),
		Owed: v.owedTo(p.Pool), Disputes: []disputeBody{}, Waiting: v.waiting(p),
	}
	c := v.closing(p)
	if c == nil {
		c = &projections.Closing{Pot: p.Pot, Deposits: p.Deposits, Board: v.LiveBoard(p)}
	}
	a := v.Allocation(p, c)
	if c.Allocation != nil {
		a = *c.Allocation
		until := when(c.Challenge)
		b.Kind, b.Challenge, b.Allocated = phasePreliminary, &until, &c.AllocatedAt
	}
	if c.FinalAt != 0 {
		b.Kind, b.Final = phaseFinal, &c.FinalAt
	}
	b.Pot, b.Root = moneyOf(p.Token, c.Pot), a.Root
	b.Payouts = payoutsOf(p, c, a.Payouts)
	b.Refunds = payoutsOf(p, &projections.Closing{}, a.Refunds)
	for _, d := range v.Disputes(p) {
		b.Disputes = append(b.Disputes, disputeBody{d.Message, cut(d.Action, 100), d.From, d.Seq})
	}
	return b, nil
}

func payoutsOf(p *projections.Period, c *projections.Closing, ps []event.Payout) []payout {
	shares := sharesOf(p, c.Pot, c.Board)
	out := make([]payout, len(ps))
	for i, one := range ps {
		out[i] = payout{one.To, one.Amount, []part{}}
		for _, r := range c.Board {
			if r.Participant == one.To && r.Rank > 0 && !shares[r.Rank-1].IsZero() {
				out[i].Parts = append(out[i].Parts, part{r.Rank, r.Model, shares[r.Rank-1]})
			}
		}
	}
	return out
}

// owedTo returns the deposits that are owed back and named the pool; of all pools for the zero id.
func (v *view) owedTo(pool event.ID) []owed {
	out := []owed{}
	for _, o := range v.State.Owed() {
		if pool.IsZero() || o.Pool == pool {
			out = append(out, owed{o.Message, o.Pool, o.To, moneyOf(o.Token, o.Amount), o.Reason, inWords(string(o.Reason)), when(o.Time)})
		}
	}
	return out
}
