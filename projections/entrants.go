package projections

import (
	"slices"

	"github.com/aobench/aobench/event"
)

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
