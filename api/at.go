package api

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/projections"
)

const atHint = "at= takes seq:12, height:1700000, day:2026-03-01 or time:2026-03-01T12:00:00Z"

// A subject is what a request is about: everything that at= may need to know to find its moment.
type subject struct {
	at     string
	pool   event.ID // zero for all pools
	period uint32   // 0 for the newest
	boards bool     // takes board=
}

// A view is the state that a request is answered from.
type view struct {
	*projections.State
	ctx  context.Context
	site *Site
	at   string // "" or seq:N
}

// past reports whether the answer is of a named moment and so never changes.
func (v *view) past() bool { return v.at != "" }

func (v *view) cache() string {
	if v.past() {
		return cacheForever
	}
	return cacheLive
}

// look finds the state that is asked for, or where to ask for it instead.
func (s *Site) look(ctx context.Context, r *http.Request, live *projections.State, want subject) (*view, *answer, error) {
	if want.at == "" {
		return &view{State: live, ctx: ctx, site: s}, nil, nil
	}
	form, value, _ := strings.Cut(want.at, ":")
	if form == "seq" {
		seq, err := strconv.ParseUint(value, 10, 63)
		if err != nil || seq == 0 || value[0] == '0' || value[0] == '+' {
			return nil, nil, badRequest("at=seq:"+cut(value, 40)+" is not the number of an event", atHint)
		}
		if event.Seq(seq) > live.Seq {
			return nil, nil, beyond("seq "+value, live)
		}
		state, err := s.past.at(ctx, s.src, live, event.Seq(seq))
		if err != nil {
			return nil, nil, err
		}
		return &view{State: state, ctx: ctx, site: s, at: want.at}, nil, nil
	}
	m, err := s.moment(ctx, live, form, value, want)
	if err != nil {
		return nil, nil, err
	}
	return nil, redirect(m.target(r, want)), nil
}

func beyond(what string, live *projections.State) *Problem {
	return problem("beyond-head", what+" is beyond the head, which is seq "+strconv.FormatUint(uint64(live.Seq), 10)+" of "+live.Recorded.String(),
		"ask again later, or without at= for the newest answer")
}

// A moment is the seq that another form of at= means today.
type moment struct {
	seq    event.Seq
	period uint32 // set where the seq alone would lead to another period
	board  string // set where the seq alone would lead to another board
}

// target is the request's own address with at=seq: in place of the other form.
func (m moment) target(r *http.Request, want subject) string {
	u := url.URL{Path: r.URL.Path}
	q := r.URL.Query()
	q.Set("at", "seq:"+strconv.FormatUint(uint64(m.seq), 10))
	if m.board != "" && want.boards {
		q.Set("board", m.board)
	}
	if m.period != 0 && want.period == 0 {
		pool := "/pools/" + want.pool.String()
		u.Path = strings.Replace(u.Path, pool, pool+"/periods/"+strconv.FormatUint(uint64(m.period), 10), 1)
	}
	u.RawQuery = strings.ReplaceAll(q.Encode(), "%3A", ":")
	return u.String()
}

func (s *Site) moment(ctx context.Context, live *projections.State, form, value string, want subject) (moment, error) {
	switch form {
	case "day":
		day, err := event.ParseDay(value)
		if err != nil {
			return moment{}, badRequest("at=day:"+cut(value, 40)+" is not a date", atHint)
		}
		return dayMoment(live, day, want)
	case "time":
		t, err := time.Parse(time.RFC3339Nano, value)
		if err != nil {
			return moment{}, badRequest("at=time:"+cut(value, 40)+" is not a time", atHint)
		}
		return s.timeMoment(ctx, live, event.Millis(t.UnixMilli()))
	case "height":
		height, err := strconv.ParseUint(value, 10, 63)
		if err != nil {
			return moment{}, badRequest("at=height:"+cut(value, 40)+" is not a height", atHint)
		}
		return s.heightMoment(ctx, live, height)
	}
	return moment{}, badRequest("at="+cut(form, 40)+" is not a form of at", atHint)
}

// dayMoment finds the closing of the day's batch: of the pool that is asked about, of all pools the last of them.
func dayMoment(live *projections.State, day event.Day, want subject) (moment, error) {
	var m moment
	for _, p := range live.Pools() {
		if !want.pool.IsZero() && p.ID != want.pool {
			continue
		}
		for _, q := range p.Periods {
			l := live.Ledger(q.Pool, q.N)
			if l == nil || (want.period != 0 && q.N != want.period) {
				continue
			}
			if b := l.Batch(day); b != nil && b.Closed > m.seq {
				m = moment{seq: b.Closed, board: boardOfficial}
				if !want.pool.IsZero() && int(q.N) != len(p.Periods) {
					m.period = q.N
				}
			}
		}
	}
	if m.seq == 0 {
		return m, problem("beyond-head", "no board of "+day.String()+" has been closed", "the days that have one are listed at /v1/batches")
	}
	return m, nil
}
