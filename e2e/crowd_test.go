package e2e

import (
	"context"
	"fmt"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/devnet"
	"github.com/aobench/aobench/event"
)

// A crowd keeps a devnet busy and knows what must come of it.
type crowd struct {
	net     *devnet.Net
	dataset event.ID // a process: the pool's id, and who sends the scores
	models  []event.ID
	pot     uint64
	n       atomic.Int64 // steps done
	want    want
}

func newCrowd(t *testing.T, net *devnet.Net) *crowd {
	t.Helper()
	c := &crowd{net: net}
	var err error
	if c.dataset, err = net.Spawn("dataset", devnet.Process{Owner: "curator", Name: "a dataset"}); err != nil {
		t.Fatal(err)
	}
	funder, err := net.Wallet("funder")
	if err != nil {
		t.Fatal(err)
	}
	c.want.Pools = map[string]wantPool{c.dataset.String(): {Funder: funder.Address().String(), Models: map[string]wantModel{}}}
	if err := c.pay(1000); err != nil { // before anything else, so that the period is open
		t.Fatal(err)
	}
	return c
}

// send sends messages and mines blocks until ctx ends.
func (c *crowd) send(ctx context.Context) error {
	for i := 0; ctx.Err() == nil; i++ {
		var err error
		switch {
		case i%40 == 0:
			err = c.pay(uint64(10 + i))
		case i%40 == 7:
			err = c.forge(i)
		case i%9 == 1 && len(c.models) < 50:
			err = c.join(i)
		case i%7 == 5:
			err = c.net.Mine(4) // hours: a day has some forty steps
		case len(c.models) > 0:
			err = c.score(i)
		}
		if err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
		c.n.Add(1)
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Millisecond):
		}
	}
	return nil
}

func (c *crowd) pay(amount uint64) error {
	c.pot += amount
	pool := c.want.Pools[c.dataset.String()]
	pool.Pot = strconv.FormatUint(c.pot, 10)
	c.want.Pools[c.dataset.String()] = pool
	_, err := c.net.Send(fmt.Sprint("pay/", c.pot), "funder", ao.Draft{Target: c.net.Token(), Tags: []event.Tag{
		{Name: "Action", Value: "Transfer"}, {Name: "Recipient", Value: c.net.Pool().String()},
		{Name: "Quantity", Value: strconv.FormatUint(amount, 10)},
		{Name: "X-Dataset", Value: c.dataset.String()}, {Name: "X-Allocation", Value: "ArithmeticDecrease"},
	}})
	return err
}

// forge sends a credit notice that no token sent.
func (c *crowd) forge(i int) error {
	it, err := c.net.Send(fmt.Sprint("forge/", i), "mallory", ao.Draft{Target: c.net.Pool(), Tags: []event.Tag{
		{Name: "Action", Value: "Credit-Notice"}, {Name: "From-Process", Value: c.net.Token().String()},
		{Name: "Sender", Value: c.net.Pool().String()}, {Name: "Quantity", Value: "1000000"},
		{Name: "X-Dataset", Value: c.dataset.String()}, {Name: "X-Allocation", Value: "ArithmeticDecrease"},
	}})
	c.want.Refused = add(c.want.Refused, it.ID.String(), "forged-sender")
	return err
}

func (c *crowd) join(i int) error {
	wallet := fmt.Sprint("trainer-", i%5)
	w, err := c.net.Wallet(wallet)
	if err != nil {
		return err
	}
	model := event.ID{31: byte(i), 30: byte(i >> 8), 0: 1}
	c.models = append(c.models, model)
	c.want.Pools[c.dataset.String()].Models[model.String()] = wantModel{Participant: w.Address().String()}
	_, err = c.net.Send(fmt.Sprint("join/", i), wallet, ao.Draft{
		Target: c.net.Pool(), Tags: []event.Tag{{Name: "Action", Value: "Join-Pool"}},
		Data: fmt.Appendf(nil, `{"dataset":%q,"model":%q}`, c.dataset, model),
	})
	return err
}

// score lets the dataset process say how a model does; the latest counts.
func (c *crowd) score(i int) error {
	model := c.models[i%len(c.models)]
	total := uint32(1000)
	answered := uint32(i) % (total + 1)
	correct := answered * uint32(i%11) / 10
	pool := c.want.Pools[c.dataset.String()].Models
	pool[model.String()] = wantModel{pool[model.String()].Participant, correct, answered, total}
	_, err := c.net.SendFrom(fmt.Sprint("score/", i), c.dataset, "curator", ao.Draft{
		Target: c.net.Pool(), Tags: []event.Tag{{Name: "Action", Value: "Score-Response"}, {Name: "Model", Value: model.String()}},
		Data: fmt.Appendf(nil, `{"correct":%d,"unevaluated":%d,"total":%d}`, correct, total-answered, total),
	})
	return err
}
