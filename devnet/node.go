package devnet

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/graph-gophers/graphql-go"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/event"
)

// A transaction is an item as GraphQL shows it. The fields below are the schema's.
type transaction struct {
	ID            graphql.ID
	Anchor        string
	Signature     string
	SignatureType *int32
	Recipient     string
	Owner         owner
	Fee           amount
	Quantity      amount
	Data          metaData
	Tags          []event.Tag
	Block         *blockNode
	BundledIn     *bundle
	Parent        *bundle
}

type (
	owner    struct{ Address, Key string }
	amount   struct{ Winston, Ar string }
	metaData struct {
		Size string
		Type *string
	}
	blockNode struct {
		ID        graphql.ID
		Timestamp int32
		Height    int32
		Previous  graphql.ID
	}
	bundle struct{ ID graphql.ID }
)

func newTransaction(l listed) transaction {
	it := &l.item
	sig, key := signature(it), ownerKey(it)
	anchor, _ := ao.Anchor(*it) // it was parsed when it was posted
	kind := int32(it.SigType)
	t := transaction{
		ID: graphql.ID(it.ID.String()), Anchor: base64url(anchor), Signature: base64url(sig), SignatureType: &kind,
		Owner: owner{keyAddress(key), base64url(key)},
		Fee:   amount{"0", "0.000000000000"}, Quantity: amount{"0", "0.000000000000"},
		Data: metaData{Size: decimal(dataSize(it))}, Tags: it.Tags, Block: newBlockNode(l.block),
	}
	if !it.Target.IsZero() {
		t.Recipient = it.Target.String()
	}
	if v, ok := it.First("Content-Type"); ok {
		t.Data.Type = &v
	}
	if l.block != nil {
		t.BundledIn = &bundle{graphql.ID(l.block.bundle().String())}
		t.Parent = t.BundledIn
	}
	return t
}

func newBlockNode(b *block) *blockNode {
	if b == nil {
		return nil
	}
	return &blockNode{graphql.ID(base64url(b.id[:])), int32(b.time / 1000), int32(b.height), graphql.ID(base64url(b.prev[:]))}
}

// bundle returns the id of the block's one bundle. There is no such transaction; gateways show where an item came from,
// and clients ask.
func (b *block) bundle() event.ID {
	return sha256.Sum256(binary.BigEndian.AppendUint64(b.id[:], b.height))
}

func dataSize(it *event.Item) uint64 {
	if it.Blob != nil {
		return it.Blob.Size
	}
	return uint64(len(it.Data))
}

// The lengths of signature and key by signature type (ANS-104): 1 is Arweave, 3 Ethereum. An item begins with the type
// (two bytes), the signature and the key.
var sigLen, keyLen = map[uint8]int{1: 512, 3: 65}, map[uint8]int{1: 512, 3: 65}

func signature(it *event.Item) []byte { return it.Signed[2 : 2+sigLen[it.SigType]] }

func ownerKey(it *event.Item) []byte {
	from := 2 + sigLen[it.SigType]
	return it.Signed[from : from+keyLen[it.SigType]]
}

// keyAddress is what gateways show as owner.address, also for Ethereum keys, whose AO address is another.
func keyAddress(key []byte) string {
	h := sha256.Sum256(key)
	return base64url(h[:])
}
