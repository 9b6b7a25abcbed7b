package main

import (
	"encoding/json"
	"fmt"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/dataset"
	"github.com/aobench/aobench/demo/questions"
	"github.com/aobench/aobench/devnet"
	"github.com/aobench/aobench/evaluator/tinygguf"
	"github.com/aobench/aobench/event"
)

// cast is who plays in the demo, and with what.
type cast struct {
	net       *devnet.Net
	questions []dataset.Question
	pool      event.ID // the dataset's item
	models    map[string]event.ID
	expected  map[event.ID]int // right answers by the closed form
	names     map[event.Address]string
	process   event.ID // emil's aos process
}

// step is something that somebody does at an hour of the demo.
type step struct {
	at int
	do func() error
}

func newCast(n *devnet.Net) (*cast, error) {
	set, err := dataset.Parse(questions.JSON())
	if err != nil {
		return nil, fmt.Errorf("demo questions: %w", err)
	}
	c := &cast{net: n, questions: set.Questions, models: map[string]event.ID{}, expected: map[event.ID]int{}, names: map[event.Address]string{}}
	// The dataset is uploaded first, since its id is the pool's.
	it, err := c.upload("dataset", "curator", ao.Draft{Tags: []event.Tag{{Name: "Content-Type", Value: "application/json"}}, Data: questions.JSON()})
	c.pool = it.ID
	return c, err
}

func (c *cast) total() int { return len(c.questions) }

// story returns the steps of the evening before (0), of each day (1 … 7) and, after the last, of the day after the end.
func (c *cast) story() [][]step {
	q := c.questions
	spec := func(name string, right int, seed uint64) tinygguf.Spec {
		return tinygguf.Spec{Name: name, Questions: q, Choices: tinygguf.RightOnAny(q, right, seed), Seed: seed}
	}
	n := len(q)
	bruno := spec("bruno-2", n*8/10, 22)
	return [][]step{
		{
			{-3, c.pay("tipster", 20, "WinnerTakesAll")}, // no such rule: owed back
		},
		{
			{0, c.pay("funder", 900, "ArithmeticDecrease")},
			{2, c.train("alice", "alice-1", spec("alice-1", n*55/100, 11))},
			{3, c.join("alice", "alice-1")},
			{5, c.train("bruno", "bruno-1", spec("bruno-1", n*45/100, 22))},
			{6, c.join("bruno", "bruno-1")},
		},
		{
			{30, c.train("chika", "chika-1", spec("chika-1", n*63/100, 33))},
			{32, c.join("mallory", "chika-1")}, // somebody else's model
			{34, c.forge("mallory")},
		},
		{
			{54, c.join("chika", "chika-1")}, // the uploader displaces the stranger
			{56, c.train("dalia", "dalia-1", spec("dalia-1", n*70/100, 44))},
			{57, c.join("dalia", "dalia-1")},
			{60, c.pay("patron", 50, "ArithmeticDecrease")},
		},
		{
			{78, c.train("emil", "emil-1", spec("emil-1", n*36/100, 55))},
			{80, c.joinFromProcess("emil", "emil-1")},
			{82, c.train("bruno", "bruno-2", bruno)}, // a better model
			{84, c.join("bruno", "bruno-2")},
		},
		{
			{102, c.train("mallory", "copy", bruno.Perturbed(66).Renamed("entirely-my-own"))}, // a changed copy
			{104, c.join("mallory", "copy")},
		},
		{
			{126, c.train("rsa-farah", "farah-1", spec("farah-1", n*50/100, 77))}, // a trainer with an Arweave wallet
			{128, c.join("rsa-farah", "farah-1")},
		},
		{
			{150, c.train("alice", "alice-2", spec("alice-2", n*74/100, 11))},
			{152, c.join("alice", "alice-2")},
			{160, c.ask("chika")},
			{169, c.train("gustav", "gustav-1", spec("gustav-1", n*90/100, 88))},
			{170, c.join("gustav", "gustav-1")}, // two hours after the end
		},
	}
}

func (c *cast) upload(key, wallet string, d ao.Draft) (event.Item, error) {
	w, err := c.net.Wallet(wallet)
	if err != nil {
		return event.Item{}, err
	}
	c.names[w.Address()] = wallet
	return c.net.PostOnce(key, func() (event.Item, error) { return w.Sign(d) })
}

func (c *cast) send(key, wallet string, d ao.Draft) error {
	w, err := c.net.Wallet(wallet)
	if err != nil {
		return err
	}
	c.names[w.Address()] = wallet
	_, err = c.net.Send(key, wallet, d)
	return err
}

// pay transfers wAR to the pool process, as a funder does.
func (c *cast) pay(wallet string, amount uint64, rule string) func() error {
	return func() error {
		return c.send("pay/"+wallet, wallet, ao.Draft{Target: c.net.Token(), Tags: []event.Tag{
			{Name: "Action", Value: "Transfer"}, {Name: "Recipient", Value: c.net.Pool().String()},
			{Name: "Quantity", Value: wAR(amount).String()},
			{Name: "X-Dataset", Value: c.pool.String()}, {Name: "X-Allocation", Value: rule},
		}})
	}
}

// train makes a model and uploads it.
func (c *cast) train(wallet, name string, spec tinygguf.Spec) func() error {
	return func() error {
		it, err := c.upload("model/"+name, wallet, ao.Draft{
			Tags: []event.Tag{{Name: "Content-Type", Value: "application/octet-stream"}, {Name: "Name", Value: spec.Name}},
			Data: tinygguf.Generate(spec),
		})
		c.models[name] = it.ID
		c.expected[it.ID] = tinygguf.Correct(spec, c.questions)
		return err
	}
}

func (c *cast) joining(model string) ao.Draft {
	data, err := json.Marshal(map[string]string{"dataset": c.pool.String(), "model": c.models[model].String()})
	if err != nil {
		panic(err) // two strings
	}
	return ao.Draft{Target: c.net.Pool(), Tags: []event.Tag{{Name: "Action", Value: "Join-Pool"}}, Data: data}
}

func (c *cast) join(wallet, model string) func() error {
	return func() error { return c.send("join/"+wallet+"/"+model, wallet, c.joining(model)) }
}

// joinFromProcess joins out of an aos process, whose messages an authority signs.
func (c *cast) joinFromProcess(wallet, model string) func() error {
	return func() (err error) {
		if c.process, err = c.net.Spawn("process/"+wallet, devnet.Process{Owner: wallet, Name: wallet + "'s aos"}); err != nil {
			return err
		}
		c.names[c.process.Address()] = wallet + "'s aos process"
		_, err = c.net.SendFrom("join/"+wallet+"/"+model, c.process, wallet, c.joining(model))
		return err
	}
}

// forge sends a credit notice that no token sent.
func (c *cast) forge(wallet string) func() error {
	return func() error {
		return c.send("forge/"+wallet, wallet, ao.Draft{Target: c.net.Pool(), Tags: []event.Tag{
			{Name: "Action", Value: "Credit-Notice"}, {Name: "From-Process", Value: c.net.Token().String()},
			{Name: "Sender", Value: c.net.Pool().String()}, {Name: "Quantity", Value: wAR(1_000_000).String()},
			{Name: "X-Dataset", Value: c.pool.String()}, {Name: "X-Allocation", Value: "ArithmeticDecrease"},
		}})
	}
}

func (c *cast) ask(wallet string) func() error {
	return func() error {
		return c.send("ask/"+wallet, wallet, ao.Draft{Target: c.net.Pool(), Tags: []event.Tag{{Name: "Action", Value: "Leaderboard"}}, Data: []byte(c.pool.String())})
	}
}
