package api

import (
	"context"
	"crypto/sha256"
	"fmt"
	"iter"
	"sync/atomic"
	"testing"

	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/projections"
)

// A world is a log made by hand and the Source over it.
type world struct {
	t      testing.TB
	log    []event.Event
	state  *projections.State
	live   atomic.Pointer[projections.State]
	again  []func() // runs that every day has
	nonce  uint64
	height uint64
	now    event.Millis
	status Status
	folds  atomic.Int64 // how often AsOf was asked
}

// Live implements Source.
func (w *world) Live() *projections.State { return w.live.Load() }

// AsOf implements Source: from zero, every time.
func (w *world) AsOf(ctx context.Context, seq event.Seq) (*projections.State, error) {
	w.folds.Add(1)
	return projections.Replay(ctx, w, seq)
}

// Root implements Source.
func (w *world) Root(seq event.Seq) (event.Hash, error) {
	return sha256.Sum256(fmt.Append(nil, "root of ", seq)), nil
}

// Events implements Source.
func (w *world) Events(ctx context.Context, after event.Seq) iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) {
		for i := int(after); i < len(w.log); i++ {
			if err := ctx.Err(); err != nil {
				yield(event.Event{}, err)
				return
			}
			if !yield(w.log[i], nil) {
				return
			}
		}
	}
}

// Answers implements Source.
func (w *world) Answers(_ context.Context, h event.Hash) ([]Answer, error) {
	if h != evidence("alpha") {
		return nil, fmt.Errorf("evidence %s: %w", h, ErrNotFound)
	}
	right := 1
	return []Answer{
		{Question: "q1", Logprobs: []float64{-1.5, -0.25}, Choice: &right, Label: 1},
		{Question: "q2", Logprobs: []float64{}, Label: 0},
	}, nil
}

// Manifest implements Source.
func (w *world) Manifest(_ context.Context, h event.Hash) (any, error) {
	if h != manifest("alpha") {
		return nil, ErrNotFound
	}
	return map[string]any{"version": 1, "protocol": "letters/v1"}, nil
}

// Status implements Source.
func (w *world) Status() Status {
	st := w.status
	st.Head = event.Seq(len(w.log))
	return st
}

func sum(s string) [32]byte                          { return sha256.Sum256([]byte(s)) }
func id(name string) event.ID                        { return sum(name) }
func who(name string) event.Address                  { return id("wallet " + name).Address() }
func manifest(name string) event.Hash                { return sum("manifest " + name) }
func evidence(name string) event.Hash                { return sum("evidence " + name) }
func tag(name, value string) event.Tag               { return event.Tag{Name: name, Value: value} }
func amount(wholes uint64) string                    { return fmt.Sprintf("%d000000000000", wholes) }
func hours(n event.Millis) event.Millis              { return n * 60 * 60 * 1000 }
func ethereum(name string) event.Address             { return who(name)[:20] }
func (w *world) period(n uint32) *projections.Period { return w.state.Period(id("pool"), n) }

const questions = 120

// newWorld opens a log whose periods last seven days.
func newWorld(t testing.TB) *world {
	day, err := event.ParseDay("2026-03-01")
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, state: projections.New(), height: 1000, now: day.Start() + hours(9)}
	w.add(event.LogOpened{Process: id("process"), FirstHeight: 1000, Name: "test network"})
	w.add(event.TermsSet{Revision: 1, Terms: event.Terms{
		Tokens:      []event.Token{{Process: id("token"), Ticker: "wAR", Denomination: 12}},
		Authorities: []event.Valid{{Who: who("authority")}}, Schedulers: []event.Valid{{Who: who("scheduler")}},
		Evaluator: who("evaluator"), Scores: event.ScoresLog, Protocol: "letters/v1",
		Datasets: []event.DatasetTerm{{Pool: id("pool"), Tx: id("dataset")}},
		Duration: 7*event.MillisPerDay - hours(10), Challenge: hours(72), MinDeposit: event.NewAmount(1_000_000_000_000),
		Depth: 10, MaxModelBytes: 1 << 30, MaxRunSeconds: 600, MaxJoinsEach: 3, MaxJoinsPeriod: 100, UnfetchableDays: 3,
	}})
	w.assign(0, id("process"), event.Block{Height: w.height, Time: w.now})
	return w
}

// add appends a fact and folds it.
func (w *world) add(b event.Body) {
	e := event.Event{Seq: event.Seq(len(w.log) + 1), ID: b.ID(), Kind: b.Kind(), Recorded: w.now + 60_000, Body: b}
	if _, err := event.Encode(e); err != nil {
		w.t.Fatal(err)
	}
	w.log = append(w.log, e)
	w.state = w.state.Apply(e)
	if n := len(w.state.Faults); n > 0 {
		w.t.Fatalf("event %d is a fault: %s", e.Seq, w.state.Faults[n-1].Why)
	}
}

// show makes the state so far the one that is served.
func (w *world) show() { w.live.Store(w.state.Clone()) }

// send puts a message and its assignment into the log.
func (w *world) send(owner event.Address, data string, tags ...event.Tag) event.ID {
	w.nonce++
	w.height++
	w.now += 60_000
	msg := id(fmt.Sprint("message ", w.nonce))
	block := event.Block{Height: w.height, Time: w.now}
	w.add(event.MessageObserved{Block: block, Item: event.Item{
		ID: msg, SigType: 1, Owner: owner, Target: id("process"), Tags: tags, Digest: msg[:], Data: []byte(data),
	}})
	w.assign(w.nonce, msg, block)
	return msg
}

func (w *world) assign(nonce uint64, msg event.ID, block event.Block) {
	w.add(event.AssignmentObserved{Block: block, Process: id("process"), Message: msg, Nonce: nonce, Time: w.now, Item: event.Item{
		ID: id(fmt.Sprint("assignment ", nonce)), SigType: 1, Owner: who("scheduler"), Target: id("process"),
	}})
}

func (w *world) credit(funder event.Address, quantity, rule string) event.ID {
	return w.send(who("authority"), "", tag("Action", "Credit-Notice"), tag("From-Process", id("token").String()), tag("Reference", fmt.Sprint(w.nonce)),
		tag("Sender", funder.String()), tag("Quantity", quantity), tag("X-Dataset", id("pool").String()), tag("X-Allocation", rule))
}

func (w *world) join(by event.Address, model string) event.ID {
	return w.send(by, fmt.Sprintf(`{"dataset":%q,"model":%q}`, id("pool"), id(model)), tag("Action", "Join-Pool"))
}

// uploaded says who signed a model's item.
func (w *world) uploaded(model string, by event.Address) {
	w.add(event.SourceResolved{Source: id(model), Role: event.RoleModel, Owner: by, Size: 7 << 20, Attempt: 1})
}

// window closes the heights so far at the time now.
func (w *world) window() {
	from := w.state.Window.To + 1
	if w.state.Window.Closed == 0 {
		from = 1000
	}
	w.height++
	w.add(event.WindowClosed{From: from, To: w.height, Time: w.now, Tip: w.height + 10})
}

func (w *world) key(n uint32, model string) event.RunKey {
	return event.RunKey{Pool: id("pool"), Period: n, Model: id(model), Dataset: sum("dataset bytes"), Proto: "letters/v1", Day: w.now.Day()}
}

// score records a run. The answers are the model's own, all alike for models of the same kind.
func (w *world) score(n uint32, model, kind string, correct uint32) {
	w.run(n, model, kind, correct)
	w.again = append(w.again, func() { w.run(n, model, kind, correct) })
}

func (w *world) run(n uint32, model, kind string, correct uint32) {
	if l := w.state.Ledger(id("pool"), n); l.Runs[w.key(n, model).Run()] != nil {
		return
	}
	choices := make([]byte, questions)
	for i := range choices {
		choices[i] = sum(fmt.Sprint(kind, i))[0] % 3
	}
	if kind != model {
		choices[0] ^= 1
	}
	w.add(event.RunScored{
		Key: w.key(n, model), Correct: correct, Answered: questions, Total: questions, Choices: choices,
		Tensors: sum("tensors " + model), Model: sum("file " + model), Manifest: manifest(model), Evidence: evidence(model),
	})
}

func (w *world) fail(n uint32, model string, reason event.Reason) {
	w.failRun(n, model, reason)
	w.again = append(w.again, func() { w.failRun(n, model, reason) })
}

func (w *world) failRun(n uint32, model string, reason event.Reason) {
	if l := w.state.Ledger(id("pool"), n); l.Runs[w.key(n, model).Run()] != nil {
		return
	}
	w.add(event.RunFailed{Key: w.key(n, model), Attempt: 1, Reason: reason, Detail: "tensor <b>blk.0</b> is missing", Fault: reason.Faults()})
}

// midnight ends the day: a window past it, and its batch opened and closed.
func (w *world) midnight(n uint32) {
	for _, run := range w.again {
		run()
	}
	p, day := w.period(n), w.now.Day()
	w.now = p.Cut(day) + 120_000
	w.window()
	w.add(event.BatchOpened{Pool: p.Pool, Period: n, Day: day, Cut: p.Cut(day), Members: w.state.Members(p, p.Cut(day))})
	l := w.state.Ledger(p.Pool, n)
	board := w.state.DayBoard(p, l.Batch(day))
	w.add(event.BatchClosed{Pool: p.Pool, Period: n, Day: day, Rows: uint32(len(board)), Root: projections.BoardRoot(p.Pool, n, day, board)})
	w.now += hours(7)
}

// closePeriod freezes and divides.
func (w *world) closePeriod(n uint32) {
	p := w.period(n)
	w.add(event.PeriodClosed{Pool: p.Pool, Period: n, Day: p.LastDay(), Pot: p.Pot, Root: w.state.FinalBatch(p).Root})
	w.add(w.state.Allocation(p, w.state.Ledger(p.Pool, n).Closing))
}

// story is a pool with a period that is final and one that runs: joins on several days, a copy, a displaced join, a model
// that does not load, deposits that are owed back, a forged notice, items that were no items.
func story(t testing.TB) *world {
	w := newWorld(t)
	w.credit(who("funder"), amount(900), "ArithmeticDecrease")
	w.add(event.DatasetResolved{Pool: id("pool"), Period: 1, Tx: id("dataset"), SHA256: sum("dataset bytes"), Questions: questions, Format: "choices"})
	w.join(who("ann"), "alpha")
	w.uploaded("alpha", who("ann"))
	w.join(who("ben"), "bravo")
	w.credit(who("funder"), amount(100), "ArithmeticDecrease")
	w.credit(who("stranger"), amount(5), "WinnerTakesAll") // counts: the period is open already
	w.send(who("mallory"), "", tag("Action", "Credit-Notice"), tag("From-Process", id("token").String()), tag("Quantity", "1"))
	w.send(who("mallory"), "", tag("Action", "<script>alert(1)</script>"), tag("From-Process", "x"))
	w.window()
	w.score(1, "alpha", "alpha", 61)
	w.score(1, "bravo", "bravo", 58)
	w.midnight(1)
	w.join(who("mallory"), "charlie")
	w.join(who("cem"), "charlie")
	w.uploaded("charlie", who("cem"))
	w.join(ethereum("dora"), "delta")
	w.score(1, "charlie", "charlie", 73)
	w.fail(1, "delta", event.ModelNotLoadable)
	w.midnight(1)
	w.join(who("ben"), "echo")
	w.score(1, "echo", "echo", 79)
	w.midnight(1)
	w.join(who("mallory"), "echo-copy")
	w.join(who("funder"), "foxtrot")
	w.score(1, "echo-copy", "echo", 79)
	w.score(1, "foxtrot", "foxtrot", 66)
	w.midnight(1)
	w.add(event.ItemRefused{Item: id("garbage"), Reason: event.BadSignature, Detail: "RSA-PSS: verification error", Action: "<script>alert(1)</script>", Block: event.Block{Height: w.height, Time: w.now}})
	w.join(who("ann"), "golf")
	w.score(1, "golf", "golf", 91)
	w.midnight(1)
	w.midnight(1)
	w.join(id("an aos process").Address(), "hotel")
	w.score(1, "hotel", "hotel", 61)
	w.midnight(1)
	w.send(who("ann"), id("pool").String(), tag("Action", "Leaderboard"))
	w.window()
	w.closePeriod(1)
	w.again = nil
	w.now += hours(73)
	w.window()
	w.add(event.RewardsFinal{Pool: id("pool"), Period: 1})
	w.credit(who("stranger"), amount(3), "WinnerTakesAll")
	w.credit(who("funder"), "250500000000000", "ArithmeticDecrease")
	w.add(event.DatasetResolved{Pool: id("pool"), Period: 2, Tx: id("dataset"), SHA256: sum("dataset bytes"), Questions: questions, Format: "choices"})
	w.join(who("ann"), "golf")
	w.join(who("ben"), "echo")
	w.window()
	w.score(2, "golf", "golf", 91)
	w.window()
	w.show()
	return w
}
