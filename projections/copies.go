package projections

import (
	"cmp"
	"slices"

	"github.com/aobench/aobench/event"
)

// markCopies finds the rows that are copies: models whose tensors are those of an earlier-joined model of another
// participant, or whose choices differ from that model's in fewer questions than the threshold. Without this rule
// one-byte variants under fresh wallets would take most of every pot. threshold 0 means ceil(total/100).
func markCopies(rows []Row, threshold uint32) {
	order := make([]*Row, len(rows))
	for i := range rows {
		order[i] = &rows[i]
	}
	slices.SortFunc(order, func(a, b *Row) int { return cmp.Compare(a.Slot, b.Slot) })
	for i, r := range order {
		for _, earlier := range order[:i] {
			if earlier.Participant == r.Participant || !copyOf(r, earlier, threshold) {
				continue
			}
			r.CopyOf = earlier.Model
			if !earlier.CopyOf.IsZero() {
				r.CopyOf = earlier.CopyOf // name the original, not a copy of it
			}
			break
		}
	}
}

func copyOf(r, earlier *Row, threshold uint32) bool {
	if r.Reason != "" || earlier.Reason != "" || r.Total == 0 || r.Total != earlier.Total {
		return false
	}
	differs, comparable := difference(r.choices, earlier.choices)
	same := r.tensors == earlier.tensors && r.tensors != event.Hash{}
	if threshold == 0 {
		threshold = (r.Total + 99) / 100
	}
	if !same && (!comparable || differs >= threshold) {
		return false
	}
	r.Differs, r.SameTensors = differs, same
	return true
}

// difference counts the questions that two models answered differently; false where there is nothing to compare.
func difference(a, b []byte) (uint32, bool) {
	if len(a) == 0 || len(a) != len(b) {
		return 0, false
	}
	var n uint32
	for i := range a {
		if a[i] != b[i] {
			n++
		}
	}
	return n, true
}
