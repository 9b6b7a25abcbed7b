package api

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aobench/aobench/event"
)

// The most that a page lists; the API has the rest.
const (
	maxDayLinks     = 14
	maxRefusedShown = 50
)

type boardData struct {
	Pool              event.ID
	Period            uint32
	Periods           []link // the other periods
	Phase             string
	Chips, Waiting    []string
	Pot, PotExact     string
	PotNumber, Ticker string
	Clock             clock
	Ranked, Joined    int
	Best              string
	Days              []link
	History           string
	BoardTitle        string
	ShareTitle        string
	Rows              []boardRow
	Note              string
	Chart             *chartData
	Reward            rewardData
	Refused           []refusal
	MoreRefused       bool
	Owed              []owedRow
}

type link struct {
	Text, URL string
	Here      bool
}

type boardRow struct {
	Rank              uint32
	Move              *move
	Tied, Funder      bool
	Model             event.ID
	Participant       event.Address
	CopyOf, Why       string
	Score             string
	Correct, Total    uint32
	Low, High, Width  string
	Share, ShareExact string
}

// A move is how a rank differs from the official board before.
type move struct{ Class, Sign, Text string }

type chartData struct {
	URL, Alt string
	Models   []event.ID
}

type owedRow struct {
	Message event.ID
	To      event.Address
	Why     string
	Amount  string
}

func boardPage(v *view, want pageRequest) (*answer, error) {
	b, err := boardOf(v, want.pool, want.period, want.board)
	if err != nil {
		return nil, err
	}
	p, err := v.period(want.pool, want.period)
	if err != nil {
		return nil, err
	}
	sum := v.summary(p)
	base := fmt.Sprintf("/pools/%s/periods/%d", p.Pool, p.N)
	d := boardData{
		Pool: p.Pool, Period: p.N, Phase: sum.Phase, Waiting: sum.Waiting, Clock: v.clock(sum),
		Pot: brief(b.Pot), PotExact: b.Pot.String(), PotNumber: decimals(b.Pot.Amount.Big(), int(b.Pot.Denomination)), Ticker: b.Pot.Ticker,
		Joined: len(b.Rows), History: base + "/history" + v.query(), Note: publicNote,
		BoardTitle: boardTitle(b), ShareTitle: "Would get, " + b.Pot.Ticker,
	}
	if b.Phase != phaseOpen && b.Phase != phaseEnded {
		d.ShareTitle = "Gets, " + b.Pot.Ticker
	}
	d.Clock.Label = strings.ToUpper(d.Clock.Label[:1]) + d.Clock.Label[1:]
	d.Chips = append(d.Chips, "protocol "+b.Protocol, "rule "+b.Rule)
	if sum.Dataset != nil {
		d.Chips = append(d.Chips, thousands(uint64(sum.Dataset.Questions))+" questions")
	}
	d.addRows(b)
	h, err := historyOf(v, p.Pool, p.N)
	if err != nil {
		return nil, err
	}
	d.addLinks(v, b, h, base)
	d.Chart = v.chart(h, chartScore, base)
	if err := d.addMoney(v, p.Pool, p.N); err != nil {
		return nil, err
	}
	f, err := v.frame("Pool "+p.Pool.String(), fmt.Sprintf("Leaderboard and rewards of period %d", p.N), base, "/v1"+base+"/leaderboard")
	if err != nil {
		return nil, err
	}
	if want.board != "" {
		f.JSON, f.Permalink = f.JSON+"&board="+want.board, f.Permalink+"&board="+want.board
	}
	f.Data = d
	return v.site.pages.render("board", f)
}

// query keeps a link inside the moment that the page shows.
func (v *view) query() string {
	if v.past() {
		return "?at=" + v.at
	}
	return ""
}

func boardTitle(b leaderboard) string {
	day := b.Day.Start().Time().Format("2 January 2006")
	switch b.Board {
	case boardFinal:
		return "Final board, " + day
	case boardOfficial:
		return "Official board of " + day
	}
	return "Live board"
}

func (d *boardData) addRows(b leaderboard) {
	for _, r := range b.Rows {
		row := boardRow{
			Model: r.Model, Participant: r.Participant, Funder: r.Funder, Why: r.Why,
			Score: percent(r.Correct, r.Total), Correct: r.Correct, Total: r.Total,
		}
		if r.Rank != nil {
			d.Ranked++
			row.Rank, row.Move = *r.Rank, moved(r)
		}
		if r.CopyOf != nil {
			row.CopyOf = r.CopyOf.Model.String()
			row.Why = copyText(*r.CopyOf)
		}
		if r.Interval != nil {
			row.Low, row.High = one(r.Interval.Low), one(r.Interval.High)
			row.Width = one(r.Interval.High - r.Interval.Low)
		}
		if r.Share != nil {
			m := b.Pot
			m.Amount = *r.Share
			row.Share, row.ShareExact = briefNumber(m), m.String()
		}
		d.Rows = append(d.Rows, row)
	}
	for i := range b.Rows {
		tie := b.Rows[i].Tie
		next := i+1 < len(b.Rows) && b.Rows[i+1].Tie != nil && tie != nil && *b.Rows[i+1].Tie == *tie
		d.Rows[i].Tied = tie != nil && (*tie != *b.Rows[i].Rank || next)
	}
	if len(d.Rows) > 0 && d.Rows[0].Rank > 0 {
		d.Best = d.Rows[0].Score
	}
}

func one(x float64) string { return strconv.FormatFloat(100*x, 'f', 1, 64) }

func copyText(c copied) string {
	text := "counts as a copy of " + c.Model.String()[:10] + "…: "
	switch {
	case c.SameTensors:
		return text + "the same tensors"
	case c.Differs == 0:
		return text + "all answers are the same"
	case c.Differs == 1:
		return text + "1 answer differs"
	}
	return fmt.Sprintf("%s%d answers differ", text, c.Differs)
}

func moved(r row) *move {
	switch {
	case r.Before == nil:
		return &move{"new", "new", "new since the official board before"}
	case *r.Before > *r.Rank:
		n := *r.Before - *r.Rank
		return &move{"up", fmt.Sprint("▲", n), fmt.Sprint("up ", n)}
	case *r.Before < *r.Rank:
		n := *r.Rank - *r.Before
		return &move{"down", fmt.Sprint("▼", n), fmt.Sprint("down ", n)}
	}
	return nil
}

// addLinks adds the boards of other days and the other periods.
func (d *boardData) addLinks(v *view, b leaderboard, h history, base string) {
	now := link{"Live", base + v.query(), b.Board == boardLive}
	if b.Board == boardFinal {
		now = link{"Final", base + v.query(), true}
	}
	d.Days = append(d.Days, now)
	for _, day := range slices.Backward(h.Days) {
		if len(d.Days) > maxDayLinks {
			break
		}
		d.Days = append(d.Days, link{
			day.Day.Start().Time().Format("2 Jan"), base + "?at=day:" + day.Day.String(), b.Board == boardOfficial && b.Day == day.Day,
		})
	}
	for _, p := range v.Pool(b.Pool).Periods {
		if p.N != b.Period {
			n := strconv.FormatUint(uint64(p.N), 10)
			d.Periods = append(d.Periods, link{"period " + n, "/pools/" + b.Pool.String() + "/periods/" + n + v.query(), false})
		}
	}
}

// chart describes a chart to the template; nil while there is nothing to draw: one day makes no line.
func (v *view) chart(h history, kind, base string) *chartData {
	lines := chartLines(h, kind)
	if len(lines) == 0 || len(h.Days) < 2 {
		return nil
	}
	c := &chartData{URL: base + "/chart.svg?at=seq:" + strconv.FormatUint(uint64(v.Seq), 10) + "&kind=" + kind}
	first, last := h.Days[0].Day, h.Days[len(h.Days)-1].Day
	c.Alt = fmt.Sprintf("Lines of the %s of %d models from %s to %s. The same figures are in the table of the history page.", kind, len(lines), first, last)
	for _, l := range lines {
		c.Models = append(c.Models, l.model)
	}
	return c
}
