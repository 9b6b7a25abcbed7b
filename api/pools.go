package api

import (
	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/projections"
)

type poolList struct {
	Stamp
	Pools []poolSummary `json:"pools"`
}

type poolSummary struct {
	Pool    event.ID `json:"pool"`
	Periods int      `json:"periods"`
	Newest  period   `json:"newest" doc:"The newest period"`
}

type period struct {
	Period   uint32       `json:"period"`
	Phase    string       `json:"phase" enum:"open,ended,closed,preliminary,final"`
	Start    when         `json:"start"`
	End      when         `json:"end" doc:"Not in the period any more"`
	Pot      Money        `json:"pot"`
	Rule     string       `json:"rule"`
	Protocol string       `json:"protocol"`
	Scores   string       `json:"scores" enum:"log,chain"`
	Terms    event.Hash   `json:"terms" doc:"SHA-256 of the terms that the period was opened under"`
	Dataset  *datasetBody `json:"dataset" doc:"Null until its bytes are bound"`
	Deposits int          `json:"deposits"`
	Models   int          `json:"models"`
	Days     int          `json:"days" doc:"Closed days"`
	Leader   *row         `json:"leader" doc:"The first row of the board, null while nobody is ranked"`
	Waiting  []string     `json:"waiting" doc:"What keeps an ended period from being closed, in words"`
}

type datasetBody struct {
	Tx        event.ID   `json:"tx"`
	SHA256    event.Hash `json:"sha256"`
	Questions uint32     `json:"questions"`
	Format    string     `json:"format"`
}

type poolBody struct {
	Stamp
	Pool    event.ID `json:"pool"`
	Periods []period `json:"periods" doc:"Oldest first"`
}

type periodBody struct {
	Stamp
	Pool   event.ID  `json:"pool"`
	Period period    `json:"period"`
	Paid   []deposit `json:"paid" doc:"What was paid into the pot, in the order of the process"`
}

type deposit struct {
	Message event.ID      `json:"message"`
	From    event.Address `json:"from"`
	Money
	Time when `json:"time"`
}

func pools(v *view, _ inAt) (poolList, error) {
	out := poolList{Stamp: v.stamp(), Pools: []poolSummary{}}
	for _, p := range v.Pools() {
		if len(p.Periods) == 0 {
			continue
		}
		newest := p.Periods[len(p.Periods)-1]
		out.Pools = append(out.Pools, poolSummary{p.ID, len(p.Periods), v.summary(newest)})
	}
	return out, nil
}

func poolOf(v *view, in inPool) (poolBody, error) {
	out := poolBody{Stamp: v.stamp(), Pool: in.Pool, Periods: []period{}}
	if _, err := v.period(in.Pool, 0); err != nil {
		return out, err
	}
	for _, p := range v.Pool(in.Pool).Periods {
		out.Periods = append(out.Periods, v.summary(p))
	}
	return out, nil
}

func periodOf(v *view, in inPeriod) (periodBody, error) {
	p, err := v.period(in.Pool, in.N)
	if err != nil {
		return periodBody{}, err
	}
	b := periodBody{v.stamp(), p.Pool, v.summary(p), []deposit{}}
	for _, d := range p.Deposits {
		b.Paid = append(b.Paid, deposit{d.Message, d.From, moneyOf(p.Token, d.Amount), when(d.Time)})
	}
	return b, nil
}

func (v *view) summary(p *projections.Period) period {
	out := period{
		Period: p.N, Phase: v.phase(p), Start: when(p.Start), End: when(p.End), Pot: moneyOf(p.Token, p.Pot), Rule: p.Rule,
		Protocol: p.Terms.Protocol, Scores: p.Terms.Scores, Terms: p.Terms.Hash(), Deposits: len(p.Deposits),
		Waiting: v.waiting(p),
	}
	var at leaderboard
	rows, err := v.choose(p, "", &at)
	if err == nil {
		out.Models = len(rows)
		if len(rows) > 0 && rows[0].Rank > 0 {
			first := rowsOf(p, p.Pot, rows)[0]
			out.Leader = &first
		}
	}
	if l := v.Ledger(p.Pool, p.N); l != nil {
		if d := l.Dataset; d != nil {
			out.Dataset = &datasetBody{d.Tx, d.SHA256, d.Questions, d.Format}
		}
		for _, b := range l.Batches {
			if b.Closed != 0 {
				out.Days++
			}
		}
	}
	return out
}

// waiting says what an ended period waits for before it can be closed.
func (v *view) waiting(p *projections.Period) []string {
	out := []string{}
	if v.phase(p) != phaseEnded {
		return out
	}
	if v.Stream.Order != projections.ByNonce {
		return append(out, "the pool process has no assignments on Arweave: the period is shown and never divided")
	}
	if v.FinalBatch(p) == nil {
		out = append(out, "the board of its last day is not closed yet")
	}
	if n := len(v.Unsure(p)); n > 0 {
		out = append(out, "several participants claim the same model and its uploader is not known yet")
	}
	if !v.Stream.DensePast(p.End) {
		out = append(out, "messages up to the period's end may still be missing")
	}
	return out
}
