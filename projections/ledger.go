package projections

import (
	"bytes"
	"cmp"
	"maps"
	"slices"

	"github.com/aobench/aobench/event"
)

// Ledger is what this service recorded about one period.
type Ledger struct {
	Pool    event.ID
	Period  uint32
	Dataset *event.DatasetResolved
	Runs    map[event.ID]*Run // by run id
	Batches []*Batch          // by day
	Closing *Closing          // nil while the period is not closed
}

// Run is one model's evaluation on one day.
type Run struct {
	Key      event.RunKey
	Score    *event.RunScored  // nil until scored
	Failures []event.RunFailed // oldest first; at most maxFailures, the newest kept
	Missed   event.Millis      // recorded time of the first failure that was for want of the model; 0 for none
	LastTry  event.Millis      // recorded time of the newest failure
}

// Attempts is how many attempts have failed.
func (r *Run) Attempts() uint32 {
	if len(r.Failures) == 0 {
		return 0
	}
	return r.Failures[len(r.Failures)-1].Attempt
}

const maxFailures = 16

// Fault reports whether the model itself was found to be at fault, and the reason.
func (r *Run) Fault() (event.Reason, bool) {
	for _, f := range r.Failures {
		if f.Fault {
			return f.Reason, true
		}
	}
	return "", false
}

// Batch is all runs of one pool for one day.
type Batch struct {
	Opened   event.BatchOpened
	At       event.Seq
	Recorded event.Millis
	Closed   event.Seq // 0 while open
	Board    []Row     // the official board; frozen when closed
	Root     event.Hash
}

// Closing is the end of a period.
type Closing struct {
	At          event.Seq
	Time        event.Millis // chain time when it was closed
	End         event.Millis // of the period
	Day         event.Day
	Pot         event.Amount
	Deposits    []Deposit
	Board       []Row
	Gaps        []uint64
	Allocation  *event.RewardsAllocated
	AllocatedAt event.Seq
	Challenge   event.Millis // chain time after which the allocation may become final
	FinalAt     event.Seq
}

func (l *Ledger) clone() *Ledger {
	c := *l
	c.Runs = maps.Clone(l.Runs)
	c.Batches = make([]*Batch, len(l.Batches))
	for i, b := range l.Batches {
		d := *b
		c.Batches[i] = &d
	}
	if l.Closing != nil {
		d := *l.Closing
		c.Closing = &d
	}
	return &c
}

// Ledger returns the ledger of a period, or nil when nothing was recorded about it yet.
func (s *State) Ledger(pool event.ID, period uint32) *Ledger {
	if i, ok := s.findLedger(pool, period); ok {
		return s.Ledgers[i]
	}
	return nil
}

func (s *State) findLedger(pool event.ID, period uint32) (int, bool) {
	return slices.BinarySearchFunc(s.Ledgers, pool, func(l *Ledger, id event.ID) int {
		return cmp.Or(bytes.Compare(l.Pool[:], id[:]), cmp.Compare(l.Period, period))
	})
}

// ledger returns the ledger of a period, a new one when there is none.
func (s *State) ledger(pool event.ID, period uint32) *Ledger {
	i, ok := s.findLedger(pool, period)
	if !ok {
		s.Ledgers = slices.Insert(s.Ledgers, i, &Ledger{Pool: pool, Period: period, Runs: map[event.ID]*Run{}})
	}
	return s.Ledgers[i]
}

// Period returns the period of a pool, or nil.
func (s *State) Period(pool event.ID, n uint32) *Period {
	p := s.Pool(pool)
	if p == nil || n == 0 || int(n) > len(p.Periods) {
		return nil
	}
	return p.Periods[n-1]
}

// Batch returns the batch of a day, or nil.
func (l *Ledger) Batch(d event.Day) *Batch {
	for _, b := range l.Batches {
		if b.Opened.Day == d {
			return b
		}
	}
	return nil
}

func (s *State) dataset(d event.DatasetResolved) {
	p, l := s.Period(d.Pool, d.Period), s.ledger(d.Pool, d.Period)
	if p == nil || l.Dataset != nil {
		s.fault("dataset of pool %s period %d is resolved without need", d.Pool, d.Period)
		return
	}
	for _, t := range p.Terms.Datasets {
		if t.Pool == p.Pool && t.Tx != d.Tx {
			s.fault("dataset of pool %s period %d is %s, its terms say %s", d.Pool, d.Period, d.Tx, t.Tx)
			return
		}
	}
	l.Dataset = &d
}

// run returns the record of a run, to be changed; nil and a fault where its period has no such dataset or protocol.
func (s *State) run(k event.RunKey) (*Ledger, *Run) {
	p, l := s.Period(k.Pool, k.Period), s.Ledger(k.Pool, k.Period)
	if p == nil || l == nil || l.Dataset == nil || l.Dataset.SHA256 != k.Dataset || p.Terms.Protocol != k.Proto {
		s.fault("run %s is on a dataset or by a protocol that its period does not have", k.Run())
		return nil, nil
	}
	id := k.Run()
	r := &Run{Key: k}
	if old := l.Runs[id]; old != nil {
		*r = *old // a clone may share the old one
	}
	l.Runs[id] = r
	return l, r
}

func (s *State) runScored(b event.RunScored) {
	if b.Correct > b.Answered || b.Answered > b.Total || (len(b.Choices) != 0 && len(b.Choices) != int(b.Total)) {
		s.fault("run %s has impossible counts %d of %d of %d", b.Key.Run(), b.Correct, b.Answered, b.Total)
		return
	}
	if _, r := s.run(b.Key); r != nil {
		r.Score = &b
	}
}

func (s *State) runFailed(recorded event.Millis, b event.RunFailed) {
	l, r := s.run(b.Key)
	if r == nil {
		return
	}
	if r.Missed == 0 && b.Reason == event.ModelUnfetchable {
		r.Missed = recorded
	}
	if b.Fault && !s.atFault(l, b) {
		s.fault("run %s is held against its model for %s, which is not the model's fault", b.Key.Run(), b.Reason)
		b.Fault = false
	}
	r.Failures = append(slices.Clip(r.Failures), b)
	if len(r.Failures) > maxFailures {
		r.Failures = r.Failures[1:]
	}
	r.LastTry = recorded
}

// atFault reports whether a failure is the model's own: from the closed list, or that nobody could fetch it for as long as
// the terms say. An outage of ours never unranks a model.
func (s *State) atFault(l *Ledger, b event.RunFailed) bool {
	if b.Reason != event.ModelUnfetchable {
		return b.Reason.Faults()
	}
	days := event.Millis(s.Period(l.Pool, l.Period).Terms.UnfetchableDays)
	since, failing := l.Failing()[b.Key.Model]
	return failing && s.Recorded >= since+days*event.MillisPerDay
}

// Failing returns the models that no gateway had at their last tries, and the recorded time of the first such failure after
// their last good run. Failures of another kind are ours and are not counted.
func (l *Ledger) Failing() map[event.ID]event.Millis {
	good, out := map[event.ID]event.Day{}, map[event.ID]event.Millis{}
	for _, r := range l.Runs {
		if d, ok := good[r.Key.Model]; r.Score != nil && (!ok || r.Key.Day > d) {
			good[r.Key.Model] = r.Key.Day
		}
	}
	for _, r := range l.Runs {
		if d, ok := good[r.Key.Model]; r.Score != nil || r.Missed == 0 || (ok && r.Key.Day < d) {
			continue
		}
		if since, ok := out[r.Key.Model]; !ok || r.Missed < since {
			out[r.Key.Model] = r.Missed
		}
	}
	return out
}
