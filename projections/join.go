package projections

import (
	"encoding/json"
	"strings"

	"github.com/aobench/aobench/event"
)

// join reads a Join-Pool: data is {"dataset": …, "model": …}.
func (s *State) join(at int, sl *Slot) Effect {
	m := sl.Msg
	eff := Effect{Action: "Join-Pool"}
	data := fields(m.Data)
	pool, err1 := event.ParseID(text(data, "dataset"))
	model, err2 := event.ParseID(text(data, "model"))
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
	case err1 != nil || err2 != nil:
		eff.Reason = event.BadData
	case s.late(pool, sl):
		eff.Reason = event.AfterClosing
	case period == nil:
		eff.Reason = event.NoPeriod
	default:
		eff.Reason = period.admit(Join{m.ID, model, eff.From, m.Owner, sl.Time, at})
	}
	return eff
}

// fields reads a JSON object, nil where data is none. Names are compared exactly, as the pool process does, which the
// decoder does for maps only.
func fields(data []byte) map[string]json.RawMessage {
	var m map[string]json.RawMessage
	if json.Unmarshal(data, &m) != nil {
		return nil
	}
	return m
}

// text returns the string of this name, or "".
func text(m map[string]json.RawMessage, name string) (v string) {
	if json.Unmarshal(m[name], &v) != nil {
		return ""
	}
	return v
}

// count returns the whole number of this name and whether there is one.
func count(m map[string]json.RawMessage, name string) (uint32, bool) {
	var v *uint32
	err := json.Unmarshal(m[name], &v)
	if err != nil || v == nil {
		return 0, false
	}
	return *v, true
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

// maxModels is how many models a period has at most, whatever its terms say: batch.opened names them all in one event.
const maxModels = 1_800

// admit records a join within the caps; 0 is no cap of the terms.
func (p *Period) admit(j Join) event.Reason {
	x := p.joined()
	if x.pairs[entry{j.From, j.Model}] {
		return event.AlreadyJoined
	}
	if limit := p.Terms.MaxJoinsEach; limit > 0 && x.own[j.From] >= limit {
		return event.TooManyJoins
	}
	limit := uint32(maxModels)
	if most := p.Terms.MaxJoinsPeriod; most > 0 {
		limit = min(limit, most)
	}
	if uint32(len(x.models)) >= limit && !x.models[j.Model] {
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
	var p *Period
	dataset, err := event.ParseID(m.Tag("From-Process"))
	if err == nil {
		p = s.at(dataset).open(sl.Time)
	}
	if p != nil {
		terms = p.Terms
	}
	eff.From, eff.Reason = sender(m, terms, sl.Time)
	if eff.Reason != "" || (eff.From == terms.Evaluator && eff.From != "") {
		return eff
	}
	if p == nil || p.Terms.Scores != event.ScoresChain {
		eff.Reason = event.NotEvaluator
		return eff
	}
	eff.Pool = dataset
	model, err := event.ParseID(m.Tag("Model"))
	late := s.late(dataset, sl)
	score, ok := readScore(m.Data)
	switch {
	case s.repushed(m, late):
		eff.Reason = event.Repushed // else anybody could bring an old score back
	case err != nil:
		eff.Reason = event.BadTags
	case !ok:
		eff.Reason = event.BadData
	case late:
		eff.Reason = event.AfterClosing
	default:
		score.Message, score.Model, score.Time = m.ID, model, sl.Time
		p.Scores = append(p.Scores, score)
	}
	return eff
}

// readScore reads {"correct": …, "unevaluated": …, "total": …}.
func readScore(data []byte) (ChainScore, bool) {
	m := fields(data)
	correct, ok1 := count(m, "correct")
	open, ok2 := count(m, "unevaluated")
	total, ok3 := count(m, "total")
	if !ok1 || !ok2 || !ok3 || open > total || correct > total-open {
		return ChainScore{}, false
	}
	return ChainScore{Correct: correct, Answered: total - open, Total: total}, true
}
