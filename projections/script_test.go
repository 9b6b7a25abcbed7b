package projections

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/aobench/aobench/event"
	"github.com/google/go-cmp/cmp"
)

var rewrite = flag.Bool("rewrite", false, "write what the scripts say now; read the diff before you keep it")

// TestScripts runs testdata/*.txt. A script is a story in blocks: commands, a line of four dashes, and what they say. The
// commands are in script_commands_test.go; names stand for ids, 3d12h for a time after day 0.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := runScript(t, string(text))
			if d := cmp.Diff(string(text), got); d != "" && *rewrite {
				err = os.WriteFile(file, []byte(got), 0o666)
			} else if d != "" {
				t.Errorf("%s (-want +got; go test -rewrite accepts it):\n%s", file, d)
			}
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

// runScript returns the script with the output that its commands have now.
func runScript(t *testing.T, text string) string {
	w := newWorld()
	var out, said strings.Builder
	skipping := false
	for n, line := range strings.Split(strings.TrimRight(text, "\n"), "\n") {
		switch {
		case skipping && line != "":
			continue
		case skipping:
			skipping = false
			out.WriteString("\n")
		case line == "----":
			if said.Len() == 0 {
				said.WriteString("ok\n")
			}
			out.WriteString("----\n" + said.String())
			said.Reset()
			skipping = true
		default:
			out.WriteString(line + "\n")
			command, _, _ := strings.Cut(line, "#")
			if f := strings.Fields(command); len(f) > 0 {
				run(t, n+1, w, &said, f)
			}
		}
	}
	w.checkReplay(t)
	return out.String()
}

func run(t *testing.T, n int, w *world, said *strings.Builder, f []string) {
	t.Helper()
	c := call{w: w, args: map[string]string{}, out: said}
	for _, a := range f[1:] {
		k, v, ok := strings.Cut(a, "=")
		if !ok {
			c.words = append(c.words, a)
			continue
		}
		c.args[k] = v
	}
	do, ok := commands[f[0]]
	if !ok {
		t.Fatalf("line %d: no command %s", n, f[0])
	}
	defer func() {
		if r := recover(); r != nil {
			t.Fatalf("line %d: %s: %v", n, strings.Join(f, " "), r)
		}
	}()
	do(&c)
	for k := range c.args {
		t.Fatalf("line %d: %s is not read by %s", n, k, f[0])
	}
}

// A call is a command with its arguments. Reading one takes it out, so that a mistyped one shows.
type call struct {
	w     *world
	words []string
	args  map[string]string
	out   *strings.Builder
}

func (c *call) get(key, otherwise string) string {
	if v, ok := c.args[key]; ok {
		delete(c.args, key)
		return v
	}
	return otherwise
}

func (c *call) number(key string, otherwise uint64) uint64 {
	n, err := strconv.ParseUint(c.get(key, fmt.Sprint(otherwise)), 10, 64)
	if err != nil {
		panic(err)
	}
	return n
}

func (c *call) time(key string) event.Millis { return clockTime(c.get(key, "0d")) }

func (c *call) period() *Period {
	p := c.w.s.Period(c.w.id(c.get("pool", "siqa")), uint32(c.number("period", 1)))
	if p == nil {
		panic("no such period")
	}
	return p
}

func (c *call) say(format string, args ...any) { fmt.Fprintf(c.out, format+"\n", args...) }

// showers say a part of the state in words.
var showers = map[string]func(*call){
	"pools": func(c *call) {
		for _, pool := range c.w.s.Pools() {
			for _, p := range pool.Periods {
				c.say("%s/%d %s..%s pot %s %s %s", c.w.name(pool.ID), p.N, clockText(p.Start), clockText(p.End), p.Pot, p.Token.Ticker, p.Rule)
				for _, d := range p.Deposits {
					c.say("  %s paid %s at %s", c.w.name(d.From), d.Amount, clockText(d.Time))
				}
				for _, e := range c.w.s.Entrants(p, p.End) {
					line := fmt.Sprintf("  %s by %s since %s", c.w.name(e.Model), c.w.name(e.Participant), clockText(e.First.Time))
					for _, j := range e.Others {
						line += ", not " + c.w.name(j.From)
					}
					c.say("%s", line)
				}
			}
		}
	},
	"owed": func(c *call) {
		for _, o := range c.w.s.Owed() {
			c.say("owed %s %s %s for %s: %s", c.w.name(o.To), o.Amount, o.Token.Ticker, c.w.name(o.Pool), o.Reason)
		}
	},
	"refusals": func(c *call) {
		for _, r := range c.w.s.Refusals() {
			c.say("refused %s %s: %s", c.w.name(r.ID), r.Action, r.Reason)
		}
	},
	"asks": func(c *call) {
		for _, a := range c.w.s.Asks() {
			c.say("%s asks for %s at %s", c.w.name(a.From), c.w.name(a.Pool), clockText(a.Time))
		}
	},
	"stream": func(c *call) {
		st := &c.w.s.Stream
		c.say("order %s, dense below %d, gaps %v, %d waiting", st.Order, st.Dense, st.Gaps(5), len(st.Waiting))
	},
	"slots": func(c *call) {
		c.w.s.settle()
		for _, sl := range c.w.s.Stream.Slots {
			state := ""
			switch {
			case sl.Own:
				state = "its own"
			case sl.Void:
				state = "void"
			case sl.Msg == nil:
				state = "missing"
			default:
				state = strings.TrimSpace(fmt.Sprintf("%s from %s %s", sl.Effect.Action, c.w.name(sl.Effect.From), sl.Effect.Reason))
			}
			c.say("%d %s %s: %s", sl.Nonce, clockText(sl.Time), c.w.name(sl.Message), state)
		}
	},
	"complete": func(c *call) {
		p := c.period()
		c.say("dense past the end %v, complete %v", c.w.s.Stream.DensePast(p.End), c.w.s.Complete(p))
	},
	"faults": func(c *call) {
		news := c.w.s.Faults[c.w.told:]
		c.w.told = len(c.w.s.Faults)
		for _, f := range news {
			why := f.Why
			for id, name := range c.w.names {
				why = strings.ReplaceAll(why, id, name)
			}
			c.say("fault: %s", why)
		}
	},
	"live": func(c *call) { p := c.period(); c.board(c.w.s.LiveBoard(p)) },
	"finished": func(c *call) {
		p := c.period()
		l := c.w.s.Ledger(p.Pool, p.N)
		c.say("finished %v", l.Finished(p, l.Batch(event.Day(c.number("day", 0))+epoch.Day()), c.w.clock))
	},
	"official": func(c *call) {
		p := c.period()
		day := event.Day(c.number("day", 0)) + epoch.Day()
		if b := c.w.s.Ledger(p.Pool, p.N).Batch(day); b != nil && b.Closed != 0 {
			c.board(b.Board)
		}
	},
	"final": func(c *call) {
		p := c.period()
		l := c.w.s.Ledger(p.Pool, p.N)
		if l == nil || l.Closing == nil {
			c.say("not closed")
			return
		}
		c.say("closed with pot %s, gaps %v, final %v", l.Closing.Pot, l.Closing.Gaps, l.Closing.FinalAt != 0)
		if a := l.Closing.Allocation; a != nil {
			for _, p := range a.Payouts {
				c.say("  %s gets %s", c.w.name(p.To), p.Amount)
			}
			for _, p := range a.Refunds {
				c.say("  %s gets %s back", c.w.name(p.To), p.Amount)
			}
			c.say("  may be final from %s", clockText(l.Closing.Challenge))
		}
	},
	"window": func(c *call) {
		v := c.w.s.Window
		c.say("window to %d at %s, tip %d, %d closed", v.To, clockText(v.Time), v.Tip, v.Closed)
	},
	"sources": func(c *call) {
		for id, src := range c.w.s.Models { // one in every script
			c.say("%s owner %s %s attempt %d, from %s to %s", c.w.name(id), c.w.name(src.Owner), src.Reason, src.Attempt, clockText(src.First), clockText(src.Recorded))
		}
	},
	"disputes": func(c *call) {
		for _, d := range c.w.s.Disputes(c.period()) {
			c.say("dispute: %s %s from %s", c.w.name(d.Message), d.Action, c.w.name(d.From))
		}
	},
	"unsure": func(c *call) {
		for _, m := range c.w.s.Unsure(c.period()) {
			c.say("unsure: %s", c.w.name(m))
		}
	},
	"participants": func(c *call) {
		all := c.w.s.Participants()
		for i, a := range all {
			if i > 0 && bytes.Compare([]byte(all[i-1]), []byte(a)) >= 0 {
				panic("not ascending")
			}
		}
		c.say("%d participants", len(all))
	},
}

func (c *call) board(rows []Row) {
	for _, r := range rows {
		line := fmt.Sprintf("%d %s %s %d/%d/%d", r.Rank, c.w.name(r.Model), c.w.name(r.Participant), r.Correct, r.Answered, r.Total)
		if r.Answered > 0 {
			line += fmt.Sprintf(" of day %d", r.Day-epoch.Day())
		}
		if r.Rank > 0 && r.Tie != r.Rank {
			line += fmt.Sprintf(" ties with %d", r.Tie)
		}
		if r.Before > 0 {
			line += fmt.Sprintf(" was %d", r.Before)
		}
		if r.Funder {
			line += " funder"
		}
		if !r.CopyOf.IsZero() {
			line += fmt.Sprintf(" copy of %s: %d differ, same tensors %v", c.w.name(r.CopyOf), r.Differs, r.SameTensors)
		}
		if r.Reason != "" {
			line += " (" + r.Reason + ")"
		}
		c.say("%s", line)
	}
}
