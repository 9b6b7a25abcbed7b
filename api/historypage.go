package api

import (
	"fmt"

	"github.com/aobench/aobench/event"
)

type historyData struct {
	Pool          event.ID
	Period        uint32
	BoardURL      string
	Days          []link
	Ranks, Scores *chartData
	Rows          []historyRow
}

type historyRow struct {
	Model event.ID
	Cells []historyCell // one a day
}

type historyCell struct {
	Rank              uint32
	Score, Why, Class string
}

func historyPage(v *view, want pageRequest) (*answer, error) {
	h, err := historyOf(v, want.pool, want.period)
	if err != nil {
		return nil, err
	}
	base := fmt.Sprintf("/pools/%s/periods/%d", h.Pool, h.Period)
	d := historyData{
		Pool: h.Pool, Period: h.Period, BoardURL: base + v.query(),
		Ranks: v.chart(h, chartRank, base), Scores: v.chart(h, chartScore, base),
	}
	column := map[event.Day]int{}
	for i, day := range h.Days {
		column[day.Day] = i
		d.Days = append(d.Days, link{day.Day.Start().Time().Format("2 Jan"), base + "?at=day:" + day.Day.String(), false})
	}
	for _, m := range h.Models {
		row := historyRow{m.Model, make([]historyCell, len(h.Days))}
		for _, s := range m.Days {
			cell := historyCell{Score: percent(s.Correct, s.Total), Why: s.Why}
			if s.Rank != nil {
				cell.Rank = *s.Rank
			}
			if cell.Rank == 1 {
				cell.Class = "first"
			}
			row.Cells[column[s.Day]] = cell
		}
		d.Rows = append(d.Rows, row)
	}
	f, err := v.frame("History of pool "+h.Pool.String(), "Rank and score of every model on every day", base+"/history", "/v1"+base+"/history")
	if err != nil {
		return nil, err
	}
	f.Data = d
	return v.site.pages.render("history", f)
}

// chartImage draws a chart: kind=score or rank, theme=light or dark, size=wide or narrow.
func chartImage(v *view, want pageRequest) (*answer, error) {
	h, err := historyOf(v, want.pool, want.period)
	if err != nil {
		return nil, err
	}
	switch {
	case want.kind != "" && want.kind != chartScore && want.kind != chartRank:
		return nil, badRequest("kind="+cut(want.kind, 20)+" is not score or rank", "leave it out for score")
	case want.theme != "" && want.theme != "light" && want.theme != "dark":
		return nil, badRequest("theme="+cut(want.theme, 20)+" is not light or dark", "leave it out for light")
	case want.size != "" && want.size != "wide" && want.size != "narrow":
		return nil, badRequest("size="+cut(want.size, 20)+" is not wide or narrow", "leave it out for wide")
	}
	b, err := drawChart(h, want.kind, want.theme == "dark", want.size == "narrow")
	if err != nil {
		return nil, err
	}
	a := newAnswer("image/svg+xml", cacheLive, b)
	a.policy = policyImage
	return a, nil
}
