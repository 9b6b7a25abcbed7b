package scheduler

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/aobench/aobench/bus"
	"github.com/aobench/aobench/bus/bustest"
	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/eventlog/eventlogtest"
	"github.com/aobench/aobench/projections"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var (
	process   = event.ID{1}
	token     = event.ID{2}
	authority = event.ID{3}.Address()
	sched     = event.ID{4}.Address()
	funder    = event.ID{5}.Address()
	pool      = event.ID{6}
)

// world is a log, the fold of it, and a chain whose blocks are an hour apart.
type world struct {
	t    *testing.T
	log  *eventlogtest.Memory
	mu   sync.Mutex
	s    *projections.State
	next uint64 // nonce
	to   uint64 // height of the newest window
}

func now() event.Millis { return event.Millis(time.Now().UnixMilli()) }

func newWorld(t *testing.T, scores string) *world {
	w := &world{t: t, log: eventlogtest.NewMemory(), s: projections.New()}
	w.log.Now = now
	w.append(event.LogOpened{Process: process, FirstHeight: 1}, event.TermsSet{Revision: 1, Terms: event.Terms{
		Tokens: []event.Token{{Process: token, Ticker: "wAR", Denomination: 12}}, Authorities: []event.Valid{{Who: authority}}, Schedulers: []event.Valid{{Who: sched}},
		Scores: scores, Protocol: "letters/v1", Duration: 3 * event.MillisPerDay, Challenge: 2 * event.MillisPerDay,
		MinDeposit: event.NewAmount(1), UnfetchableDays: 1,
	}})
	return w
}

func (w *world) append(bodies ...event.Body) {
	w.t.Helper()
	if _, err := w.log.Append(w.t.Context(), bodies...); err != nil && w.t.Context().Err() == nil {
		w.t.Error(err)
	}
}

// live folds to the head.
func (w *world) live() *projections.State {
	w.mu.Lock()
	defer w.mu.Unlock()
	s, err := projections.Fold(context.Background(), w.s, w.log, 0)
	if err != nil {
		w.t.Error(err)
	}
	w.s = s
	return s.Clone()
}

// say records a message to the process and its assignment.
func (w *world) say(owner event.Address, data string, tags ...string) event.ID {
	w.next++
	id := event.ID(sha256.Sum256(fmt.Appendf(nil, "message %d", w.next)))
	m := event.MessageObserved{Item: event.Item{ID: id, Owner: owner, Target: process, Digest: id[:], Data: []byte(data)}, Block: event.Block{Height: w.to + 1}}
	for i := 0; i < len(tags); i += 2 {
		m.Item.Tags = append(m.Item.Tags, event.Tag{Name: tags[i], Value: tags[i+1]})
	}
	a := event.AssignmentObserved{Item: event.Item{ID: sha256.Sum256(id[:]), Owner: sched}, Process: process, Message: id, Nonce: w.next, Time: now()}
	if w.next == 1 {
		w.append(event.AssignmentObserved{Item: event.Item{ID: event.ID{77}, Owner: sched}, Process: process, Message: process, Time: now()})
	}
	w.append(m, a)
	return id
}

func (w *world) pay(amount string) {
	w.say(authority, "", "Action", "Credit-Notice", "From-Process", token.String(), "Sender", funder.String(), "Quantity", amount,
		"X-Dataset", pool.String(), "X-Allocation", "ArithmeticDecrease", "Reference", fmt.Sprint(w.next))
}

func (w *world) join(who, model event.ID) {
	w.say(who.Address(), fmt.Sprintf(`{"dataset":%q,"model":%q}`, pool, model), "Action", "Join-Pool")
}

func (w *world) block() {
	w.to++
	w.append(event.WindowClosed{From: w.to, To: w.to, Time: now(), Tip: w.to + 20})
}

// model numbers n; those above 200 cannot be fetched.
func model(n byte) event.ID { return event.ID{100, n} }

// work does a job as an evaluator would: every third run fails at first, and the result depends on nothing but the job.
func (w *world) work(_ context.Context, payload []byte) error {
	j, err := DecodeJob(payload)
	if err != nil {
		w.t.Error(err)
		return nil
	}
	switch j.Task {
	case TaskModel:
		w.append(event.SourceResolved{Source: j.Source, Role: event.RoleModel, Owner: event.ID{50, j.Source[1]}.Address(), Attempt: j.Attempt})
	case TaskDataset:
		w.append(event.DatasetResolved{Pool: j.Pool, Period: j.Period, Tx: j.Source, SHA256: event.Hash{8}, Questions: 100, Format: "test"})
	case TaskRun:
		id := j.Run.Run()
		switch {
		case j.Source[1] > 200:
			w.append(event.RunFailed{Key: j.Run, Attempt: j.Attempt, Reason: event.ModelUnfetchable})
		case id[0]%3 == 0 && j.Attempt == 1:
			w.append(event.RunFailed{Key: j.Run, Attempt: 1, Reason: event.EngineFailed})
		default:
			choices := make([]byte, 100)
			for i := range choices {
				choices[i] = byte(sha256.Sum256([]byte{j.Source[1], byte(i)})[0] % 3)
			}
			w.append(event.RunScored{Key: j.Run, Correct: uint32(j.Source[1]), Answered: 100, Total: 100, Choices: choices, Tensors: event.Hash(j.Source)})
		}
	}
	return nil
}

// play lives through a period with a scheduler that is connected by a bus, and returns what the log then says was decided
// and scored, in an order that does not depend on when.
func play(t *testing.T, scores string, rates bustest.Rates, seed uint64) (facts []string, lost bustest.Rates) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, scores)
		b := bus.New(slog.New(slog.DiscardHandler))
		faulty := bustest.New(b, seed, rates)
		loop, err := New(Config{Log: w.log, Live: w.live, Jobs: faulty, Now: now, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if err := loop.Run(ctx); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() { b.Subscribe(ctx, TopicLook, 2, w.work) })
		wg.Go(func() { b.Subscribe(ctx, TopicRun, 2, w.work) })
		wg.Go(func() {
			b.Subscribe(ctx, "wake", 1, func(context.Context, []byte) error { loop.Wake(); return nil })
		})
		wg.Go(func() {
			for ctx.Err() == nil {
				grown := w.log.Changed()
				faulty.Wake("wake")
				select {
				case <-grown:
				case <-ctx.Done():
				}
			}
		})
		for hour := range 24 * 9 {
			switch hour {
			case 1:
				w.pay("1000")
			case 3:
				w.join(event.ID{51}, model(51))
			case 5:
				w.join(event.ID{52}, model(30)) // a stranger
				w.join(event.ID{50, 30}, model(30))
			case 30:
				w.join(event.ID{53}, model(220)) // cannot be fetched
				w.pay("24")
			case 60:
				w.join(event.ID{54}, model(60))
			case 100:
				w.say(funder, pool.String(), "Action", "Leaderboard")
			}
			w.block()
			time.Sleep(time.Hour)
			synctest.Wait()
		}
		cancel()
		wg.Wait()
		b.Close()
		lost = faulty.Counts()
		s := w.live()
		if len(s.Faults) > 0 {
			t.Errorf("faults: %v", s.Faults)
		}
		facts = w.facts()
	})
	return facts, lost
}

func (w *world) facts() (out []string) {
	for e, err := range w.log.Events(context.Background(), 0) {
		if err != nil {
			w.t.Fatal(err)
		}
		switch b := e.Body.(type) {
		case event.BatchOpened, event.BatchClosed, event.PeriodClosed, event.RewardsAllocated, event.RewardsFinal, event.RunScored, event.DatasetResolved, event.SourceResolved:
			out = append(out, fmt.Sprintf("%s %+v", e.Kind, b))
		case event.RunFailed:
			if b.Fault { // how often our side failed depends on what was lost
				out = append(out, fmt.Sprintf("%s %s %s", e.Kind, b.Key.Run(), b.Reason))
			}
		}
	}
	slices.Sort(out)
	return out
}

// TestLossDoublingReordering holds that no fact depends on any single wake-up or job.
func TestLossDoublingReordering(t *testing.T) {
	want, _ := play(t, event.ScoresLog, bustest.Rates{}, 0)
	final := slices.ContainsFunc(want, func(f string) bool { return f[:12] == "rewards.fina" })
	batches := 0
	for _, f := range want {
		if f[:12] == "batch.closed" {
			batches++
		}
	}
	if !final || batches != 4 {
		t.Fatalf("the undisturbed period has %d batches, final %v:\n%v", batches, final, want)
	}
	for seed := range uint64(20) {
		got, lost := play(t, event.ScoresLog, bustest.Rates{Lose: 40, Double: 20, Hold: 20}, seed+1)
		if lost.Lose == 0 || lost.Double == 0 || lost.Hold == 0 {
			t.Fatalf("seed %d tested nothing: %+v", seed+1, lost)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("seed %d, faults %+v: other facts:\n%s", seed+1, lost, d)
		}
	}
	if got, _ := play(t, event.ScoresLog, bustest.Rates{Lose: 100}, 1); slices.ContainsFunc(got, func(f string) bool { return f[:10] == "run.scored" }) {
		t.Error("runs were scored though every job was lost")
	}
}

func TestChainScoresNeedNoRuns(t *testing.T) {
	facts, _ := play(t, event.ScoresChain, bustest.Rates{}, 0)
	var kinds []string
	for _, f := range facts {
		kinds = append(kinds, f[:12])
	}
	want := []string{"batch.closed", "batch.closed", "batch.closed", "batch.closed", "batch.opened", "batch.opened", "batch.opened", "batch.opened"}
	if d := cmp.Diff(want, kinds[:8]); d != "" || slices.Contains(kinds, "run.scored {") {
		t.Errorf("%s\n%v", d, kinds)
	}
}

// TestCatchUp holds that days which passed while nobody looked are opened in order once somebody does, and that Due never
// makes two decisions for a pool at once.
func TestCatchUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, event.ScoresLog)
		w.pay("10")
		w.join(event.ID{51}, model(51))
		time.Sleep(5 * 24 * time.Hour)
		w.say(funder, pool.String(), "Action", "Leaderboard")
		w.block()
		var order []string
		for range 100 {
			var decided int
			for _, in := range Due(w.live(), now()) {
				if in.Job != nil {
					payload, err := in.Job.Encode()
					if err != nil {
						t.Fatal(err)
					}
					if err := w.work(t.Context(), payload); err != nil {
						t.Fatal(err)
					}
					continue
				}
				decided++
				order = append(order, string(in.Decide.Kind()))
				w.append(in.Decide)
			}
			if decided > 1 {
				t.Fatal("two decisions for one pool")
			}
			time.Sleep(time.Minute)
		}
		want := []string{"batch.opened", "batch.opened", "batch.opened", "batch.closed", "batch.closed", "batch.closed", "period.closed", "rewards.allocated"}
		slices.Sort(order[:6])
		slices.Sort(want[:6])
		if d := cmp.Diff(want, order); d != "" {
			t.Error(d)
		}
		if f := w.live().Faults; len(f) > 0 {
			t.Error(f)
		}
	})
}

func TestCheckSpec(t *testing.T) {
	for spec, ok := range map[string]bool{
		"* * * * *": true, "*/5 0 1,15 * 1-5": true,
		"": false, "TZ=": false, "TZ=UTC": false, "CRON_TZ=UTC * * * * *": false, "@every -1h": false, "@daily": false,
		"0 0 30 2 *": false, "* * * *": false, "61 * * * *": false,
	} {
		if err := CheckSpec(spec); (err == nil) != ok {
			t.Errorf("CheckSpec(%q) = %v", spec, err)
		}
	}
}

func TestPause(t *testing.T) {
	if pause(0) != 0 || pause(1) != retryFirst || pause(2) != 2*retryFirst || pause(1000) != retryMost {
		t.Error(pause(0), pause(1), pause(2), pause(1000))
	}
}

func FuzzDecodeJob(f *testing.F) {
	b, err := Job{Task: TaskRun, Source: pool, Attempt: 1}.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		if j, err := DecodeJob(b); err == nil && j.Key() == "" {
			t.Error("a job without a key")
		}
	})
}

// TestUnknownModel holds that joining with an id that nobody uploaded delays a day's board by minutes, not by the day that
// an outage of ours may take.
func TestUnknownModel(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, event.ScoresLog)
		w.pay("10")
		w.join(event.ID{51}, model(51))
		w.join(event.ID{53}, model(220))
		time.Sleep(24 * time.Hour)
		w.block()
		began := time.Now()
		for time.Since(began) < 2*time.Hour {
			for _, in := range Due(w.live(), now()) {
				if in.Job == nil {
					w.append(in.Decide)
					continue
				}
				payload, err := in.Job.Encode()
				if err != nil {
					t.Fatal(err)
				}
				if err := w.work(t.Context(), payload); err != nil {
					t.Fatal(err)
				}
			}
			if b := w.live().Ledger(pool, 1).Batches; len(b) == 1 && b[0].Closed != 0 {
				if b[0].Board[0].Model != model(51) || b[0].Board[0].Rank != 1 || b[0].Board[1].Rank != 0 {
					t.Errorf("board: %+v", b[0].Board)
				}
				return
			}
			time.Sleep(10 * time.Second)
		}
		t.Fatal("the board was held up for two hours")
	})
}

// TestUploaderKnownLate holds that a stranger who joined with somebody's model is not paid for it when its uploader is
// looked up only after the end.
func TestUploaderKnownLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, event.ScoresChain)
		uploader := event.ID{51}
		w.pay("10")
		w.join(event.ID{52}, model(51))
		w.join(uploader, model(51))
		time.Sleep(3*24*time.Hour + time.Minute)
		w.say(funder, pool.String(), "Action", "Leaderboard")
		w.block()
		known := now() + 60*60*1000
		for c := (*projections.Closing)(nil); c == nil; time.Sleep(time.Minute) {
			if now() > known+60*60*1000 {
				t.Fatal("the period is not closed")
			}
			for _, in := range Due(w.live(), now()) {
				if in.Job == nil {
					w.append(in.Decide)
				} else if now() >= known {
					w.append(event.SourceResolved{Source: in.Job.Source, Role: event.RoleModel, Owner: uploader.Address(), Attempt: 1})
				}
			}
			if l := w.live().Ledger(pool, 1); l != nil && l.Closing != nil {
				c = l.Closing
				if got := c.Board[0].Participant; got != uploader.Address() || now() < known {
					t.Errorf("closed at %s with %s in the place of %s", now(), got, uploader)
				}
			}
		}
	})
}
