package ao

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/permadao/goar/schema"
	"github.com/permadao/goar/utils"

	"github.com/aobench/aobench/event"
)

// A txHeader is a transaction as GET /tx/{id} gives it, without its data: numbers in decimal, all else in base64url.
type txHeader struct {
	Format    int        `json:"format"`
	ID        string     `json:"id"`
	LastTx    string     `json:"last_tx"`
	Owner     string     `json:"owner"`
	Tags      few[txTag] `json:"tags"`
	Target    string     `json:"target"`
	Quantity  string     `json:"quantity"`
	DataSize  string     `json:"data_size"`
	DataRoot  string     `json:"data_root"`
	Reward    string     `json:"reward"`
	Signature string     `json:"signature"`
}

// transaction asks the node for the header of an Arweave transaction and verifies its owner's signature.
func (g *Gateway) transaction(ctx context.Context, id event.ID) (Source, error) {
	var tx txHeader
	if err := g.nodeJSON(ctx, &tx, "tx", id.String()); err != nil {
		return Source{}, fmt.Errorf("transaction %s at %s: %w", id, g.Name(), err)
	}
	s, err := tx.verify(id)
	if err != nil {
		return Source{}, fmt.Errorf("transaction %s at %s: %w", id, g.Name(), err)
	}
	return s, nil
}

// verify lets goar check the header once every text in it is canonical: goar takes what its base64 decoder cannot read
// for the empty text, and so would verify what nobody signed. Format 2 only, whose signature covers the data by its root.
func (tx *txHeader) verify(id event.ID) (Source, error) {
	owner, size, err := tx.check(id)
	if err != nil {
		return Source{}, err
	}
	tags, read := make([]schema.Tag, len(tx.Tags)), make([]event.Tag, len(tx.Tags))
	for i, t := range tx.Tags {
		tags[i] = schema.Tag{Name: t.Name, Value: t.Value}
		if read[i], err = t.decode(); err != nil {
			return Source{}, err
		}
	}
	signed := schema.Transaction{
		Format: tx.Format, ID: tx.ID, LastTx: tx.LastTx, Owner: tx.Owner, Tags: tags, Target: tx.Target, Quantity: tx.Quantity,
		DataSize: tx.DataSize, DataRoot: tx.DataRoot, Reward: tx.Reward, Signature: tx.Signature,
	}
	if err := verifyTransaction(signed); err != nil {
		return Source{}, err
	}
	return Source{Owner: owner, Tags: read, Size: size, Verified: true}, nil
}

func verifyTransaction(tx schema.Transaction) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = refuse(event.Malformed, "goar: %v", r)
		}
	}()
	if utils.VerifyTransaction(tx) != nil {
		return refuse(event.BadSignature, "the signature is not the owner's for this transaction")
	}
	return nil
}

// check refuses a header that is not in its one form and returns the owner's address and the data's size.
func (tx *txHeader) check(id event.ID) (owner event.Address, size int64, err error) {
	key, sig := decodeText(tx.Owner, 512), decodeText(tx.Signature, 512)
	switch {
	case len(tx.Tags) > maxTags:
		return "", 0, refuse(event.Malformed, "more than %d tags", maxTags)
	case tx.Format != 2:
		return "", 0, refuse(event.Unverifiable, "transaction format %d: want 2", tx.Format)
	case key == nil || sig == nil:
		return "", 0, refuse(event.Unverifiable, "no RSA key and signature of 4096 bits")
	case tx.ID != id.String() || event.ID(sha256.Sum256(sig)) != id:
		return "", 0, refuse(event.IDMismatch, "the signature that the node gives belongs to another id")
	case tx.Target != "" && decode32(tx.Target) == nil, tx.DataRoot != "" && decode32(tx.DataRoot) == nil,
		tx.LastTx != "" && decode32(tx.LastTx) == nil && decodeText(tx.LastTx, 48) == nil:
		return "", 0, refuse(event.Malformed, "target, data root or anchor is not base64url of its length")
	}
	for _, n := range []string{tx.Quantity, tx.Reward} {
		if _, err := event.ParseAmount(n); err != nil {
			return "", 0, refuse(event.Malformed, "amount %.40q", n)
		}
	}
	bytes, err := strconv.ParseUint(tx.DataSize, 10, 53)
	if err != nil || strconv.FormatUint(bytes, 10) != tx.DataSize {
		return "", 0, refuse(event.Malformed, "data size %.40q", tx.DataSize)
	}
	sum := sha256.Sum256(key)
	return event.Address(sum[:]), int64(bytes), nil
}

type txTag struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

func (t *txTag) decode() (event.Tag, error) {
	name := decodeText(t.Name, base64.RawURLEncoding.DecodedLen(len(t.Name)))
	value := decodeText(t.Value, base64.RawURLEncoding.DecodedLen(len(t.Value)))
	if name == nil || value == nil || !utf8.Valid(name) || !utf8.Valid(value) {
		return event.Tag{}, refuse(event.Malformed, "tag %.40q: %.40q is not base64url of UTF-8", t.Name, t.Value)
	}
	return event.Tag{Name: string(name), Value: string(value)}, nil
}
