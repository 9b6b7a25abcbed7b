package api

import (
	"strconv"

	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/projections"
)

type poolsData struct {
	Pools          []poolCard
	Height, Events string
	Gaps           string
	Process        event.ID
}

type poolCard struct {
	Pool          event.ID
	Phase, When   string
	Pot, PotExact string
	Models, Days  int
	Period        uint32
	Best          string
}

func poolsPage(v *view, _ pageRequest) (*answer, error) {
	list, err := pools(v, inAt{})
	if err != nil {
		return nil, err
	}
	d := poolsData{Height: thousands(v.Window.To), Events: thousands(uint64(v.Seq)), Gaps: "none known", Process: v.Opened.Process}
	switch gaps := v.Stream.Gaps(1000); {
	case v.Stream.Order != projections.ByNonce:
		d.Gaps = "cannot be known: the process has no assignments"
	case len(gaps) > 0:
		d.Gaps = strconv.Itoa(len(gaps))
	}
	for _, p := range list.Pools {
		c := poolCard{
			Pool: p.Pool, Phase: p.Newest.Phase, When: v.clock(p.Newest).line(), Pot: brief(p.Newest.Pot), PotExact: p.Newest.Pot.String(),
			Models: p.Newest.Models, Days: p.Newest.Days, Period: p.Newest.Period,
		}
		if l := p.Newest.Leader; l != nil {
			c.Best = percent(l.Correct, l.Total)
		}
		d.Pools = append(d.Pools, c)
	}
	f, err := v.frame("Pools", "Funded pools in which models compete day by day", "/", "/v1/pools")
	if err != nil {
		return nil, err
	}
	f.Data = d
	return v.site.pages.render("pools", f)
}

// A clock is what a period's time says: what it is, how long, and when exactly.
type clock struct{ Label, Value, Detail string }

func (c clock) line() string { return c.Value + " " + c.Label }

// clock reads the chain's time: the newest closed window's.
func (v *view) clock(p period) clock {
	end := event.Millis(p.End)
	if left := end - v.Window.Time; left > 0 {
		return clock{"left", span(left), "ends " + dateTime(end)}
	}
	return clock{"ended", end.Time().Format("2 Jan 2006"), end.Time().Format("at 15:04 UTC")}
}

func thousands(n uint64) string { return decimals(event.NewAmount(n).Big(), 0) }

// brief writes an amount with at most four decimals, cut off, never rounded up: the exact one stands beside it.
func brief(m Money) string { return briefNumber(m) + " " + m.Ticker }

func briefNumber(m Money) string {
	text := decimals(m.Amount.Big(), int(m.Denomination))
	for i := range len(text) {
		if text[i] == '.' && len(text) > i+5 {
			return text[:i+5]
		}
	}
	return text
}
