package projections

import (
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"testing"

	"github.com/aobench/aobench/event"
)

// epoch is day 0 of every test: 2024-10-04.
const epoch = event.Millis(20_000) * event.MillisPerDay

// A world makes events for a log that is kept in memory and folded as it grows. Everything has a name; ids are made from it.
type world struct {
	names map[string]string // id or address, as text → name
	log   memLog
	seen  map[event.ID]bool // in the log
	s     *State
	next  int
	told  int          // faults that a script has shown
	clock event.Millis // recorded time
	to    uint64       // newest window
	terms event.Terms
}

type memLog []event.Event

func (l memLog) Events(_ context.Context, after event.Seq) iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) {
		for _, e := range l[after:] {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func newWorld() *world {
	w := &world{names: map[string]string{}, seen: map[event.ID]bool{}, s: New(), clock: epoch}
	w.terms = event.Terms{
		Tokens:      []event.Token{{Process: w.id("wAR"), Ticker: "wAR", Denomination: 12}},
		Authorities: []event.Valid{{Who: w.addr("mu")}},
		Schedulers:  []event.Valid{{Who: w.addr("su")}},
		Evaluator:   w.addr("evaluator"),
		Scores:      event.ScoresLog,
		Protocol:    "letters/v1",
		Duration:    7 * event.MillisPerDay,
		Challenge:   event.MillisPerDay,
		MinDeposit:  event.NewAmount(100),

		UnfetchableDays: 3,
	}
	return w
}

// id is the id with this name; names of 43 characters are ids themselves.
func (w *world) id(name string) event.ID {
	if name == "" || name == "-" {
		return event.ID{}
	}
	id, err := event.ParseID(name)
	if err != nil {
		id = sha256.Sum256([]byte(name))
		w.names[id.String()] = name
	}
	return id
}

// addr is the address with this name: of an Ethereum account where it begins with 0x.
func (w *world) addr(name string) event.Address {
	if name == "" || name == "-" {
		return ""
	}
	if strings.HasPrefix(name, "0x") && len(name) != 42 {
		sum := sha256.Sum256([]byte(name))
		a := event.Address(sum[:20])
		w.names[a.String()] = name
		return a
	}
	if a, err := event.ParseAddress(name); err == nil {
		return a
	}
	return w.id(name).Address()
}

func (w *world) name(v fmt.Stringer) string {
	s := v.String()
	if n, ok := w.names[s]; ok {
		return n
	}
	return s
}

// add appends a fact unless the log has it, and folds it. It reports whether it was new.
func (w *world) add(b event.Body) bool {
	if w.seen[b.ID()] {
		return false
	}
	w.append(b)
	return true
}

func (w *world) append(b event.Body) {
	e := event.Event{Seq: event.Seq(len(w.log) + 1), ID: b.ID(), Kind: b.Kind(), Recorded: w.clock, Body: b}
	raw, err := event.Encode(e)
	if err != nil {
		panic(err)
	}
	if e, err = event.Decode(raw); err != nil { // fold what a log would give back
		panic(err)
	}
	w.log, w.seen[e.ID] = append(w.log, e), true
	w.s = w.s.Apply(e)
}

func tags(kv ...string) []event.Tag {
	var out []event.Tag
	for i := 0; i < len(kv); i += 2 {
		if kv[i+1] != "-" { // "-" leaves a tag out
			out = append(out, event.Tag{Name: kv[i], Value: kv[i+1]})
		}
	}
	return out
}

// message makes a verified message to the pool process. Its digest is that of its content, as deep hashes are.
func (w *world) message(id, owner, target string, height uint64, data string, ts []event.Tag) event.MessageObserved {
	sum := sha512.Sum384(fmt.Appendf(nil, "%s %s %s %v", owner, target, data, ts))
	return event.MessageObserved{
		Item: event.Item{
			ID: w.id(id), SigType: 1, Owner: w.addr(owner), Target: w.id(target), Tags: ts, Digest: sum[:], Data: []byte(data),
		},
		Block: event.Block{Height: height, Time: epoch + event.Millis(height)*60_000},
	}
}

func (w *world) assignment(id, owner, process, message string, nonce uint64, at event.Millis) event.AssignmentObserved {
	return event.AssignmentObserved{
		Item:    event.Item{ID: w.id(id), SigType: 1, Owner: w.addr(owner)},
		Process: w.id(process), Message: w.id(message), Nonce: nonce, Time: at,
	}
}

// clockTime reads 3d12h as a time after epoch.
func clockTime(s string) event.Millis { return epoch + span(s) }

func span(s string) event.Millis {
	units := map[string]event.Millis{"d": event.MillisPerDay, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
	if s == "0" {
		return 0
	}
	var total event.Millis
	for rest := s; rest != ""; {
		n := 0
		for n < len(rest) && (rest[n] == '-' || rest[n] >= '0' && rest[n] <= '9') {
			n++
		}
		u := n
		for u < len(rest) && rest[u] >= 'a' {
			u++
		}
		v, err := strconv.Atoi(rest[:n])
		unit, ok := units[rest[n:u]]
		if err != nil || !ok {
			panic("not a time: " + s)
		}
		total += event.Millis(v) * unit
		rest = rest[u:]
	}
	return total
}

func clockText(m event.Millis) string {
	m -= epoch
	if m < 0 {
		return "-" + clockText(epoch-m)
	}
	out := ""
	for _, u := range []struct {
		name string
		size event.Millis
	}{{"d", event.MillisPerDay}, {"h", 3_600_000}, {"m", 60_000}, {"s", 1000}, {"ms", 1}} {
		if n := m / u.size; n > 0 || (out == "" && u.name == "d") {
			out += fmt.Sprint(int64(n), u.name)
			m %= u.size
		}
	}
	if out != "0d" {
		out = strings.TrimPrefix(out, "0d")
	}
	return out
}

// encoded returns the state's bytes and its root.
func encoded(t testing.TB, s *State) string {
	t.Helper()
	b, err := s.Encode()
	if err != nil {
		t.Fatal(err)
	}
	return string(b) + s.Root().String()
}

// checkReplay folds the world's log from zero and compares.
func (w *world) checkReplay(t testing.TB) {
	t.Helper()
	again, err := Replay(context.Background(), w.log, 0)
	if err != nil {
		t.Fatal(err)
	}
	if encoded(t, again) != encoded(t, w.s) {
		t.Errorf("replay from zero ends in another state than the live fold at seq %d", w.s.Seq)
	}
}
