package projections

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/aobench/aobench/event"
)

// join reads a Join-Pool: data is {"dataset": …, "model": …}.
func (s *State) join(at int, sl *Slot) Effect {
	m := sl.Msg
	eff := Effect{Action: "Join-Pool"}
	var want struct{ Dataset, Model string }
	err := json.Unmarshal(m.Data, &want)
	pool, err1 := event.ParseID(want.Dataset)
	model, err2 := event.ParseID(want.Model)
	var period *Period
	if err1 == nil {
		eff.Pool = pool
		period = s.at(pool).open(sl.Time)
	}
	terms := s.termsAt(m.Seq)
	if period != nil {
		terms = period.Terms
	}
	eff.From, eff.Reason = sender(m, terms, sl.Time)
	switch {
	case eff.Reason != "":
	case err != nil || err1 != nil || err2 != nil:
		eff.Reason = event.BadData
	case period == nil:
		eff.Reason = event.NoPeriod
	default:
		eff.Reason = period.admit(Join{m.ID, model, eff.From, m.Owner, sl.Time, at})
	}
	return eff
}

// at returns the pool with this id or nil, without settling: for use while settling.
func (s *State) at(id event.ID) *Pool {
	if i, ok := s.findPool(id); ok {
		return s.pools[i]
	}
	return nil
}

// joinIndex answers what admit asks without reading all joins again.
type joinIndex struct {
	own    map[event.Address]uint32
	models map[event.ID]bool
	pairs  map[entry]bool
}

// entry is one participant's claim to one model.
type entry struct {
	From  event.Address
	Model event.ID
}

func (x *joinIndex) add(j Join) {
	x.own[j.From]++
	x.models[j.Model] = true
	x.pairs[entry{j.From, j.Model}] = true
}

func (p *Period) joined() *joinIndex {
	if p.index == nil {
		p.index = &joinIndex{map[event.Address]uint32{}, map[event.ID]bool{}, map[entry]bool{}}
		for _, j := range p.Joins {
			p.index.add(j)
		}
	}
	return p.index
}

// admit records a join within the caps; 0 is no cap.
func (p *Period) admit(j Join) event.Reason {
	x := p.joined()
	if x.pairs[entry{j.From, j.Model}] {
		return event.AlreadyJoined
	}
	if limit := p.Terms.MaxJoinsEach; limit > 0 && x.own[j.From] >= limit {
		return event.TooManyJoins
	}
	if limit := p.Terms.MaxJoinsPeriod; limit > 0 && uint32(len(x.models)) >= limit && !x.models[j.Model] {
		return event.PeriodFull
	}
	x.add(j)
	p.Joins = append(p.Joins, j)
	return ""
}

func (s *State) ask(sl *Slot) Effect {
	eff := Effect{Action: "Leaderboard"}
	eff.From, eff.Reason = sender(sl.Msg, s.termsAt(sl.Msg.Seq), sl.Time)
	if eff.Reason != "" {
		return eff
	}
	id, err := event.ParseID(strings.TrimSpace(string(sl.Msg.Data)))
	if err != nil {
		eff.Reason = event.BadData
		return eff
	}
	eff.Pool = id
	if s.at(id) == nil {
		eff.Reason = event.UnknownPool
		return eff
	}
	s.asks = append(s.asks, Ask{sl.Msg.ID, id, eff.From, sl.Time})
	return eff
}

// scoreResponse reads a Score-Response of a dataset process in a period whose terms take scores from the chain: tag Model,
// data {"correct","unevaluated","total"} as the original contract's dataset process writes them. The evaluator's own
// Score-Response comes back over the stream too and is a record without effect: its run is in the log.
func (s *State) scoreResponse(sl *Slot) Effect {
	m := sl.Msg
	eff := Effect{Action: "Score-Response"}
	terms := s.termsAt(m.Seq)
	eff.From, eff.Reason = sender(m, terms, sl.Time)
	if eff.Reason != "" {
		return eff
	}
	if eff.From == terms.Evaluator && eff.From != "" {
		return eff
	}
	id, _ := eff.From.ID()
	p := s.at(id).open(sl.Time)
	if p == nil || p.Terms.Scores != event.ScoresChain {
		eff.Reason = event.NotEvaluator
		return eff
	}
	eff.Pool = id
	model, err := event.ParseID(m.Tag("Model"))
	if err != nil {
		eff.Reason = event.BadTags
		return eff
	}
	var d struct {
		Correct, Unevaluated, Total *uint32
	}
	if json.Unmarshal(m.Data, &d) != nil || d.Correct == nil || d.Unevaluated == nil || d.Total == nil ||
		*d.Unevaluated > *d.Total || *d.Correct > *d.Total-*d.Unevaluated {
		eff.Reason = event.BadData
		return eff
	}
	p.Scores = append(p.Scores, ChainScore{m.ID, model, *d.Correct, *d.Total - *d.Unevaluated, *d.Total, sl.Time})
	return eff
}

// Entrant is who stands for a model in a period.
type Entrant struct {
	Model       event.ID
	Participant event.Address
	Join        Join   // the one that holds the place
	First       Join   // the model's first join by anybody: what "earlier joined" means
	Others      []Join // joins that do not hold the place
}

// Entrants returns who stands for each model that was joined before cut, ordered by first join. The first join holds a
// model's place unless the model's uploader joined too: the uploader displaces strangers whenever he comes.
func (s *State) Entrants(p *Period, cut event.Millis) []Entrant {
	var out []Entrant
	at := map[event.ID]int{}
	for _, j := range p.Joins {
		if j.Time >= cut {
			continue
		}
		i, ok := at[j.Model]
		if !ok {
			at[j.Model] = len(out)
			out = append(out, Entrant{j.Model, j.From, j, j, nil})
			continue
		}
		e := &out[i]
		if s.Uploaded(j.From, j.Model) && !s.Uploaded(e.Participant, j.Model) {
			e.Others = append(e.Others, e.Join)
			e.Participant, e.Join = j.From, j
		} else {
			e.Others = append(e.Others, j)
		}
	}
	return out
}

// Uploaded reports whether who is known to be the uploader of the model: the signer of its item, the address in the item's
// Participant tag, or a process that one of these owns.
func (s *State) Uploaded(who event.Address, model event.ID) bool {
	src := s.Models[model]
	mine := []event.Address{src.Owner, src.Participant}
	if src.Owner == "" {
		return false
	}
	if slices.Contains(mine, who) {
		return true
	}
	id, ok := who.ID()
	process := s.Processes[id]
	return ok && process.Owner != "" && slices.Contains(mine, process.Owner)
}
