package api

import (
	"cmp"
	"slices"

	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/projections"
)

type history struct {
	Stamp
	Pool   event.ID       `json:"pool"`
	Period uint32         `json:"period"`
	Days   []day          `json:"days" doc:"Closed days, oldest first"`
	Models []modelHistory `json:"models" doc:"In the order of the newest closed board"`
}

type day struct {
	Day  event.Day  `json:"day"`
	Seq  event.Seq  `json:"seq" doc:"The event that closed it: ?at=seq: of this shows it"`
	Rows int        `json:"rows"`
	Root event.Hash `json:"root" doc:"RFC 6962 root over its rows"`
}

type modelHistory struct {
	Model       event.ID      `json:"model"`
	Participant event.Address `json:"participant" doc:"On the newest board that has the model"`
	Days        []standing    `json:"days"`
}

type standing struct {
	Day     event.Day `json:"day"`
	Rank    *uint32   `json:"rank"`
	Correct uint32    `json:"correct"`
	Total   uint32    `json:"total"`
	Score   string    `json:"score"`
	RunDay  event.Day `json:"run_day" doc:"Of the run that counts"`
	Run     event.ID  `json:"run,omitzero"`
	Reason  string    `json:"reason" doc:"Why it has no rank"`
	Why     string    `json:"why"`
}

func historyOf(v *view, pool event.ID, n uint32) (history, error) {
	p, err := v.period(pool, n)
	if err != nil {
		return history{}, err
	}
	h := history{Stamp: v.stamp(), Pool: p.Pool, Period: p.N, Days: []day{}, Models: []modelHistory{}}
	batches := v.closedBatches(p)
	for _, b := range batches {
		h.Days = append(h.Days, day{b.Opened.Day, b.Closed, len(b.Board), b.Root})
	}
	at := map[event.ID]int{}
	for i := len(batches) - 1; i >= 0; i-- { // newest first, so that the newest board gives the order of the models
		for j := range batches[i].Board {
			r := &batches[i].Board[j]
			k, ok := at[r.Model]
			if !ok {
				k = len(h.Models)
				at[r.Model] = k
				h.Models = append(h.Models, modelHistory{Model: r.Model, Participant: r.Participant})
			}
			h.Models[k].Days = append(h.Models[k].Days, standingOf(batches[i].Opened.Day, r))
		}
	}
	for i := range h.Models {
		slices.Reverse(h.Models[i].Days)
	}
	return h, nil
}

func standingOf(d event.Day, r *projections.Row) standing {
	return standing{
		Day: d, Rank: some(r.Rank), Correct: r.Correct, Total: r.Total, Score: ratio(r.Correct, r.Total),
		RunDay: r.Day, Run: r.Run, Reason: r.Reason, Why: inWords(r.Reason),
	}
}

// closedBatches returns the period's closed batches, oldest day first.
func (v *view) closedBatches(p *projections.Period) []*projections.Batch {
	var out []*projections.Batch
	if l := v.Ledger(p.Pool, p.N); l != nil {
		for _, b := range l.Batches {
			if b.Closed != 0 {
				out = append(out, b)
			}
		}
	}
	slices.SortFunc(out, func(a, b *projections.Batch) int { return cmp.Compare(a.Opened.Day, b.Opened.Day) })
	return out
}
