package api

import (
	"cmp"
	"slices"

	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/projections"
)

type batchList struct {
	Stamp
	Batches []batch    `json:"batches" doc:"In the order they were opened"`
	Next    *event.Seq `json:"next" doc:"The after= of the next page; null on the last"`
}

type batch struct {
	Pool    event.ID   `json:"pool"`
	Period  uint32     `json:"period"`
	Day     event.Day  `json:"day"`
	Opened  event.Seq  `json:"opened" doc:"The event that fixed its members"`
	Closed  *event.Seq `json:"closed" doc:"The event that froze its board; null while it is open"`
	Cut     when       `json:"cut" doc:"Joins before it are members"`
	Members int        `json:"members"`
	Root    event.Hash `json:"root" doc:"RFC 6962 root over the board's rows; empty while it is open"`
}

func batches(v *view, in inPage) (batchList, error) {
	out := batchList{Stamp: v.stamp(), Batches: []batch{}}
	for _, l := range v.Ledgers {
		for _, b := range l.Batches {
			out.Batches = append(out.Batches, batchOf(l, b))
		}
	}
	out.Batches, out.Next = page(out.Batches, in, func(b batch) event.Seq { return b.Opened })
	return out, nil
}

func batchOf(l *projections.Ledger, b *projections.Batch) batch {
	out := batch{
		Pool: l.Pool, Period: l.Period, Day: b.Opened.Day, Opened: b.At, Cut: when(b.Opened.Cut),
		Members: len(b.Opened.Members), Root: b.Root,
	}
	if b.Closed != 0 {
		out.Closed = &b.Closed
	}
	return out
}

type refusedList struct {
	Stamp
	Refused []refusal  `json:"refused" doc:"In the order they were recorded"`
	Owed    []owed     `json:"owed" doc:"Deposits that do not count and are owed back"`
	Lost    uint64     `json:"lost" doc:"Items refused for their bytes beyond those kept here; all are in the log"`
	Next    *event.Seq `json:"next" doc:"The after= of the next page; null on the last"`
}

type refusal struct {
	ID     event.ID     `json:"id"`
	Action string       `json:"action" doc:"What it asked for, as it claims"`
	Reason event.Reason `json:"reason" doc:"From a closed list"`
	Why    string       `json:"why" doc:"The reason in words"`
	Detail string       `json:"detail"`
	Seq    event.Seq    `json:"seq"`
}

func refused(v *view, in inPage) (refusedList, error) {
	out := refusedList{Stamp: v.stamp(), Lost: v.Lost, Owed: v.owedTo(event.ID{})}
	out.Refused, out.Next = page(v.refusals(), in, func(r refusal) event.Seq { return r.Seq })
	return out, nil
}

// refusals lists what had no effect, oldest first.
func (v *view) refusals() []refusal {
	out := []refusal{}
	for _, r := range v.Refusals() {
		out = append(out, refusal{r.ID, cut(r.Action, 100), r.Reason, inWords(string(r.Reason)), r.Detail, r.Seq})
	}
	slices.SortStableFunc(out, func(a, b refusal) int { return cmp.Compare(a.Seq, b.Seq) })
	return out
}

// page cuts a page out of a list, by seq. Entries of one seq are not torn apart.
func page[T any](list []T, in inPage, seq func(T) event.Seq) ([]T, *event.Seq) {
	slices.SortStableFunc(list, func(a, b T) int { return cmp.Compare(seq(a), seq(b)) })
	from, _ := slices.BinarySearchFunc(list, event.Seq(in.After)+1, func(t T, s event.Seq) int { return cmp.Compare(seq(t), s) })
	list = list[from:]
	end := min(in.Limit, len(list))
	for end > 0 && end < len(list) && seq(list[end]) == seq(list[end-1]) {
		end++
	}
	if end == len(list) {
		return list, nil
	}
	next := seq(list[end-1])
	return list[:end], &next
}
