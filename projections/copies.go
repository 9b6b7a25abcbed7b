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
	original := make([]*Row, len(order)) // of order[i]: itself unless it is a copy
	for i, r := range order {
		original[i] = r
		for j, earlier := range order[:i] {
			first := original[j] // name the original, not a copy of it
			if earlier.Participant == r.Participant || first.Participant == r.Participant || !copyOf(r, earlier, threshold) {
				continue
			}
			original[i], r.CopyOf = first, first.Model
			r.Differs, _ = difference(r.choices, first.choices, r.Total)
			r.SameTensors = sameTensors(r, first)
			break
		}
	}
}

func copyOf(r, earlier *Row, threshold uint32) bool {
	if r.Reason != "" || earlier.Reason != "" || r.Total == 0 || r.Total != earlier.Total {
		return false
	}
	if sameTensors(r, earlier) {
		return true
	}
	if threshold == 0 {
		threshold = uint32((uint64(r.Total) + 99) / 100)
	}
	differs, comparable := difference(r.choices, earlier.choices, threshold)
	return comparable && differs < threshold
}

func sameTensors(a, b *Row) bool { return a.tensors == b.tensors && a.tensors != event.Hash{} }

// difference counts the questions that two models answered differently, up to most; false where there is nothing to compare.
func difference(a, b []byte, most uint32) (uint32, bool) {
	if len(a) == 0 || len(a) != len(b) {
		return 0, false
	}
	var n uint32
	for i := range a {
		if a[i] != b[i] {
			if n++; n >= most {
				break
			}
		}
	}
	return n, true
}
