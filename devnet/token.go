package devnet

import (
	"crypto/sha256"
	"encoding/json"
	"math/big"
	"slices"
	"strings"

	"github.com/aobench/aobench/event"
)

// moduleID makes an id from a name.
func moduleID(name string) event.ID { return sha256.Sum256([]byte(name)) }

// A token is the state of a token process that follows the aos token blueprint.
type token struct {
	balances map[event.Address]event.Amount
}

// minted is the data of a token's Process item: what exists from the start.
type minted struct {
	Balances map[string]event.Amount `json:"balances"`
}

// mint reads the data of a token's Process item. A token whose data does not read holds nothing.
func mint(data []byte) *token {
	t := &token{balances: map[event.Address]event.Amount{}}
	var m minted
	if json.Unmarshal(data, &m) != nil {
		return t
	}
	for name, v := range m.Balances {
		if a, err := event.ParseAddress(name); err == nil {
			t.balances[a] = v
		}
	}
	return t
}

// transfer moves what a Transfer asks for and returns the notices, or a Transfer-Error when the balance is too small.
// The blueprint fails without a message when Recipient or Quantity do not read; so does this.
func (t *token) transfer(from event.Address, it *event.Item) []outgoing {
	to, err := event.ParseAddress(last(it.Tags, "Recipient"))
	if err != nil {
		return nil
	}
	quantity, err := event.ParseAmount(last(it.Tags, "Quantity"))
	if err != nil || quantity.IsZero() {
		return nil
	}
	if t.balances[from].Cmp(quantity) < 0 {
		return []outgoing{{from, reply(it, []event.Tag{
			{Name: "Action", Value: "Transfer-Error"},
			{Name: "Message-Id", Value: it.ID.String()},
			{Name: "Error", Value: "Insufficient Balance!"},
		}), nil}}
	}
	t.balances[from] = event.AmountOf(new(big.Int).Sub(t.balances[from].Big(), quantity.Big()))
	t.balances[to] = t.balances[to].Add(quantity)
	if _, ok := it.First("Cast"); ok {
		return nil
	}
	forwarded := forward(it.Tags)
	debit := []event.Tag{{Name: "Action", Value: "Debit-Notice"}, {Name: "Recipient", Value: to.String()}, {Name: "Quantity", Value: quantity.String()}}
	credit := []event.Tag{{Name: "Action", Value: "Credit-Notice"}, {Name: "Sender", Value: from.String()}, {Name: "Quantity", Value: quantity.String()}}
	return []outgoing{
		{from, reply(it, append(debit, forwarded...)), []byte("sent " + quantity.String() + " to " + to.String())},
		{to, append(credit, forwarded...), []byte("received " + quantity.String() + " from " + from.String())},
	}
}

// reply adds the tag by which an asker recognises an answer.
func reply(it *event.Item, tags []event.Tag) []event.Tag {
	if ref, ok := it.First("Reference"); ok {
		tags = append(slices.DeleteFunc(tags, func(t event.Tag) bool { return t.Name == "X-Reference" }), event.Tag{Name: "X-Reference", Value: ref})
	}
	return tags
}

// forward returns the tags that a token hands on. Like the blueprint, which reads them from the message's root, it takes
// the last value of a repeated name.
func forward(tags []event.Tag) []event.Tag {
	var out []event.Tag
	for _, t := range tags {
		seen := slices.ContainsFunc(out, func(o event.Tag) bool { return o.Name == t.Name })
		if strings.HasPrefix(t.Name, "X-") && !seen {
			out = append(out, event.Tag{Name: t.Name, Value: last(tags, t.Name)})
		}
	}
	return out
}

func last(tags []event.Tag, name string) string {
	for i := len(tags) - 1; i >= 0; i-- {
		if tags[i].Name == name {
			return tags[i].Value
		}
	}
	return ""
}
