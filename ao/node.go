package ao

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/aobench/aobench/event"
)

// A Node is what a gateway says about an item. Nothing of it is checked but that ID is an id; Gateway.Item checks it.
type Node struct {
	ID        event.ID
	Anchor    string
	Signature string
	Recipient string
	Address   string // of the owner, as the gateway has it: for an Ethereum key not the 0x address
	Key       string // the owner's public key
	Tags      []event.Tag
	Size      int64        // bytes of data; 0 may mean that the gateway does not know
	Block     *event.Block // nil while it is pending
	Bundle    string       // the bundle it is in, or "" where it is in none or the gateway does not say
	Cursor    string       // good within one listing of one gateway, and for nothing else
	Fault     string       // why the rest cannot be read, or ""
}

// Action returns the first Action tag as the gateway showed it, unverified, at most 100 bytes.
func (n *Node) Action() string {
	for _, t := range n.Tags {
		if t.Name == "Action" {
			return t.Value[:min(len(t.Value), 100)]
		}
	}
	return ""
}

// edges is a page. It stops reading, with an error, at more items than a page may have: a list of "{}" in 8 MiB would
// otherwise take a gigabyte.
type edges []Node

// UnmarshalJSON implements json.Unmarshaler.
func (e *edges) UnmarshalJSON(b []byte) error {
	*e = edges{}
	return eachJSON(b, maxFirst, func(raw json.RawMessage) error {
		var edge struct {
			Cursor string          `json:"cursor"`
			Node   json.RawMessage `json:"node"`
		}
		if err := json.Unmarshal(raw, &edge); err != nil {
			return err
		}
		n, err := decodeNode(edge.Node)
		if edge.Cursor != "" {
			n.Cursor = edge.Cursor
		}
		*e = append(*e, n)
		return err
	})
}

// eachJSON calls f for each element of a list, at most limit.
func eachJSON(b []byte, limit int, f func(json.RawMessage) error) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	if t, err := dec.Token(); err != nil || t != json.Delim('[') {
		return fmt.Errorf("want a list, got %.20q", b)
	}
	for i := 0; dec.More(); i++ {
		if i == limit {
			return fmt.Errorf("a list of more than %d", limit)
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return err
		}
		if err := f(raw); err != nil {
			return err
		}
	}
	return nil
}

// decodeNode reads one item. Only an unreadable id is an error, since one bad item must not hide a page: anything else
// becomes the node's Fault.
func decodeNode(raw []byte) (Node, error) {
	var id struct {
		ID     event.ID `json:"id"`
		Cursor string   `json:"cursor"` // some servers have it here
	}
	if err := json.Unmarshal(raw, &id); err != nil || id.ID.IsZero() {
		return Node{}, fmt.Errorf("an item without an id: %.60q", raw)
	}
	n := Node{ID: id.ID, Cursor: id.Cursor}
	var v struct {
		Anchor    string `json:"anchor"`
		Signature string `json:"signature"`
		Recipient string `json:"recipient"`
		Owner     struct {
			Address string    `json:"address"`
			Key     publicKey `json:"key"`
		} `json:"owner"`
		Tags   few[event.Tag]          `json:"tags"`
		Data   struct{ Size number53 } `json:"data"`
		Bundle struct {
			ID string `json:"id"`
		} `json:"bundledIn"`
		Block *blockJSON `json:"block"`
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		n.Fault = err.Error()
	}
	n.Anchor, n.Signature, n.Recipient = v.Anchor, v.Signature, v.Recipient
	n.Address, n.Key, n.Bundle = v.Owner.Address, string(v.Owner.Key), v.Bundle.ID
	n.Tags, n.Size, n.Block = v.Tags, int64(v.Data.Size), v.Block.block()
	if len(n.Tags) > maxTags {
		n.Tags, n.Fault = n.Tags[:maxTags], fmt.Sprintf("more than %d tags", maxTags)
	}
	return n, nil
}

// few is a list that keeps one element more than an item may have tags, so that it shows.
type few[T any] []T

// UnmarshalJSON implements json.Unmarshaler.
func (l *few[T]) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	err := eachJSON(b, maxTags+1, func(raw json.RawMessage) error {
		var t T
		err := json.Unmarshal(raw, &t)
		*l = append(*l, t)
		return err
	})
	if len(*l) > maxTags {
		return nil
	}
	return err
}

// publicKey is a key in base64url, or an object that holds it, as one local server has it.
type publicKey string

// UnmarshalJSON implements json.Unmarshaler.
func (k *publicKey) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) != nil {
		var o struct {
			Key string `json:"key"`
		}
		if err := json.Unmarshal(b, &o); err != nil {
			return err
		}
		s = o.Key
	}
	*k = publicKey(s)
	return nil
}

type blockJSON struct {
	ID        string   `json:"id"`
	Height    number53 `json:"height"`
	Timestamp number53 `json:"timestamp"`
}

func (b *blockJSON) block() *event.Block {
	if b == nil || b.Timestamp == 0 {
		return nil
	}
	return &event.Block{Height: uint64(b.Height), Time: b.Timestamp.millis(), ID: blockID(b.ID)}
}

// millis takes a timestamp below 10^11 for seconds: as such it is before the year 5138, as milliseconds before 1974.
func (n number53) millis() event.Millis {
	if n < 1e11 {
		n *= 1000
	}
	return event.Millis(n)
}

// blockID keeps a block's id where it is one: 64 base64url characters.
func blockID(s string) string {
	if len(s) != 64 {
		return ""
	}
	for _, c := range []byte(s) {
		if !(c == '-' || c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z') {
			return ""
		}
	}
	return s
}
