package projections

import (
	"fmt"
	"maps"
	"slices"

	"github.com/aobench/aobench/event"
)

// Version is the version of State and Apply. A snapshot of another version is not used: the state is folded anew.
const Version = 1

// State is everything that is known at Seq. Readers get clones (see Live) and must not change them.
type State struct {
	Seq       event.Seq    // of the last event applied
	Recorded  event.Millis // when that was recorded
	Opened    event.LogOpened
	Terms     []TermsAt           // oldest first
	Window    Window              // the newest closed one
	Stream    Stream              // messages to the pool process
	Models    map[event.ID]Source // who uploaded a model
	Processes map[event.ID]Source // who owns a process
	Ledgers   []*Ledger           // by pool, then period: what this service recorded
	Refused   []Refusal           // items refused for their bytes, oldest first; at most maxRefused
	Lost      uint64              // refusals beyond that
	Faults    []Fault             // at most maxFaults
	contract                      // derived from Stream; see settle
	settled   int                 // slots of Stream that contract reflects; -1 when it must be derived again
	base      contract            // as it was after based slots; never changed
	based     int
}

const (
	maxRefused = 10_000
	maxFaults  = 1_000
)

// TermsAt are terms and the seq from which they are in force.
type TermsAt struct {
	Seq      event.Seq
	Revision uint32
	Terms    event.Terms
}

// Window tells how far the tail has come.
type Window struct {
	To     uint64       // highest height of the newest closed window
	Time   event.Millis // that block's timestamp: the clock by which days and periods end
	Tip    uint64       // the gateway's height then
	Seq    event.Seq
	Closed uint64 // how many windows
}

// Source is who stands behind an Arweave id.
type Source struct {
	Owner       event.Address // "" until found
	Participant event.Address
	Size        uint64
	Reason      event.Reason // why it was not found
	Attempt     uint32
	Recorded    event.Millis // of the last attempt
	First       event.Millis // of the first attempt
}

// Refusal is something that was not accepted, with the reason.
type Refusal struct {
	ID     event.ID
	Action string
	Reason event.Reason
	Detail string
	Seq    event.Seq
}

// Fault is an event that should not be: it is kept and shown, and what it says is not believed where the state knows better.
type Fault struct {
	Seq event.Seq
	Why string
}

// New returns the state before the first event.
func New() *State {
	return &State{
		Stream:    newStream(),
		Models:    map[event.ID]Source{},
		Processes: map[event.ID]Source{},
		settled:   -1, // makes the maps of contract
	}
}

// Apply folds one event into s and returns it: s must not be used afterwards but through the result.
func (s *State) Apply(e event.Event) *State {
	s.Seq, s.Recorded = e.Seq, e.Recorded
	switch b := e.Body.(type) {
	case event.LogOpened:
		s.opened(b)
	case event.TermsSet:
		s.Terms = append(s.Terms, TermsAt{e.Seq, b.Revision, b.Terms})
	case event.MessageObserved:
		s.message(e.Seq, b)
	case event.AssignmentObserved:
		s.assignment(e.Seq, b)
	case event.ItemRefused:
		s.refuse(Refusal{b.Item, b.Action, b.Reason, b.Detail, e.Seq})
	case event.WindowClosed:
		s.window(e.Seq, b)
	case event.SourceResolved:
		s.source(e.Recorded, b)
	case event.DatasetResolved:
		s.dataset(b)
	case event.RunScored:
		s.runScored(b)
	case event.RunFailed:
		s.runFailed(e.Recorded, b)
	case event.BatchOpened:
		s.batchOpened(b)
	case event.BatchClosed:
		s.batchClosed(b)
	case event.PeriodClosed:
		s.periodClosed(b)
	case event.RewardsAllocated:
		s.rewardsAllocated(b)
	case event.RewardsFinal:
		s.rewardsFinal(b)
	}
	return s
}

// Clone returns a state that shares nothing mutable with s and is settled, so that readers need no lock.
func (s *State) Clone() *State {
	s.settle()
	c := *s
	c.Terms = slices.Clip(s.Terms)
	c.Refused = slices.Clip(s.Refused)
	c.Faults = slices.Clip(s.Faults)
	c.Stream = s.Stream.clone()
	c.Models, c.Processes = maps.Clone(s.Models), maps.Clone(s.Processes)
	c.Ledgers = make([]*Ledger, len(s.Ledgers))
	for i, l := range s.Ledgers {
		c.Ledgers[i] = l.clone()
	}
	c.contract = s.contract.clone()
	return &c
}

// CurrentTerms returns the terms in force and whether there are any.
func (s *State) CurrentTerms() (event.Terms, bool) {
	if len(s.Terms) == 0 {
		return event.Terms{}, false
	}
	return s.Terms[len(s.Terms)-1].Terms, true
}

// termsAt returns the terms in force at seq.
func (s *State) termsAt(seq event.Seq) event.Terms {
	for i := len(s.Terms) - 1; i >= 0; i-- {
		if s.Terms[i].Seq <= seq {
			return s.Terms[i].Terms
		}
	}
	return event.Terms{}
}

func (s *State) opened(b event.LogOpened) {
	if s.Seq != 1 {
		s.fault("the log is opened again")
		return
	}
	s.Opened = b
}

func (s *State) window(seq event.Seq, w event.WindowClosed) {
	next := s.Opened.FirstHeight
	if s.Window.Closed > 0 {
		next = s.Window.To + 1
	}
	if w.From != next || w.To < w.From {
		s.fault("window %d..%d does not begin at %d", w.From, w.To, next)
	}
	s.Window = Window{max(w.To, s.Window.To), max(w.Time, s.Window.Time), w.Tip, seq, s.Window.Closed + 1}
	s.byHeight()
}

func (s *State) source(recorded event.Millis, r event.SourceResolved) {
	known := s.Models
	if r.Role == event.RoleProcess {
		known = s.Processes
	}
	old, again := known[r.Source]
	if again && old.Owner != "" {
		s.fault("%s %s was resolved before", r.Role, r.Source)
		return
	}
	first := recorded
	if again {
		first = old.First
	}
	known[r.Source] = Source{r.Owner, r.Participant, r.Size, r.Reason, r.Attempt, recorded, first}
}

func (s *State) refuse(r Refusal) {
	if len(s.Refused) >= maxRefused {
		s.Lost++
		return
	}
	s.Refused = append(s.Refused, r)
}

func (s *State) fault(format string, args ...any) {
	if len(s.Faults) < maxFaults {
		s.Faults = append(s.Faults, Fault{s.Seq, fmt.Sprintf(format, args...)})
	}
}
