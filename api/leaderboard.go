package api

import (
	"math"

	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/projections"
	"github.com/aobench/aobench/rewards"
)

// The boards of a period.
const (
	boardLive     = "live"     // everybody who has joined, by the newest good run
	boardOfficial = "official" // of the newest closed day
	boardFinal    = "final"    // that the pot is divided by
)

// publicNote is said on every board.
const publicNote = "The questions are public: a model can have memorised the answers, so a score is not proof of ability."

type leaderboard struct {
	Stamp
	Pool     event.ID  `json:"pool"`
	Period   uint32    `json:"period"`
	Board    string    `json:"board" enum:"live,official,final"`
	Day      event.Day `json:"day" doc:"Whose runs count at the latest"`
	Root     *string   `json:"root" doc:"RFC 6962 root over the rows of an official or final board"`
	Phase    string    `json:"phase" enum:"open,ended,closed,preliminary,final"`
	End      when      `json:"end" doc:"When the period ends, by the scheduler's clock"`
	Pot      Money     `json:"pot"`
	Rule     string    `json:"rule"`
	Protocol string    `json:"protocol"`
	Note     string    `json:"note"`
	Rows     []row     `json:"rows" doc:"Ranked rows, best first, then those without a rank in the order of their joins"`
}

type row struct {
	Rank        *uint32       `json:"rank" doc:"1, 2, 3 …; null for a model that is shown and not ranked"`
	Tie         *uint32       `json:"tie" doc:"The rank of the first model with the same score"`
	Before      *uint32       `json:"before" doc:"The rank on the official board before"`
	Model       event.ID      `json:"model"`
	Participant event.Address `json:"participant"`
	Joined      when          `json:"joined" doc:"The first join with this model"`
	Correct     uint32        `json:"correct"`
	Answered    uint32        `json:"answered"`
	Total       uint32        `json:"total"`
	Score       string        `json:"score" doc:"correct/total, six decimals; ranks are made from the integers" example:"0.730000"`
	Accuracy    string        `json:"accuracy" doc:"correct/answered"`
	Progress    string        `json:"progress" doc:"answered/total"`
	Interval    *interval     `json:"interval" doc:"95 % Wilson score interval of the score, for display"`
	Run         event.ID      `json:"run,omitzero" doc:"See /v1/runs/{run}"`
	Day         *event.Day    `json:"day" doc:"Of the run"`
	CopyOf      *copied       `json:"copy_of" doc:"The earlier model that this one is taken for a copy of"`
	Reason      string        `json:"reason" doc:"Why there is no rank; empty where there is one"`
	Why         string        `json:"why" doc:"The reason in words"`
	Funder      bool          `json:"funder" doc:"Whether the participant paid into this pot"`
	Share       *event.Amount `json:"share" doc:"What the rule gives this rank, in the pot's token: expected while the period runs, allocated after"`
}

type copied struct {
	Model       event.ID `json:"model"`
	Differs     uint32   `json:"differs" doc:"Questions that the two answered differently"`
	SameTensors bool     `json:"same_tensors"`
}

type interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// z95 is the 97.5 % quantile of the normal distribution.
const z95 = 1.959963984540054

// wilson returns the 95 % Wilson score interval of correct in total (E. B. Wilson, 1927), to six decimals.
func wilson(correct, total uint32) *interval {
	if total == 0 {
		return nil
	}
	n, p := float64(total), float64(correct)/float64(total)
	mid := p + z95*z95/(2*n)
	half := z95 * math.Sqrt(p*(1-p)/n+z95*z95/(4*n*n))
	round := func(x float64) float64 { return math.Round(min(1, max(0, x/(1+z95*z95/n)))*1e6) / 1e6 }
	return &interval{round(mid - half), round(mid + half)}
}

// boardOf makes a board: the live one while the period runs, the final one once it is closed, unless asked otherwise.
func boardOf(v *view, pool event.ID, n uint32, want string) (leaderboard, error) {
	p, err := v.period(pool, n)
	if err != nil {
		return leaderboard{}, err
	}
	b := leaderboard{
		Stamp: v.stamp(), Pool: p.Pool, Period: p.N, Phase: v.phase(p), End: when(p.End), Pot: moneyOf(p.Token, p.Pot),
		Rule: p.Rule, Protocol: p.Terms.Protocol, Note: publicNote,
	}
	rows, err := v.choose(p, want, &b)
	if err != nil {
		return b, err
	}
	b.Rows = rowsOf(p, b.Pot.Amount, rows)
	return b, nil
}

// choose finds the rows that are asked for and says in b which they are.
func (v *view) choose(p *projections.Period, want string, b *leaderboard) ([]projections.Row, error) {
	if c := v.closing(p); c != nil && want != boardLive {
		b.Board, b.Day, b.Pot.Amount = boardFinal, c.Day, c.Pot
		root := projections.BoardRoot(p.Pool, p.N, c.Day, c.Board).String()
		b.Root = &root
		return c.Board, nil
	}
	if want != boardOfficial {
		b.Board, b.Day = boardLive, v.today(p)
		return v.LiveBoard(p), nil
	}
	last := v.lastBatch(p)
	if last == nil {
		return nil, notFound("no day of this period has been closed"+v.atText(), "ask with board=live")
	}
	root := last.Root.String()
	b.Board, b.Day, b.Root = boardOfficial, last.Opened.Day, &root
	return last.Board, nil
}

// today is the day of the newest closed window, within the period.
func (v *view) today(p *projections.Period) event.Day {
	return max(p.FirstDay(), min(p.LastDay(), v.Window.Time.Day()))
}

// lastBatch returns the period's newest closed batch, or nil.
func (v *view) lastBatch(p *projections.Period) *projections.Batch {
	var last *projections.Batch
	if l := v.Ledger(p.Pool, p.N); l != nil {
		for _, b := range l.Batches {
			if b.Closed != 0 && (last == nil || b.Opened.Day > last.Opened.Day) {
				last = b
			}
		}
	}
	return last
}

func rowsOf(p *projections.Period, pot event.Amount, rows []projections.Row) []row {
	shares := sharesOf(p, pot, rows)
	out := make([]row, len(rows))
	for i := range rows {
		out[i] = rowOf(&rows[i])
		if rows[i].Rank > 0 && int(rows[i].Rank) <= len(shares) {
			out[i].Share = &shares[rows[i].Rank-1]
		}
	}
	return out
}

// sharesOf returns what the period's rule gives each rank. Summed by participant it is what projections allocates.
func sharesOf(p *projections.Period, pot event.Amount, rows []projections.Row) []event.Amount {
	n := 0
	for _, r := range rows {
		if r.Rank > 0 {
			n++
		}
	}
	rule, ok := rewards.Named(p.Rule)
	if !ok || n == 0 {
		return nil
	}
	out := make([]event.Amount, n)
	for i, share := range rule.Shares(pot.Big(), n) {
		out[i] = event.AmountOf(share)
	}
	return out
}

func rowOf(r *projections.Row) row {
	out := row{
		Rank: some(r.Rank), Tie: some(r.Tie), Before: some(r.Before),
		Model: r.Model, Participant: r.Participant, Joined: when(r.Joined),
		Correct: r.Correct, Answered: r.Answered, Total: r.Total,
		Score: ratio(r.Correct, r.Total), Accuracy: ratio(r.Correct, r.Answered), Progress: ratio(r.Answered, r.Total),
		Interval: wilson(r.Correct, r.Total), Run: r.Run,
		Reason: r.Reason, Why: inWords(r.Reason), Funder: r.Funder,
	}
	if r.Total > 0 {
		out.Day = &r.Day
	}
	if !r.CopyOf.IsZero() {
		out.CopyOf = &copied{r.CopyOf, r.Differs, r.SameTensors}
	}
	return out
}

// some returns nil for 0, which JSON shows as null.
func some(n uint32) *uint32 {
	if n == 0 {
		return nil
	}
	return &n
}
