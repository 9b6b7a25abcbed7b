package scheduler

import (
	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/projections"
)

const (
	hour = 60 * 60 * 1000
	// batchLimit is the recorded time after which a batch is closed with whatever runs it has.
	batchLimit event.Millis = 24 * hour
	// gapLimit is the chain time after a period's end after which a missing nonce no longer stops the closing.
	gapLimit event.Millis = 7 * event.MillisPerDay
	// maxGaps is how many missing nonces a closing names.
	maxGaps = 100
	// retryFirst and retryMost bound the pause before a failed job is due again; it doubles from one to the other.
	retryFirst event.Millis = 30 * 1000
	retryMost  event.Millis = 6 * hour
)

// Due returns what ought to be done in state s at recorded time now. It is pure and deterministic. At most one decision per
// pool is returned: the next one follows from the state that this one makes.
func Due(s *projections.State, now event.Millis) []Intent {
	var out []Intent
	for _, pool := range s.Pools() {
		var decided bool
		for _, p := range pool.Periods {
			d := due{s: s, p: p, l: s.Ledger(p.Pool, p.N), now: now}
			if d.l == nil {
				d.l = &projections.Ledger{Pool: p.Pool, Period: p.N}
			}
			if b := d.decision(); b != nil && !decided {
				decided = true
				out = append(out, Intent{Key: b.ID().String(), Pool: pool.ID, Decide: b})
			}
			for _, j := range d.jobs() {
				out = append(out, Intent{Key: j.Key(), Pool: pool.ID, Job: &j})
			}
		}
	}
	return out
}

// due is one period looked at.
type due struct {
	s   *projections.State
	p   *projections.Period
	l   *projections.Ledger
	now event.Millis
}

// decision returns the next event that follows from the state alone, or nil.
func (d due) decision() event.Body {
	c := d.l.Closing
	switch {
	case c == nil:
		return d.batchOrClose()
	case c.Allocation == nil:
		return d.s.Allocation(d.p, c)
	case c.FinalAt == 0 && d.s.Window.Time >= c.Challenge:
		return event.RewardsFinal{Pool: d.p.Pool, Period: d.p.N}
	}
	return nil
}

func (d due) batchOrClose() event.Body {
	for _, b := range d.l.Batches {
		if b.Closed != 0 {
			continue
		}
		if f := d.givenUp(b); f != nil {
			return *f
		}
		if d.finished(b) {
			rows := d.s.DayBoard(d.p, b)
			return event.BatchClosed{Pool: d.p.Pool, Period: d.p.N, Day: b.Opened.Day, Rows: uint32(len(rows)),
				Root: projections.BoardRoot(d.p.Pool, d.p.N, b.Opened.Day, rows)}
		}
	}
	if day, ok := d.nextBatch(); ok {
		cut := d.p.Cut(day)
		return event.BatchOpened{Pool: d.p.Pool, Period: d.p.N, Day: day, Cut: cut, Members: d.s.Members(d.p, cut)}
	}
	if d.over() {
		last := d.s.FinalBatch(d.p)
		return event.PeriodClosed{Pool: d.p.Pool, Period: d.p.N, Day: d.p.LastDay(), Pot: d.p.Pot, Root: last.Root, Gaps: d.gaps()}
	}
	return nil
}

// givenUp returns the failure that puts a member at fault which could not be fetched from anywhere for the days that the
// terms name, counted from the first failure after its last good run.
func (d due) givenUp(b *projections.Batch) *event.RunFailed {
	for _, m := range b.Opened.Members {
		var run *projections.Run
		var first event.Millis
		good := d.p.FirstDay() - 1
		for _, r := range d.l.Runs {
			if r.Key.Model == m && r.Score != nil {
				good = max(good, r.Key.Day)
			}
		}
		for _, r := range d.l.Runs {
			if r.Key.Model != m || r.Score != nil || r.Key.Day <= good || len(r.Failures) == 0 {
				continue
			}
			if first == 0 || r.FirstTry < first {
				first = r.FirstTry
			}
			if r.Key.Day == b.Opened.Day {
				run = r
			}
		}
		if run == nil || d.now < first+d.unfetchable() {
			continue
		}
		if _, fault := run.Fault(); !fault && run.Failures[len(run.Failures)-1].Reason == event.ModelUnfetchable {
			return &event.RunFailed{Key: run.Key, Attempt: run.Attempts() + 1, Reason: event.ModelUnfetchable,
				Detail: "not to be had from any gateway since " + first.String(), Fault: true}
		}
	}
	return nil
}

// nextBatch returns the earliest day without a batch whose cut has passed. Days are opened in order. The last one waits for
// the messages before the period's end, so that who joined in the last minutes is a member.
func (d due) nextBatch() (event.Day, bool) {
	day := d.p.FirstDay()
	for _, b := range d.l.Batches {
		day = max(day, b.Opened.Day+1)
	}
	if day > d.p.LastDay() || d.s.Window.Time < d.p.Cut(day) {
		return 0, false
	}
	return day, day < d.p.LastDay() || d.complete()
}

// complete reports whether every message before the period's end is known, or has been missing for too long to wait.
// Without assignments there is no knowing.
func (d due) complete() bool {
	return d.s.Stream.Order != projections.ByNonce || d.s.Stream.DensePast(d.p.End) || d.s.Window.Time >= d.p.End+gapLimit
}

func (d due) gaps() []uint64 {
	if d.s.Stream.DensePast(d.p.End) {
		return nil
	}
	return d.s.Stream.Gaps(maxGaps)
}

// over reports whether the period can be closed. A period whose messages have no nonces is never closed.
func (d due) over() bool {
	return d.s.Stream.Order == projections.ByNonce && d.s.Window.Time >= d.p.End && d.complete() &&
		d.s.FinalBatch(d.p) != nil && len(d.unsure()) == 0
}

// unsure returns the contested models whose uploader is unknown, without those that could not be found for so long that
// they count as not to be had.
func (d due) unsure() []event.ID {
	var out []event.ID
	for _, m := range d.s.Unsure(d.p) {
		if src := d.s.Models[m]; src.Attempt == 0 || d.now < src.First+d.unfetchable() {
			out = append(out, m)
		}
	}
	return out
}

func (d due) unfetchable() event.Millis {
	return event.Millis(d.p.Terms.UnfetchableDays) * event.MillisPerDay
}

// finished reports whether a batch can be closed: every member has its run, or a fault of its own, or a day has passed. An
// outage of ours never unranks a model, so the last batch of a period waits until every member has a good run of any day.
func (d due) finished(b *projections.Batch) bool {
	if d.p.Terms.Scores == event.ScoresChain {
		return true
	}
	last := b.Opened.Day == d.p.LastDay()
	late := d.now >= b.Recorded+batchLimit
	for _, m := range b.Opened.Members {
		day, any := d.done(m, b.Opened.Day)
		if !day && (!late || (last && !any)) {
			return false
		}
	}
	return true
}

// done reports whether a model is scored or at fault on that day, and on that day or any before.
func (d due) done(model event.ID, day event.Day) (onDay, ever bool) {
	for _, r := range d.l.Runs {
		if r.Key.Model != model || r.Key.Day > day {
			continue
		}
		if _, fault := r.Fault(); r.Score != nil || fault {
			ever = true
			onDay = onDay || r.Key.Day == day
		}
	}
	return onDay, ever
}
