package scheduler

import (
	"bytes"
	"slices"

	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/projections"
)

// jobs returns the work that is due for one period.
func (d due) jobs() []Job {
	if d.l.Closing != nil {
		return nil
	}
	out := d.sources()
	if d.p.Terms.Scores == event.ScoresChain || len(d.p.Joins) == 0 {
		return out
	}
	if d.l.Dataset == nil {
		return append(out, Job{Task: TaskDataset, Source: Dataset(d.p), Pool: d.p.Pool, Period: d.p.N, Attempt: 1})
	}
	return append(out, d.runs()...)
}

// Dataset returns the transaction that holds a period's questions: what its terms name, else the pool's id itself.
func Dataset(p *projections.Period) event.ID {
	for _, t := range p.Terms.Datasets {
		if t.Pool == p.Pool {
			return t.Tx
		}
	}
	return p.Pool
}

// sources asks who uploaded each model and who owns each process that joined, since a model's uploader displaces strangers.
func (d due) sources() []Job {
	var out []Job
	seen := map[event.ID]bool{}
	ask := func(task string, id event.ID, known map[event.ID]projections.Source) {
		src := known[id]
		if seen[id] || src.Owner != "" || d.now < src.Recorded+pause(src.Attempt) {
			return
		}
		seen[id] = true
		out = append(out, Job{Task: task, Source: id, Attempt: src.Attempt + 1, Pool: d.p.Pool, Period: d.p.N})
	}
	for _, j := range d.p.Joins {
		ask(TaskModel, j.Model, d.s.Models)
		if id, ok := j.From.ID(); ok && j.From != j.Wallet {
			ask(TaskProcess, id, d.s.Processes)
		}
	}
	return out
}

// runs returns the evaluations that are due: of every member of an open batch for its day, and of everybody who has joined
// for the day of the join, so that a trainer sees a first score the same day.
func (d due) runs() []Job {
	var out []Job
	seen := map[event.ID]bool{}
	add := func(model event.ID, day event.Day) {
		k := d.key(model, day)
		id := k.Run()
		if seen[id] {
			return
		}
		seen[id] = true
		var attempt uint32
		if r := d.l.Runs[id]; r != nil {
			if _, fault := r.Fault(); r.Score != nil || fault {
				return
			}
			if r.Missing() && day < d.p.LastDay() {
				return // its next day's run tries again
			}
			attempt = r.Attempts()
			if d.now < r.LastTry+pause(attempt) {
				return
			}
		}
		out = append(out, Job{
			Task: TaskRun, Source: model, Attempt: attempt + 1, Pool: d.p.Pool, Period: d.p.N, Run: k,
			Limits: Limits{d.p.Terms.MaxModelBytes, d.p.Terms.MaxRunSeconds},
		})
	}
	for _, b := range d.l.Batches {
		if b.Closed == 0 {
			for _, m := range b.Opened.Members {
				add(m, b.Opened.Day)
			}
		}
	}
	for _, e := range d.s.Entrants(d.p, d.p.End) {
		if day := e.First.Time.Day(); d.l.Batch(day) == nil {
			add(e.Model, day)
		}
	}
	slices.SortStableFunc(out, func(a, b Job) int {
		if a.Run.Day != b.Run.Day {
			return int(a.Run.Day - b.Run.Day)
		}
		return bytes.Compare(a.Source[:], b.Source[:])
	})
	return out
}

// pause is how long to wait after the n-th failure.
func pause(n uint32) event.Millis {
	if n == 0 {
		return 0
	}
	p := retryFirst
	for ; n > 1 && p < retryMost; n-- {
		p *= 2
	}
	return min(p, retryMost)
}
