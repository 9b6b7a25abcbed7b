package scheduler

import (
	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/projections"
)

const (
	// maxGaps is how many missing nonces a closing names.
	maxGaps = 100
	// retryFirst and retryMost bound the pause before a failed job is due again; it doubles from one to the other.
	retryFirst event.Millis = 30 * 1000
	retryMost  event.Millis = 6 * 60 * 60 * 1000
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
		if d.l.Finished(d.p, b, d.now) && (b.Opened.Day < d.p.LastDay() || len(d.unsure()) == 0) {
			// The pot is divided by the last board: it waits until it is known who holds each place.
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

// givenUp returns the failure that puts a member at fault which no gateway had for the days that the terms name.
func (d due) givenUp(b *projections.Batch) *event.RunFailed {
	var failing map[event.ID]event.Millis
	for _, m := range b.Opened.Members {
		run := d.l.Runs[d.key(m, b.Opened.Day).Run()]
		if run == nil || run.Score != nil || run.Attempts() == 0 || run.Failures[len(run.Failures)-1].Reason != event.ModelUnfetchable {
			continue
		}
		if _, fault := run.Fault(); fault {
			continue
		}
		if failing == nil {
			failing = d.l.Failing()
		}
		if since, ok := failing[m]; ok && d.now >= since+d.unfetchable() {
			return &event.RunFailed{Key: run.Key, Attempt: run.Attempts() + 1, Reason: event.ModelUnfetchable,
				Detail: "not to be had from any gateway since " + since.String(), Fault: true}
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
	return day, day < d.p.LastDay() || d.s.Stream.Order != projections.ByNonce || d.s.Complete(d.p)
}

func (d due) gaps() []uint64 {
	if d.s.Stream.DensePast(d.p.End) {
		return nil
	}
	return d.s.Stream.Gaps(maxGaps)
}

// over reports whether the period can be closed. A period whose messages have no nonces is never closed.
func (d due) over() bool {
	return d.s.Window.Time >= d.p.End && d.s.Complete(d.p) && d.s.FinalBatch(d.p) != nil
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

// key names a run of this period.
func (d due) key(model event.ID, day event.Day) event.RunKey {
	k := event.RunKey{Pool: d.p.Pool, Period: d.p.N, Model: model, Proto: d.p.Terms.Protocol, Day: day}
	if d.l.Dataset != nil {
		k.Dataset = d.l.Dataset.SHA256
	}
	return k
}
