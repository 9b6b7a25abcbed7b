package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/projections"
)

// printBoard shows the official board of a day in the terminal.
func (d *demo) printBoard(n int, day event.Day) {
	d.bars.close()
	s := d.s.live.State()
	b := s.Ledger(d.cast.pool, 1).Batch(day)
	fmt.Fprintf(d.out, "\nDay %d of %d, %s: %d models\n", n, demoDays, day, len(b.Board))
	d.rows(b.Board)
}

func (d *demo) rows(board []projections.Row) {
	for _, r := range board {
		rank, note := "  –", ""
		if r.Rank > 0 {
			rank = fmt.Sprintf("%3d", r.Rank)
			switch {
			case r.Before == 0:
				note = "new"
			case r.Before > r.Rank:
				note = fmt.Sprintf("up from %d", r.Before)
			case r.Before < r.Rank:
				note = fmt.Sprintf("down from %d", r.Before)
			}
		} else if !r.CopyOf.IsZero() {
			note = "a copy of " + r.CopyOf.String()[:8]
		} else {
			note = r.Reason
		}
		fmt.Fprintf(d.out, "%s  %s…  %2d/%d  %-20s %s\n", rank, r.Model.String()[:8], r.Correct, r.Total, d.who(r.Participant), note)
	}
}

func (d *demo) who(a event.Address) string {
	if name, ok := d.cast.names[a]; ok {
		return name
	}
	return a.String()
}

func (d *demo) printEnd() {
	s := d.s.live.State()
	c := s.Ledger(d.cast.pool, 1).Closing
	fmt.Fprintf(d.out, "\nThe period is over and its allocation is final. Pot: %s base units of wAR (10^-12)\n", c.Pot)
	for _, p := range c.Allocation.Payouts {
		fmt.Fprintf(d.out, "%24s  %s\n", p.Amount, d.who(p.To))
	}
	fmt.Fprintln(d.out, "Several models of one participant are paid together. Owed back, beside the pot:")
	for _, o := range s.Owed() {
		fmt.Fprintf(d.out, "%24s  %s: %s\n", o.Amount, d.who(o.To), o.Reason)
	}
	fmt.Fprintln(d.out, "Without effect:")
	for _, r := range s.Refusals() {
		fmt.Fprintf(d.out, "  %s…  %-14s %s\n", r.ID.String()[:8], r.Action, r.Reason)
	}
}

// report is the JSON object of demo --once.
type report struct {
	Pool       event.ID        `json:"pool"`
	Pot        event.Amount    `json:"pot"`
	Board      []reportRow     `json:"board"`
	Allocation []reportPayout  `json:"allocation"`
	Refused    []reportRefusal `json:"refused"`
	Days       int             `json:"days"`
	Events     event.Seq       `json:"events"`
	Root       event.Hash      `json:"root"`
}

type reportRow struct {
	Rank        *uint32       `json:"rank"`
	Model       event.ID      `json:"model"`
	Participant event.Address `json:"participant"`
	Correct     uint32        `json:"correct"`
	Answered    uint32        `json:"answered"`
	Total       uint32        `json:"total"`
	Expected    int           `json:"expected"`
	CopyOf      *event.ID     `json:"copy_of"`
}

type reportPayout struct {
	Participant event.Address `json:"participant"`
	Amount      event.Amount  `json:"amount"`
}

type reportRefusal struct {
	ID     event.ID     `json:"id"`
	Action string       `json:"action"`
	Reason event.Reason `json:"reason"`
}

func (d *demo) report(w io.Writer) error {
	s := d.s.live.State()
	l := s.Ledger(d.cast.pool, 1)
	root, err := d.s.log.Root(s.Seq)
	if err != nil {
		return err
	}
	out := report{Pool: d.cast.pool, Pot: l.Closing.Pot, Days: len(l.Batches), Events: s.Seq, Root: root}
	for _, r := range l.Closing.Board {
		row := reportRow{Model: r.Model, Participant: r.Participant, Correct: r.Correct, Answered: r.Answered, Total: r.Total, Expected: d.cast.expected[r.Model]}
		if r.Rank > 0 {
			row.Rank = &r.Rank
		}
		if !r.CopyOf.IsZero() {
			row.CopyOf = &r.CopyOf
		}
		out.Board = append(out.Board, row)
	}
	for _, p := range l.Closing.Allocation.Payouts {
		out.Allocation = append(out.Allocation, reportPayout{p.To, p.Amount})
	}
	for _, r := range s.Refusals() {
		out.Refused = append(out.Refused, reportRefusal{r.ID, r.Action, r.Reason})
	}
	return json.NewEncoder(w).Encode(out)
}

// bars shows how the runs of a day go, on a terminal and nowhere else.
type bars struct {
	mu  sync.Mutex
	on  bool
	all *mpb.Progress
	bar *mpb.Bar
	n   int // the day
}

func newBars() *bars { return &bars{on: term.IsTerminal(int(os.Stderr.Fd()))} }

// day shows the day's bar once its batch is open.
func (b *bars) day(n int, batch *projections.Batch, questions int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.on || b.n == n || batch == nil || batch.Closed != 0 {
		return
	}
	b.n = n
	b.all = mpb.New(mpb.WithOutput(os.Stderr), mpb.WithWidth(48))
	b.bar = b.all.AddBar(int64(len(batch.Opened.Members)*questions),
		mpb.PrependDecorators(decor.Name(fmt.Sprintf("day %d ", n)), decor.CountersNoUnit("%d/%d questions ")),
		mpb.AppendDecorators(decor.Percentage()), mpb.BarRemoveOnComplete())
}

// progress is told of every question answered.
func (b *bars) progress(runProgress) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bar != nil {
		b.bar.Increment()
	}
}

// close takes the bar away.
func (b *bars) close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.bar != nil {
		b.bar.Abort(true)
		b.all.Wait()
		b.bar, b.all = nil, nil
	}
}
