package api

import (
	"slices"

	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/projections"
)

type participant struct {
	Stamp
	Address event.Address `json:"address"`
	Periods []taking      `json:"periods" doc:"Every period in which the address joined or paid"`
	Owed    []owed        `json:"owed" doc:"Its deposits that do not count and are owed back"`
}

type taking struct {
	Pool   event.ID `json:"pool"`
	Period uint32   `json:"period"`
	Phase  string   `json:"phase" enum:"open,ended,closed,preliminary,final"`
	Models []row    `json:"models" doc:"Its rows on the board, live while the period runs and final after"`
	Paid   Money    `json:"paid" doc:"What it paid into the pot"`
	Reward Money    `json:"reward" doc:"What it gets of the pot; projected while the period is not closed"`
}

func participantOf(v *view, in inAddress) (participant, error) {
	who, err := event.ParseAddress(in.Address)
	if err != nil || who == "" {
		return participant{}, badRequest(cut(in.Address, 60)+" is "+event.ErrBadAddress.Error(), "copy the address from a row of a board")
	}
	out := participant{Stamp: v.stamp(), Address: who, Periods: []taking{}, Owed: v.owedTo(event.ID{})}
	out.Owed = slices.DeleteFunc(out.Owed, func(o owed) bool { return o.To != who })
	for _, pool := range v.Pools() {
		for _, p := range pool.Periods {
			if t, ok := v.taking(p, who); ok {
				out.Periods = append(out.Periods, t)
			}
		}
	}
	if len(out.Periods) == 0 && len(out.Owed) == 0 {
		return out, notFound(who.String()+" has not joined or paid"+v.atText(), "a user of an AO process takes part under the process's id")
	}
	return out, nil
}

func (v *view) taking(p *projections.Period, who event.Address) (taking, bool) {
	var b leaderboard
	b.Pot = moneyOf(p.Token, p.Pot)
	rows, err := v.choose(p, "", &b)
	if err != nil {
		return taking{}, false
	}
	t := taking{Pool: p.Pool, Period: p.N, Phase: v.phase(p), Models: []row{}, Paid: moneyOf(p.Token, event.Amount{}), Reward: moneyOf(p.Token, event.Amount{})}
	for _, r := range rowsOf(p, b.Pot.Amount, rows) {
		if r.Participant == who {
			t.Models = append(t.Models, r)
			if r.Share != nil {
				t.Reward.Amount = t.Reward.Amount.Add(*r.Share)
			}
		}
	}
	paid := false
	for _, d := range p.Deposits {
		if d.From == who {
			t.Paid.Amount, paid = t.Paid.Amount.Add(d.Amount), true
		}
	}
	return t, paid || len(t.Models) > 0
}
