package projections

import (
	"bytes"
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/aobench/aobench/event"
)

// A history is a random honest one: what people sent in the scheduler's order, how it arrived, and what a service decided
// while it did.
type history struct {
	*world
	rng   *rand.Rand
	nonce uint64
	at    event.Millis // the scheduler's clock
	items []arrival

	signed     int  // bytes of each signed item
	unassigned bool // the process has no assignments on Arweave
}

// An arrival is a fact and when it is seen: in units of one message sent.
type arrival struct {
	when float64
	body event.Body
}

var (
	historyPools   = []string{"pool-a", "pool-b"}
	historyPeople  = []string{"ann", "ben", "cid", "dot", "0xeve", "0xfay"}
	historyProcess = []string{"aos-1", "aos-2"}
)

func newHistory(seed uint64) *history {
	h := &history{world: newWorld(), rng: rand.New(rand.NewPCG(seed, 1)), at: epoch}
	h.terms.Tokens = append(h.terms.Tokens, event.Token{Process: h.id("AO"), Ticker: "AO"})
	h.terms.Duration, h.terms.MaxJoinsEach, h.terms.MaxJoinsPeriod, h.terms.CopyThreshold = 3*event.MillisPerDay, 4, 7, 2
	h.add(event.LogOpened{Process: h.id("pool"), FirstHeight: 1})
	h.append(event.TermsSet{Revision: 1, Terms: h.terms})
	return h
}

func pick[T any](h *history, list []T) T { return list[h.rng.IntN(len(list))] }

func (h *history) chance(percent int) bool { return h.rng.IntN(100) < percent }

// delay is how late something is seen: mostly at once, sometimes a little later, rarely much.
func (h *history) delay() float64 {
	switch {
	case h.chance(70):
		return h.rng.Float64()
	case h.chance(90):
		return h.rng.Float64() * 12
	}
	return h.rng.Float64() * 80
}

func (h *history) arrive(b event.Body) {
	h.items = append(h.items, arrival{float64(h.nonce) + h.delay(), b})
	if h.chance(10) { // seen twice: by two queries, or in two windows
		h.items = append(h.items, arrival{float64(h.nonce) + h.delay(), b})
	}
}

// send makes the scheduler order one message.
func (h *history) send() {
	h.at += event.Millis(h.rng.IntN(2 * 3_600_000))
	if h.chance(3) {
		h.at -= 60_000 // its clock goes back
	}
	n, pool := h.nonce, h.id(pick(h, historyPools)).String()
	id, person := fmt.Sprint("m", n), pick(h, historyPeople)
	owner, target, data := person, "pool", ""
	var ts []event.Tag
	switch k := h.rng.IntN(100); {
	case k < 25:
		owner = "mu"
		amount := pick(h, []string{"1", "99", "100", "1000", "1000", "5000", "123456789012345678", "123456789012345678", "0", "x"})
		ref := fmt.Sprint(n)
		if h.chance(15) {
			ref = fmt.Sprint(h.rng.Uint64N(n + 1)) // perhaps pushed before
		}
		ts = tags("Action", "Credit-Notice", "Sender", h.addr(person).String(), "Quantity", amount, "X-Dataset", pool,
			"X-Allocation", pick(h, []string{"ArithmeticDecrease", "ArithmeticDecrease", "ArithmeticDecrease/v1", "Winner"}),
			"From-Process", h.id(pick(h, []string{"wAR", "wAR", "wAR", "AO", "fake"})).String(), "Reference", ref)
	case k < 70:
		data = fmt.Sprintf(`{"dataset":%q,"model":%q}`, pool, h.id(fmt.Sprint("model-", h.rng.IntN(10))))
		ts = tags("Action", "Join-Pool")
		if h.chance(30) {
			owner = "mu"
			ts = append(ts, tags("From-Process", h.id(pick(h, historyProcess)).String())...)
		}
	case k < 78:
		ts, data = tags("Action", "Leaderboard"), pool
	case k < 86: // forged
		owner = "mallory"
		ts = tags("Action", "Credit-Notice", "Sender", h.addr("mallory").String(), "Quantity", "1000000", "X-Dataset", pool,
			"X-Allocation", "ArithmeticDecrease", "From-Process", h.id("wAR").String())
	case k < 90:
		target = "elsewhere"
		ts = tags("Action", "Transfer")
	default:
		ts, data = tags("Action", pick(h, []string{"Join-Pool", "Hello", "Score-Response"})), "{"
	}
	m := h.message(id, owner, target, 1+n/5, data, ts)
	m.Item.Signed = make([]byte, h.signed)
	h.arrive(m)
	if h.unassigned {
		h.nonce++
		return
	}
	h.arrive(h.assignment("a-"+id, "su", "pool", id, n, h.at))
	h.nonce++
	if h.chance(3) {
		h.arrive(h.assignment("b-"+id, "su", "pool", id, h.nonce, h.at)) // assigned once more
		h.nonce++
	}
	if h.chance(3) {
		h.arrive(h.assignment("c-"+id, "mallory", "pool", id, h.nonce+5, h.at))
	}
	if h.chance(8) {
		h.items = append(h.items, arrival{float64(h.nonce) + h.delay(), event.ItemRefused{Item: h.id("bad" + id), Reason: event.Malformed}})
	}
}

// play sends n messages, lets them arrive, and decides what is due in between.
func (h *history) play(n int) {
	for range n {
		h.send()
	}
	end := h.at
	for i := range 12 { // quiet days at the end, so that everything is closed
		h.at = end + event.Millis(i)*event.MillisPerDay
		id := fmt.Sprint("quiet", i)
		h.arrive(h.message(id, "ann", "pool", 1, "", tags("Action", "Hello")))
		if !h.unassigned {
			h.arrive(h.assignment("a-"+id, "su", "pool", id, h.nonce, h.at))
		}
		h.nonce++
	}
	slices.SortStableFunc(h.items, func(a, b arrival) int { return cmp.Compare(a.when, b.when) })
	for i, it := range h.items {
		h.clock += event.Millis(h.rng.IntN(20 * 60_000))
		h.add(it.body)
		if i == len(h.items)/2 {
			h.terms.MinDeposit, h.terms.Duration = event.NewAmount(500), 4*event.MillisPerDay
			h.append(event.TermsSet{Revision: 2, Terms: h.terms})
		}
		if h.chance(20) {
			h.tick(h.latest())
		}
		for range h.rng.IntN(3) {
			h.decide()
		}
	}
	for range 40 {
		h.clock += event.MillisPerDay
		h.tick(h.s.Window.Time + event.MillisPerDay)
		for range 500 {
			if !h.decide() {
				break
			}
		}
	}
}

// latest is the newest time of the scheduler that has been seen.
func (h *history) latest() event.Millis {
	if n := len(h.s.Stream.Slots); n > 0 {
		return h.s.Stream.Slots[n-1].Time
	}
	return h.s.Window.Time
}

func (h *history) tick(t event.Millis) {
	h.add(event.WindowClosed{From: h.to + 1, To: h.to + 10, Time: t, Tip: h.to + 30})
	h.to += 10
}

// decide records one thing that is due in the state, as a scheduler and its workers would. False when nothing is.
func (h *history) decide() bool {
	for _, pool := range h.s.Pools() {
		for _, p := range pool.Periods {
			if b := h.due(p); b != nil {
				return h.add(b)
			}
		}
	}
	return false
}

func (h *history) due(p *Period) event.Body {
	l := h.s.Ledger(p.Pool, p.N)
	if l == nil {
		l = &Ledger{}
	}
	if c := l.Closing; c != nil {
		switch {
		case c.Allocation == nil:
			return h.s.Allocation(p, c)
		case c.FinalAt == 0 && h.s.Window.Time >= c.Challenge:
			return event.RewardsFinal{Pool: p.Pool, Period: p.N}
		}
		return nil
	}
	for _, j := range p.Joins {
		if src := h.s.Models[j.Model]; src.Owner == "" {
			r := event.SourceResolved{Source: j.Model, Role: event.RoleModel, Attempt: src.Attempt + 1, Owner: h.addr(historyPeople[j.Model[0]%6])}
			if src.Attempt == 0 && h.chance(30) {
				r.Owner, r.Reason = "", event.Unverifiable
			}
			return r
		}
		if id, ok := j.From.ID(); ok && j.From != j.Wallet && h.s.Processes[id].Owner == "" {
			return event.SourceResolved{Source: id, Role: event.RoleProcess, Attempt: 1, Owner: h.addr(historyPeople[id[0]%6])}
		}
	}
	if l.Dataset == nil {
		return event.DatasetResolved{Pool: p.Pool, Period: p.N, Tx: p.Pool, SHA256: event.Hash{1}, Questions: 12}
	}
	for _, b := range l.Batches {
		if b.Closed == 0 {
			if body := h.work(p, l, b); body != nil {
				return body
			}
		}
	}
	day := p.FirstDay()
	for _, b := range l.Batches {
		day = max(day, b.Opened.Day+1)
	}
	if day <= p.LastDay() && h.s.Window.Time >= p.Cut(day) && (day < p.LastDay() || h.s.Complete(p)) {
		return event.BatchOpened{Pool: p.Pool, Period: p.N, Day: day, Cut: p.Cut(day), Members: h.s.Members(p, p.Cut(day))}
	}
	if last := h.s.FinalBatch(p); last != nil && h.s.Complete(p) && h.s.Window.Time >= p.End {
		b := event.PeriodClosed{Pool: p.Pool, Period: p.N, Day: p.LastDay(), Pot: p.Pot, Root: last.Root}
		if !h.s.Stream.DensePast(p.End) {
			b.Gaps = h.s.Stream.Gaps(100)
		}
		return b
	}
	return nil
}

// work is the next run of a batch, or its closing.
func (h *history) work(p *Period, l *Ledger, b *Batch) event.Body {
	if l.Finished(p, b, h.clock) {
		rows := h.s.DayBoard(p, b)
		return event.BatchClosed{Pool: p.Pool, Period: p.N, Day: b.Opened.Day, Rows: uint32(len(rows)), Root: BoardRoot(p.Pool, p.N, b.Opened.Day, rows)}
	}
	for _, m := range b.Opened.Members {
		k := event.RunKey{Pool: p.Pool, Period: p.N, Model: m, Dataset: l.Dataset.SHA256, Proto: p.Terms.Protocol, Day: b.Opened.Day}
		r := l.Runs[k.Run()]
		var attempt uint32
		if r != nil {
			if _, fault := r.Fault(); fault || r.Score != nil {
				continue
			}
			attempt = r.Attempts()
		}
		switch n := h.rng.IntN(10); {
		case n == 0:
			return event.RunFailed{Key: k, Attempt: attempt + 1, Reason: event.EngineFailed}
		case n == 1:
			return event.RunFailed{Key: k, Attempt: attempt + 1, Reason: event.ModelNotLoadable, Fault: true}
		}
		s := event.RunScored{Key: k, Total: 12, Answered: 12, Tensors: event.Hash{m[1] % 4}, Choices: bytes.Repeat([]byte{1}, 12)}
		for i := range m[2] % 13 {
			s.Choices[i] = 0
			s.Correct++
		}
		return s
	}
	return nil
}
