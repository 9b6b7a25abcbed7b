package api

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/projections"
)

type model struct {
	Stamp
	Pool     event.ID      `json:"pool"`
	Period   uint32        `json:"period"`
	Model    event.ID      `json:"model"`
	Uploader event.Address `json:"uploader" doc:"The signer of the model's item, empty while unknown"`
	Bytes    uint64        `json:"bytes" doc:"Size of the model, 0 while unknown"`
	Row      row           `json:"row" doc:"Its row on the board"`
	Days     []standing    `json:"days" doc:"Its place on every closed day"`
	Runs     []runSummary  `json:"runs" doc:"Oldest day first"`
}

type runSummary struct {
	Run      event.ID  `json:"run"`
	Day      event.Day `json:"day"`
	State    string    `json:"state" enum:"scored,failed,fault"`
	Correct  uint32    `json:"correct"`
	Answered uint32    `json:"answered"`
	Total    uint32    `json:"total"`
	Score    string    `json:"score"`
	Failures []failure `json:"failures"`
}

type failure struct {
	Attempt uint32       `json:"attempt"`
	Reason  event.Reason `json:"reason"`
	Why     string       `json:"why"`
	Detail  string       `json:"detail"`
	Fault   bool         `json:"fault" doc:"Whether the model itself is to blame"`
}

type run struct {
	Stamp
	Run      runSummary   `json:"run"`
	Key      event.RunKey `json:"key" doc:"What the run's id is the SHA-256 of"`
	Model    event.Hash   `json:"model_sha256"`
	Tensors  event.Hash   `json:"tensors_sha256"`
	Manifest event.Hash   `json:"manifest_sha256"`
	Evidence event.Hash   `json:"evidence_sha256"`
	Of       any          `json:"manifest" doc:"Everything that the score depends on; null where it is not kept here"`
}

type answers struct {
	Stamp
	Run      event.ID   `json:"run"`
	Evidence event.Hash `json:"evidence_sha256"`
	Answers  []Answer   `json:"answers" doc:"In the order asked"`
}

func modelOf(v *view, pool event.ID, n uint32, id event.ID) (model, error) {
	p, err := v.period(pool, n)
	if err != nil {
		return model{}, err
	}
	board, err := boardOf(v, pool, p.N, "")
	if err != nil {
		return model{}, err
	}
	i := slices.IndexFunc(board.Rows, func(r row) bool { return r.Model == id })
	if i < 0 {
		return model{}, notFound("model "+id.String()+" is not on the board of this period", fmt.Sprintf("the board is at /v1/pools/%s/periods/%d/leaderboard", pool, p.N))
	}
	src := v.Models[id]
	m := model{
		Stamp: v.stamp(), Pool: p.Pool, Period: p.N, Model: id, Uploader: src.Owner, Bytes: src.Size, Row: board.Rows[i],
		Days: []standing{}, Runs: []runSummary{},
	}
	for _, b := range v.closedBatches(p) {
		for j := range b.Board {
			if b.Board[j].Model == id {
				m.Days = append(m.Days, standingOf(b.Opened.Day, &b.Board[j]))
			}
		}
	}
	if l := v.Ledger(p.Pool, p.N); l != nil {
		for _, r := range l.Runs {
			if r.Key.Model == id {
				m.Runs = append(m.Runs, summaryOf(r))
			}
		}
	}
	slices.SortFunc(m.Runs, func(a, b runSummary) int { return cmp.Compare(a.Day, b.Day) })
	return m, nil
}

func summaryOf(r *projections.Run) runSummary {
	out := runSummary{Run: r.Key.Run(), Day: r.Key.Day, State: "failed", Failures: []failure{}}
	if _, fault := r.Fault(); fault {
		out.State = "fault"
	}
	if b := r.Score; b != nil {
		out.State, out.Correct, out.Answered, out.Total, out.Score = "scored", b.Correct, b.Answered, b.Total, ratio(b.Correct, b.Total)
	}
	for _, f := range r.Failures {
		out.Failures = append(out.Failures, failure{f.Attempt, f.Reason, inWords(string(f.Reason)), f.Detail, f.Fault})
	}
	return out
}

// findRun looks a run up in all ledgers.
func (v *view) findRun(id event.ID) (*projections.Run, error) {
	for _, l := range v.Ledgers {
		if r := l.Runs[id]; r != nil {
			return r, nil
		}
	}
	return nil, notFound("there is no run "+id.String(), "the runs of a model are listed at /v1/pools/{pool}/models/{model}")
}

func runOf(v *view, in inRun) (run, error) {
	r, err := v.findRun(in.Run)
	if err != nil {
		return run{}, err
	}
	out := run{Stamp: v.stamp(), Run: summaryOf(r), Key: r.Key}
	if b := r.Score; b != nil {
		out.Model, out.Tensors, out.Manifest, out.Evidence = b.Model, b.Tensors, b.Manifest, b.Evidence
		out.Of, err = v.site.src.Manifest(v.ctx, b.Manifest)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return run{}, err
		}
	}
	return out, nil
}

func answersOf(v *view, in inRun) (answers, error) {
	r, err := v.findRun(in.Run)
	if err != nil {
		return answers{}, err
	}
	if r.Score == nil {
		return answers{}, notFound("run "+in.Run.String()+" has no score and so no answers", "its failures are at /v1/runs/"+in.Run.String())
	}
	list, err := v.site.src.Answers(v.ctx, r.Score.Evidence)
	if err != nil {
		return answers{}, err
	}
	return answers{v.stamp(), in.Run, r.Score.Evidence, list}, nil
}
