package projections

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/aobench/aobench/event"
)

// Row is one model on a board.
type Row struct {
	Rank        uint32 // 1, 2, 3 …; 0 for a row that is shown and not ranked
	Tie         uint32 // rank of the first row with the same score; 0 when not ranked
	Before      uint32 // rank on the official board before this one; 0 for none
	Model       event.ID
	Participant event.Address
	Joined      event.Millis // the model's first join
	Slot        int          // and its place in the process's order
	Correct     uint32
	Answered    uint32
	Total       uint32
	Day         event.Day  // of the run
	Run         event.ID   // zero while there is no good run, and where scores come from the chain
	CopyOf      event.ID   // zero unless the model counts as a copy
	Differs     uint32     // choices that differ from CopyOf's
	SameTensors bool       // the copy's tensors are CopyOf's
	Reason      string     // why it is not ranked
	Funder      bool       // the participant paid into the pot
	tensors     event.Hash // for finding copies; not kept
	choices     []byte
}

// Why a row is not ranked, beside the reasons of a failed run.
const (
	NotScored   = "not-scored"   // no run has finished yet
	NoneCorrect = "none-correct" // no answer is right
	IsCopy      = "copy"         // see CopyOf
)

// LiveBoard returns the period's board as it stands now: everybody who has joined, each by the newest good run.
func (s *State) LiveBoard(p *Period) []Row {
	last := p.LastDay()
	return s.board(p, s.Entrants(p, p.End), p.End, last)
}

// DayBoard returns the official board of a batch: its members, each by the newest good run of a day not after its own.
// Once the batch is closed its Board holds this for ever.
func (s *State) DayBoard(p *Period, b *Batch) []Row {
	var members []Entrant
	for _, e := range s.Entrants(p, b.Opened.Cut) {
		if _, ok := slices.BinarySearchFunc(b.Opened.Members, e.Model, func(a, b event.ID) int { return bytes.Compare(a[:], b[:]) }); ok {
			members = append(members, e)
		}
	}
	return s.board(p, members, b.Opened.Cut, b.Opened.Day)
}

func (s *State) board(p *Period, entrants []Entrant, cut event.Millis, day event.Day) []Row {
	l := s.Ledger(p.Pool, p.N)
	funders := map[event.Address]bool{}
	for _, d := range p.Deposits {
		funders[d.From] = true
	}
	ranks := map[event.ID]uint32{}
	if before := l.officialBefore(day); before != nil {
		for _, r := range before.Board {
			ranks[r.Model] = r.Rank
		}
	}
	scores, runs := p.lastScores(cut), l.standings(p.Terms.Protocol, day)
	rows := make([]Row, 0, len(entrants))
	for _, e := range entrants {
		r := Row{
			Model: e.Model, Participant: e.Participant, Joined: e.First.Time, Slot: e.First.Slot, Reason: NotScored,
			Funder: funders[e.Participant], Before: ranks[e.Model],
		}
		if p.Terms.Scores == event.ScoresChain {
			r.fromChain(scores)
		} else {
			r.fromRuns(runs[e.Model])
		}
		rows = append(rows, r)
	}
	markCopies(rows, p.Terms.CopyThreshold)
	rank(rows)
	for i := range rows {
		rows[i].tensors, rows[i].choices = event.Hash{}, nil
	}
	return rows
}

// officialBefore returns the newest closed batch of a day before day, or nil.
func (l *Ledger) officialBefore(day event.Day) *Batch {
	if l == nil {
		return nil
	}
	var best *Batch
	for _, b := range l.Batches {
		if b.Closed != 0 && b.Opened.Day < day && (best == nil || b.Opened.Day > best.Opened.Day) {
			best = b
		}
	}
	return best
}

// lastScores returns each model's latest response before the cut.
func (p *Period) lastScores(cut event.Millis) map[event.ID]ChainScore {
	last := map[event.ID]ChainScore{}
	for _, c := range p.Scores {
		if c.Time < cut {
			last[c.Model] = c
		}
	}
	return last
}

func (r *Row) fromChain(scores map[event.ID]ChainScore) {
	if c, ok := scores[r.Model]; ok {
		r.Correct, r.Answered, r.Total, r.Day, r.Reason = c.Correct, c.Answered, c.Total, c.Time.Day(), ""
	}
}

// standing is a model's newest good run and the newest run that found it at fault.
type standing struct{ good, bad *Run }

// standings reads the runs by the period's protocol of days not after day. A model has one such run a day, so that the order
// of the map does not show.
func (l *Ledger) standings(protocol string, day event.Day) map[event.ID]standing {
	out := map[event.ID]standing{}
	if l == nil {
		return out
	}
	for _, run := range l.Runs {
		k := run.Key
		if k.Day > day || k.Proto != protocol {
			continue
		}
		st := out[k.Model]
		if run.Score != nil {
			if st.good == nil || k.Day > st.good.Key.Day {
				st.good = run
			}
		} else if _, fault := run.Fault(); fault && (st.bad == nil || k.Day > st.bad.Key.Day) {
			st.bad = run
		}
		out[k.Model] = st
	}
	return out
}

// fromRuns takes the newest good run. A model that was found to be at fault after it is not ranked.
func (r *Row) fromRuns(st standing) {
	if st.good != nil {
		b := st.good.Score
		r.Correct, r.Answered, r.Total, r.Day, r.Run = b.Correct, b.Answered, b.Total, b.Key.Day, b.Key.Run()
		r.tensors, r.choices, r.Reason = b.Tensors, b.Choices, ""
	}
	if st.bad != nil && (st.good == nil || st.bad.Key.Day > st.good.Key.Day) {
		reason, _ := st.bad.Fault()
		r.Reason = string(reason)
	}
}

// compareScores orders by correct/total, higher first, without dividing.
func compareScores(a, b *Row) int {
	return cmp.Compare(uint64(b.Correct)*uint64(a.Total), uint64(a.Correct)*uint64(b.Total))
}

// rank sorts the rows and numbers those that are ranked: by score descending, then earlier join, then model id. The others
// follow in the order of their joins.
func rank(rows []Row) {
	for i := range rows {
		r := &rows[i]
		switch {
		case r.Reason != "":
		case !r.CopyOf.IsZero():
			r.Reason = IsCopy
		case r.Correct == 0:
			r.Reason = NoneCorrect
		}
	}
	slices.SortFunc(rows, func(a, b Row) int {
		if (a.Reason == "") != (b.Reason == "") {
			if a.Reason == "" {
				return -1
			}
			return 1
		}
		score := 0
		if a.Reason == "" {
			score = compareScores(&a, &b)
		}
		return cmp.Or(score, cmp.Compare(a.Slot, b.Slot), bytes.Compare(a.Model[:], b.Model[:]))
	})
	for i := range rows {
		r := &rows[i]
		if r.Reason != "" {
			break
		}
		r.Rank, r.Tie = uint32(i+1), uint32(i+1)
		if i > 0 && compareScores(&rows[i-1], r) == 0 {
			r.Tie = rows[i-1].Tie
		}
	}
}
