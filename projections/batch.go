package projections

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/aobench/aobench/event"
)

// Cut returns the time before which joins belong to the batch of day d.
func (p *Period) Cut(d event.Day) event.Millis { return min((d + 1).Start(), p.End) }

// FirstDay and LastDay bound the days on which the period has a batch.
func (p *Period) FirstDay() event.Day { return p.Start.Day() }

// LastDay is the day whose batch has the period's end as its cut.
func (p *Period) LastDay() event.Day { return (p.End - 1).Day() }

func (s *State) batchOpened(b event.BatchOpened) {
	p, l := s.Period(b.Pool, b.Period), s.ledger(b.Pool, b.Period)
	switch {
	case p == nil || b.Day < p.FirstDay() || b.Day > p.LastDay() || b.Cut != p.Cut(b.Day):
		s.fault("batch of pool %s period %d day %s is not one of its days", b.Pool, b.Period, b.Day)
		return
	case l.Batch(b.Day) != nil:
		s.fault("batch of pool %s period %d day %s is opened again", b.Pool, b.Period, b.Day)
		return
	case s.Window.Time < b.Cut:
		s.fault("batch of pool %s day %s was opened before its day was over", b.Pool, b.Day)
	case !slices.Equal(b.Members, s.Members(p, b.Cut)):
		s.fault("batch of pool %s day %s does not have the members that had joined", b.Pool, b.Day)
	}
	i, _ := slices.BinarySearchFunc(l.Batches, b.Day, func(x *Batch, d event.Day) int { return cmp.Compare(x.Opened.Day, d) })
	l.Batches = slices.Insert(l.Batches, i, &Batch{Opened: b, At: s.Seq, Recorded: s.Recorded})
}

// Members returns the models of the period that were joined before cut, ascending.
func (s *State) Members(p *Period, cut event.Millis) []event.ID {
	var out []event.ID
	for _, e := range s.Entrants(p, cut) {
		out = append(out, e.Model)
	}
	slices.SortFunc(out, func(a, b event.ID) int { return bytes.Compare(a[:], b[:]) })
	return out
}

// BatchLimit is the recorded time after which a batch is closed with whatever runs it has.
const BatchLimit event.Millis = 24 * 60 * 60 * 1000

// FetchTries is how often a day's run is tried whose model no gateway has, before the day goes on without it. Otherwise
// a stranger could hold up every board by joining with an id that nobody uploaded.
const FetchTries = 5

// Missing reports whether the run was tried often enough to say that its model is not to be had that day.
func (r *Run) Missing() bool {
	return r.Attempts() >= FetchTries && r.Failures[len(r.Failures)-1].Reason == event.ModelUnfetchable
}

// Finished reports whether a batch can be closed at a recorded time: every member is scored or at fault on its day or
// could not be fetched, or BatchLimit has passed. The last batch of a period waits until every member has a good run or a
// fault of any day: an outage of ours costs nobody a rank. Scores from the chain are there or are not.
func (l *Ledger) Finished(p *Period, b *Batch, now event.Millis) bool {
	if p.Terms.Scores == event.ScoresChain {
		return true
	}
	late := now >= b.Recorded+BatchLimit
	last := b.Opened.Day == p.LastDay()
	runs := l.standings(p.Terms.Protocol, b.Opened.Day)
	for _, m := range b.Opened.Members {
		st := runs[m]
		ever := st.good != nil || st.bad != nil
		today := (st.good != nil && st.good.Key.Day == b.Opened.Day) || (st.bad != nil && st.bad.Key.Day == b.Opened.Day)
		if !today && !late && !l.missing(p, m, b.Opened.Day) || last && !ever {
			return false
		}
	}
	return true
}

// missing reports whether the model's run of that day is Missing.
func (l *Ledger) missing(p *Period, model event.ID, day event.Day) bool {
	if l.Dataset == nil {
		return false
	}
	k := event.RunKey{Pool: p.Pool, Period: p.N, Model: model, Dataset: l.Dataset.SHA256, Proto: p.Terms.Protocol, Day: day}
	r := l.Runs[k.Run()]
	return r != nil && r.Score == nil && r.Missing()
}

func (s *State) batchClosed(b event.BatchClosed) {
	p, l := s.Period(b.Pool, b.Period), s.Ledger(b.Pool, b.Period)
	if p == nil || l == nil || l.Batch(b.Day) == nil || l.Batch(b.Day).Closed != 0 {
		s.fault("batch of pool %s day %s is closed without having been open", b.Pool, b.Day)
		return
	}
	batch := l.Batch(b.Day)
	if !l.Finished(p, batch, s.Recorded) {
		s.fault("batch of pool %s day %s was closed before its runs were done", b.Pool, b.Day)
	}
	batch.Board = s.DayBoard(p, batch)
	batch.Root = BoardRoot(b.Pool, b.Period, b.Day, batch.Board)
	batch.Closed = s.Seq
	if batch.Root != b.Root || int(b.Rows) != len(batch.Board) {
		s.fault("board of pool %s day %s has root %s, the event says %s", b.Pool, b.Day, batch.Root, b.Root)
	}
}
