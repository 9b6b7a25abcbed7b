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
	FirstTry event.Millis      // recorded time of the first failure
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
	l := s.ledger(d.Pool, d.Period)
	if s.Period(d.Pool, d.Period) == nil || l.Dataset != nil {
		s.fault("dataset of pool %s period %d is resolved without need", d.Pool, d.Period)
		return
	}
	l.Dataset = &d
}

// run returns the record of a run; nil and a fault where it belongs to no dataset that was resolved.
func (s *State) run(k event.RunKey) *Run {
	l := s.Ledger(k.Pool, k.Period)
	if l == nil || l.Dataset == nil || l.Dataset.SHA256 != k.Dataset {
		s.fault("run %s is on a dataset that its period does not have", k.Run())
		return nil
	}
	id := k.Run()
	r := l.Runs[id]
	if r == nil {
		r = &Run{Key: k}
	} else {
		d := *r // a clone may share the old one
		r = &d
	}
	l.Runs[id] = r
	return r
}

func (s *State) runScored(b event.RunScored) {
	r := s.run(b.Key)
	if r == nil {
		return
	}
	if b.Correct > b.Answered || b.Answered > b.Total || (len(b.Choices) != 0 && len(b.Choices) != int(b.Total)) {
		s.fault("run %s has impossible counts %d of %d of %d", b.Key.Run(), b.Correct, b.Answered, b.Total)
		return
	}
	r.Score = &b
}

func (s *State) runFailed(recorded event.Millis, b event.RunFailed) {
	r := s.run(b.Key)
	if r == nil {
		return
	}
	r.Failures = append(slices.Clip(r.Failures), b)
	if len(r.Failures) > maxFailures {
		r.Failures = r.Failures[1:]
	}
	if r.FirstTry == 0 {
		r.FirstTry = recorded
	}
	r.LastTry = recorded
}

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
	case s.Window.Time < b.Cut:
		s.fault("batch of pool %s day %s was opened before its day was over", b.Pool, b.Day)
	case !slices.Equal(b.Members, s.Members(p, b.Cut)):
		s.fault("batch of pool %s day %s does not have the members that had joined", b.Pool, b.Day)
	}
	l.Batches = append(l.Batches, &Batch{Opened: b, At: s.Seq, Recorded: s.Recorded})
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

func (s *State) batchClosed(b event.BatchClosed) {
	p, l := s.Period(b.Pool, b.Period), s.Ledger(b.Pool, b.Period)
	if p == nil || l == nil || l.Batch(b.Day) == nil || l.Batch(b.Day).Closed != 0 {
		s.fault("batch of pool %s day %s is closed without having been open", b.Pool, b.Day)
		return
	}
	batch := l.Batch(b.Day)
	batch.Board = s.DayBoard(p, batch)
	batch.Root = BoardRoot(b.Pool, b.Period, b.Day, batch.Board)
	batch.Closed = s.Seq
	if batch.Root != b.Root || int(b.Rows) != len(batch.Board) {
		s.fault("board of pool %s day %s has root %s, the event says %s", b.Pool, b.Day, batch.Root, b.Root)
	}
}
