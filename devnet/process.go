package devnet

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/event"
)

// variant is the network's name in tags: AO's first test network, whose layouts aobench reads.
const variant = "ao.TN.1"

// The modules that devnet knows, as ids of nothing: a process with TokenModule is a token, any other is a mailbox that
// says what its owner makes it say.
var (
	TokenModule = moduleID("devnet-token")
	AosModule   = moduleID("devnet-aos")
)

// A process is the state of an AO process: its place in the scheduler's order and what devnet knows of its inside.
type process struct {
	id          event.ID
	module      string
	owner       event.Address
	authorities []event.Address

	nonce      uint64       // the next
	assignment event.ID     // the last
	chain      []byte       // its Hash-Chain
	time       event.Millis // its Timestamp
	reference  uint64       // of the last message sent

	token *token // nil unless its module is TokenModule
}

func spawn(it *event.Item) *process {
	p := &process{id: it.ID, module: it.Tag("Module"), owner: it.Owner}
	for _, t := range it.Tags {
		if t.Name != "Authority" {
			continue
		}
		for name := range strings.SplitSeq(t.Value, ",") {
			if a, err := event.ParseAddress(strings.TrimSpace(name)); err == nil {
				p.authorities = append(p.authorities, a)
			}
		}
	}
	if p.module == TokenModule.String() {
		p.token = mint(it.Data)
	}
	return p
}

// evaluate returns what the process sends because of a message. root is the item that the whole chain of pushes began
// with. A message that the process does not trust or understand changes nothing.
func (p *process) evaluate(it *event.Item, root event.ID) []ao.Draft {
	from, ok := p.from(it)
	if !ok {
		return nil
	}
	var out []outgoing
	switch action := it.Tag("Action"); {
	case action == "Eval" && from == p.owner:
		out = evaluated(it.Data)
	case action == "Transfer" && p.token != nil:
		out = p.token.transfer(from, it)
	}
	drafts := make([]ao.Draft, 0, len(out))
	for _, m := range out {
		p.reference++ // also for what is not delivered: the process has sent it
		if target, ok := m.to.ID(); ok {
			drafts = append(drafts, p.draft(target, m, root))
		}
	}
	return drafts
}

// from returns who a message is from, as aos sees it: the first From-Process tag, or the signer. It is false for a
// message that claims a process and is not from an authority of this one.
func (p *process) from(it *event.Item) (event.Address, bool) {
	claimed, ok := it.First("From-Process")
	if !ok || claimed == "" {
		return it.Owner, true
	}
	from, err := event.ParseAddress(claimed)
	return from, err == nil && slices.Contains(p.authorities, it.Owner)
}

// outgoing is a message in a process's outbox. A wallet with an Ethereum address cannot be the target of an item, so it
// gets none.
type outgoing struct {
	to   event.Address
	tags []event.Tag
	data []byte
}

// draft is what the message unit signs for a message in the outbox: the process's tags, then its own.
func (p *process) draft(target event.ID, m outgoing, root event.ID) ao.Draft {
	d := ao.Draft{Target: target, Anchor: fmt.Appendf(nil, "%032d", p.reference), Data: m.data}
	d.Tags = append(d.Tags, event.Tag{Name: "Variant", Value: variant}, event.Tag{Name: "Reference", Value: strconv.FormatUint(p.reference, 10)})
	for _, t := range m.tags {
		switch t.Name {
		case "Data-Protocol", "Type", "Variant", "Reference", "From-Process", "From-Module", "Assignments":
			// The message unit takes these from a message and puts its own: a process cannot forge its sender.
		default:
			d.Tags = append(d.Tags, t)
		}
	}
	d.Tags = append(d.Tags,
		event.Tag{Name: "Data-Protocol", Value: "ao"},
		event.Tag{Name: "Type", Value: "Message"},
		event.Tag{Name: "From-Process", Value: p.id.String()},
		event.Tag{Name: "From-Module", Value: p.module},
		event.Tag{Name: "Pushed-For", Value: root.String()})
	if len(d.Data) == 0 {
		d.Data = []byte(" ") // AO's stand-in for nothing
	}
	return d
}

// An emission is the data of an Eval message: what the owner makes a process send. It stands for the Lua that aos would
// evaluate.
type emission struct {
	Target event.ID    `json:"target"`
	Tags   []event.Tag `json:"tags"`
	Data   string      `json:"data"`
}

func evaluated(data []byte) []outgoing {
	var e emission
	if err := json.Unmarshal(data, &e); err != nil || e.Target.IsZero() {
		return nil
	}
	return []outgoing{{e.Target.Address(), e.Tags, []byte(e.Data)}}
}
