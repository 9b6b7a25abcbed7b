package ao

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"math/big"
	"testing"

	"github.com/permadao/goar/schema"
	"github.com/permadao/goar/utils"

	"github.com/aobench/aobench/event"
)

// goarItem is an item as goar has it.
func goarItem(it event.Item) schema.BundleItem {
	h, err := parseHeader(it.Signed)
	if err != nil {
		panic(err)
	}
	text := base64.RawURLEncoding.EncodeToString
	tags := make([]schema.Tag, len(h.tags))
	for i, t := range h.tags {
		tags[i] = schema.Tag{Name: t.Name, Value: t.Value}
	}
	return schema.BundleItem{
		SignatureType: int(h.sigType), Signature: text(h.sig), Owner: text(h.owner), Target: text(h.target),
		Anchor: text(h.anchor), Tags: tags, Data: text(it.Data), Id: it.ID.String(), TagsBy: text(h.rawTags),
	}
}

func BenchmarkVerify(b *testing.B) {
	it := typicalItem(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := Verify(it); err != nil {
			b.Fatal(err)
		}
	}
	perSecond(b)
}

// BenchmarkVerifyStdlib is the limit: nothing but the signature.
func BenchmarkVerifyStdlib(b *testing.B) {
	it := typicalItem(b)
	h, err := parseHeader(it.Signed)
	if err != nil {
		b.Fatal(err)
	}
	key := rsa.PublicKey{N: new(big.Int).SetBytes(h.owner), E: 65537}
	sum := sha256.Sum256(it.Digest)
	b.ReportAllocs()
	for b.Loop() {
		if rsa.VerifyPSS(&key, crypto.SHA256, sum[:], h.sig, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthAuto, Hash: crypto.SHA256}) != nil {
			b.Fatal("bad")
		}
	}
	perSecond(b)
}

// BenchmarkVerifyGoar is the same item through goar.
func BenchmarkVerifyGoar(b *testing.B) {
	it := typicalItem(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := utils.VerifyBundleItem(goarItem(it)); err != nil {
			b.Fatal(err)
		}
	}
	perSecond(b)
}

func BenchmarkVerifyParallel(b *testing.B) {
	it := typicalItem(b)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if err := Verify(it); err != nil {
				b.Error(err)
			}
		}
	})
	perSecond(b)
}

func BenchmarkVerifyEthereum(b *testing.B) {
	s, err := GenerateEthereum()
	if err != nil {
		b.Fatal(err)
	}
	it := typicalBy(b, s)
	b.ReportAllocs()
	for b.Loop() {
		if err := Verify(it); err != nil {
			b.Fatal(err)
		}
	}
	perSecond(b)
}

func BenchmarkVerifyEthereumGoar(b *testing.B) {
	s, err := GenerateEthereum()
	if err != nil {
		b.Fatal(err)
	}
	it := typicalBy(b, s)
	b.ReportAllocs()
	for b.Loop() {
		if err := utils.VerifyBundleItem(goarItem(it)); err != nil {
			b.Fatal(err)
		}
	}
	perSecond(b)
}

func BenchmarkParse(b *testing.B) {
	raw := Binary(typicalItem(b))
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(raw); err != nil {
			b.Fatal(err)
		}
	}
	perSecond(b)
}

func BenchmarkSign(b *testing.B) {
	s := testWallet(b)
	for b.Loop() {
		typicalBy(b, s)
	}
}

func perSecond(b *testing.B) {
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "items/s")
}

// typicalItem is a notice as a message unit writes it: ten tags, a short text.
func typicalItem(tb testing.TB) event.Item { return typicalBy(tb, testWallet(tb)) }

func typicalBy(tb testing.TB, s *Signer) event.Item {
	tb.Helper()
	it, err := s.Sign(Draft{
		Target: event.ID{1, 2, 3}, Anchor: []byte("00000000000000000000000000000123"), Data: []byte("You received 1000000000000 from somebody"),
		Tags: []event.Tag{
			{Name: "Variant", Value: "ao.TN.1"}, {Name: "Reference", Value: "123"}, {Name: "Action", Value: "Credit-Notice"},
			{Name: "Sender", Value: event.ID{7}.String()}, {Name: "Quantity", Value: "1000000000000"},
			{Name: "X-Dataset", Value: event.ID{8}.String()}, {Name: "Data-Protocol", Value: "ao"}, {Name: "Type", Value: "Message"},
			{Name: "From-Process", Value: event.ID{9}.String()}, {Name: "Pushed-For", Value: event.ID{10}.String()},
		},
	})
	if err != nil {
		tb.Fatal(err)
	}
	return it
}
