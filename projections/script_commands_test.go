package projections

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aobench/aobench/event"
)

// commands is the language of the scripts.
var commands map[string]func(*call)

func init() {
	commands = map[string]func(*call){
		"show":    show,
		"open":    open,
		"terms":   setTerms,
		"clock":   func(c *call) { c.w.clock = clockTime(c.words[0]) }, // recorded time
		"fund":    fund,
		"join":    join,
		"ask":     ask,
		"score":   score,
		"message": message,
		"assign":  assign,
		"window":  window,
		"source":  source,
		"dataset": dataset,
		"batch":   batch,
		"run":     runScored,
		"fail":    runFailed,
		"board":   closeBatch,
		"close":   closePeriod,
		"pay":     allocate,
		"settle":  finalize,
		"refuse":  refuse,
	}
}

// show part… [pool= period= day=]
func show(c *call) {
	args := c.args
	for _, part := range c.words {
		c.args = map[string]string{}
		for k, v := range args {
			c.args[k] = v
		}
		before := c.out.Len()
		showers[part](c)
		if c.out.Len() == before {
			c.say("no %s", part)
		}
	}
	c.args = nil
}

// open [terms]: the log of process "pool"
func open(c *call) {
	c.w.add(event.LogOpened{Process: c.w.id("pool"), FirstHeight: 1, Name: "test"})
	setTerms(c)
}

// terms [duration= min= copy= each= models= scores= tokens= authorities= schedulers= evaluator= protocol= tx=]
func setTerms(c *call) {
	t := &c.w.terms
	for key, set := range map[string]func(string){
		"duration":    func(v string) { t.Duration = span(v) },
		"challenge":   func(v string) { t.Challenge = span(v) },
		"min":         func(v string) { t.MinDeposit, _ = event.ParseAmount(v) },
		"copy":        func(v string) { fmt.Sscan(v, &t.CopyThreshold) },
		"each":        func(v string) { fmt.Sscan(v, &t.MaxJoinsEach) },
		"models":      func(v string) { fmt.Sscan(v, &t.MaxJoinsPeriod) },
		"unfetchable": func(v string) { fmt.Sscan(v, &t.UnfetchableDays) },
		"scores":      func(v string) { t.Scores = v },
		"protocol":    func(v string) { t.Protocol = v },
		"evaluator":   func(v string) { t.Evaluator = c.w.addr(v) },
		"tx":          func(v string) { t.Datasets = []event.DatasetTerm{{Pool: c.w.id("siqa"), Tx: c.w.id(v)}} },
		"authorities": func(v string) { t.Authorities = c.valid(v) },
		"schedulers":  func(v string) { t.Schedulers = c.valid(v) },
		"tokens": func(v string) {
			t.Tokens = nil
			for _, x := range c.valid(v) {
				id, _ := x.Who.ID()
				t.Tokens = append(t.Tokens, event.Token{Process: id, Ticker: c.w.name(x.Who), From: x.From, Until: x.Until})
			}
		},
	} {
		if v, ok := c.args[key]; ok {
			set(v)
			delete(c.args, key)
		}
	}
	c.w.next++
	c.w.append(event.TermsSet{Revision: uint32(c.w.next), Terms: *t})
}

// valid reads name[@from..until],…
func (c *call) valid(s string) []event.Valid {
	var out []event.Valid
	for _, one := range strings.Split(s, ",") {
		name, times, ranged := strings.Cut(one, "@")
		v := event.Valid{Who: c.w.addr(name)}
		if from, until, _ := strings.Cut(times, ".."); ranged {
			if from != "" {
				v.From = clockTime(from)
			}
			if until != "" {
				v.Until = clockTime(until)
			}
		}
		out = append(out, v)
	}
	return out
}

// post adds the message and, unless n is "-", its assignment at t. Common arguments: id= n= t= owner= target= height= ref=
// ref_= anchor= data=
func (c *call) post(defaultID, owner, data string, ts []event.Tag) {
	n := c.get("n", "-")
	id := c.get("id", defaultID+n)
	if ref := c.get("ref", "-"); ref != "-" {
		ts = append(ts, event.Tag{Name: "Reference", Value: ref})
	}
	if ref := c.get("ref_", "-"); ref != "-" {
		ts = append(ts, event.Tag{Name: "Ref_", Value: ref})
	}
	m := c.w.message(id, c.get("owner", owner), c.get("target", "pool"), c.number("height", 1), c.get("data", data), ts)
	if a := c.get("anchor", ""); a != "" { // a signed item of an RSA key, with target and anchor
		m.Item.Signed = slices.Concat(make([]byte, 2+512+512), []byte{1}, m.Item.Target[:], []byte{1}, fmt.Appendf(nil, "%032s", a), []byte{0, 0, 0})
	}
	c.w.add(m)
	if n != "-" {
		c.w.add(c.w.assignment("assign-"+n, "su", "pool", id, c.w.num(n), c.time("t")))
	} else {
		c.get("t", "")
	}
}

func (w *world) num(s string) (n uint64) {
	if _, err := fmt.Sscan(s, &n); err != nil {
		panic(err)
	}
	return n
}

// fund n= t= from= amount= [rule= dataset= token= …]: a Credit-Notice
func fund(c *call) {
	from := c.get("from", "alice")
	if from != "-" {
		from = c.w.addr(from).String()
	}
	set := c.get("dataset", "siqa")
	if set != "-" && set != "bad" {
		set = c.w.id(set).String()
	}
	token := c.get("token", "wAR")
	if token != "-" && token != "bad" {
		token = c.w.id(token).String()
	}
	// Without a reference every notice would be the re-push of the one before.
	if _, ok := c.args["ref"]; !ok && c.args["ref_"] == "" {
		c.args["ref"] = c.args["n"] + c.args["id"]
	}
	c.post("fund", "mu", "", tags("Action", "Credit-Notice", "Sender", from, "Quantity", c.get("amount", "1000"), "X-Dataset", set,
		"X-Allocation", c.get("rule", "ArithmeticDecrease"), "From-Process", token))
}

// join n= t= from= model= [dataset= via=]: via names the aos process that from sends from
func join(c *call) {
	from := c.get("from", "bob")
	data := fmt.Sprintf(`{"dataset":%q,"model":%q}`, c.w.id(c.get("dataset", "siqa")), c.w.id(c.get("model", "m")))
	ts := tags("Action", "Join-Pool")
	if via := c.get("via", ""); via != "" {
		ts, from = append(ts, tags("From-Process", c.w.id(via).String())...), "mu"
	}
	c.post("join", from, data, ts)
}

// ask n= t= from= [dataset=]
func ask(c *call) {
	set := c.get("dataset", "siqa")
	if set != "bad" {
		set = c.w.id(set).String()
	}
	c.post("ask", c.get("from", "alice"), set, tags("Action", "Leaderboard"))
}

// score n= t= model= correct= open= total= [process=]: a Score-Response of the dataset process
func score(c *call) {
	data := fmt.Sprintf(`{"correct":%s,"unevaluated":%s,"total":%s,"score":0.5}`, c.get("correct", "1"), c.get("open", "0"), c.get("total", "4"))
	model := c.get("model", "m")
	if model != "-" {
		model = c.w.id(model).String()
	}
	ts := tags("Action", "Score-Response", "Model", model)
	if p := c.get("process", "siqa"); p != "-" {
		ts = append(ts, tags("From-Process", c.w.id(p).String())...)
	}
	if _, ok := c.args["ref"]; !ok {
		c.args["ref"] = c.args["n"] + c.args["id"]
	}
	c.post("score", "mu", data, ts)
}

// message n= t= from= action= [via= data=]: anything else
func message(c *call) {
	ts := tags("Action", c.get("action", "Hello"))
	from := c.get("from", "bob")
	if via := c.get("via", ""); via != "" {
		ts = append(ts, tags("From-Process", c.w.id(via).String())...)
	}
	c.post("message", from, "", ts)
}

// assign id= n= t= message= [by= process=]
func assign(c *call) {
	n := c.get("n", "0")
	by := c.get("by", "su")
	id := c.get("id", "assign-"+n)
	c.w.add(c.w.assignment(id, by, c.get("process", "pool"), c.get("message", "-"), c.w.num(n), c.time("t")))
}

// window to= time= [from=]
func window(c *call) {
	to := c.number("to", c.w.to+10)
	c.w.add(event.WindowClosed{From: c.number("from", c.w.to+1), To: to, Time: c.time("time"), Tip: to + 18})
	c.w.to = to
}

// source model=|process= owner= [participant= attempt= reason=]
func source(c *call) {
	r := event.SourceResolved{Role: event.RoleModel, Source: c.w.id(c.get("model", "-"))}
	if p := c.get("process", ""); p != "" {
		r.Role, r.Source = event.RoleProcess, c.w.id(p)
	}
	r.Owner, r.Participant = c.w.addr(c.get("owner", "-")), c.w.addr(c.get("participant", "-"))
	r.Attempt, r.Reason = uint32(c.number("attempt", 1)), event.Reason(c.get("reason", ""))
	c.w.add(r)
}

// dataset [pool= period= tx= questions=]
func dataset(c *call) {
	pool := c.w.id(c.get("pool", "siqa"))
	c.w.add(event.DatasetResolved{
		Pool: pool, Period: uint32(c.number("period", 1)), Tx: c.w.id(c.get("tx", "siqa")), SHA256: event.Hash{1},
		Questions: uint32(c.number("questions", 10)), Format: "test",
	})
}

// batch day= [pool= period= members=]: opens it as the state says
func batch(c *call) {
	p, day := c.period(), event.Day(c.number("day", 0))+epoch.Day()
	b := event.BatchOpened{Pool: p.Pool, Period: p.N, Day: day, Cut: p.Cut(day)}
	b.Members = c.w.s.Members(p, b.Cut)
	if m := c.get("members", ""); m != "" {
		b.Members = nil
		for _, one := range strings.Split(m, ",") {
			b.Members = append(b.Members, c.w.id(one))
		}
	}
	c.w.add(b)
}

func (c *call) run() event.RunKey {
	return event.RunKey{
		Pool: c.w.id(c.get("pool", "siqa")), Period: uint32(c.number("period", 1)), Model: c.w.id(c.get("model", "m")), Dataset: event.Hash{byte(c.number("sha", 1))},
		Proto: c.get("protocol", "letters/v1"), Day: event.Day(c.number("day", 0)) + epoch.Day(),
	}
}

// run day= model= choices=abc… [key= tensors= correct= answered= total=]: the right answers are all a unless key says
// otherwise; - is no answer
func runScored(c *call) {
	r := event.RunScored{Key: c.run()}
	choices := c.get("choices", "")
	key := c.get("key", strings.Repeat("a", len(choices)))
	for i, x := range []byte(choices) {
		if x == '-' {
			r.Choices = append(r.Choices, 255)
			continue
		}
		r.Choices = append(r.Choices, x-'a')
		r.Answered++
		if x == key[i] {
			r.Correct++
		}
	}
	r.Correct = uint32(c.number("correct", uint64(r.Correct)))
	r.Answered = uint32(c.number("answered", uint64(r.Answered)))
	r.Total = uint32(c.number("total", uint64(len(choices))))
	if s := c.get("tensors", ""); s != "" {
		r.Tensors = event.Hash(c.w.id(s))
	}
	c.w.add(r)
}

// fail day= model= reason= [attempt= fault=]
func runFailed(c *call) {
	c.w.add(event.RunFailed{
		Key: c.run(), Attempt: uint32(c.number("attempt", 1)), Reason: event.Reason(c.get("reason", "engine-failed")), Fault: c.get("fault", "") != "",
	})
}

// board day= [root=]: closes the batch
func closeBatch(c *call) {
	p, day := c.period(), event.Day(c.number("day", 0))+epoch.Day()
	b := event.BatchClosed{Pool: p.Pool, Period: p.N, Day: day}
	if l := c.w.s.Ledger(p.Pool, p.N); l != nil && l.Batch(day) != nil {
		rows := c.w.s.DayBoard(p, l.Batch(day))
		b.Rows, b.Root = uint32(len(rows)), BoardRoot(p.Pool, p.N, day, rows)
	}
	if c.get("root", "") != "" {
		b.Root[0]++
	}
	c.w.add(b)
}

// close [pot= gaps=]
func closePeriod(c *call) {
	p := c.period()
	b := event.PeriodClosed{Pool: p.Pool, Period: p.N, Day: p.LastDay(), Pot: p.Pot}
	if last := c.w.s.FinalBatch(p); last != nil {
		b.Root = last.Root
	}
	if pot := c.get("pot", ""); pot != "" {
		b.Pot, _ = event.ParseAmount(pot)
	}
	if gaps := c.get("gaps", ""); gaps != "" {
		for _, g := range strings.Split(gaps, ",") {
			b.Gaps = append(b.Gaps, c.w.num(g))
		}
	}
	c.w.add(b)
}

// pay [to=]: allocates; to names somebody who is owed all of it instead
func allocate(c *call) {
	p := c.period()
	a := event.RewardsAllocated{Pool: p.Pool, Period: p.N, Rule: p.Rule}
	if l := c.w.s.Ledger(p.Pool, p.N); l != nil && l.Closing != nil {
		a = c.w.s.Allocation(p, l.Closing)
	}
	if to := c.get("to", ""); to != "" {
		a.Payouts = []event.Payout{{To: c.w.addr(to), Amount: p.Pot}}
		a.Root = AllocationRoot(a)
	}
	c.w.add(a)
}

// settle: the rewards are final
func finalize(c *call) {
	p := c.period()
	c.w.add(event.RewardsFinal{Pool: p.Pool, Period: p.N})
}

// refuse id= reason=
func refuse(c *call) {
	c.w.add(event.ItemRefused{Item: c.w.id(c.get("id", "x")), Action: c.get("action", "Join-Pool"), Reason: event.Reason(c.get("reason", "malformed"))})
}
