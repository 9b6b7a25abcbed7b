package event

import (
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func drawBytes(t *rapid.T, most int) []byte {
	return rapid.SliceOfN(rapid.Byte(), 0, most).Draw(t, "bytes")
}

func drawID(t *rapid.T) ID {
	return ID(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "id"))
}

func drawAddress(t *rapid.T) Address {
	n := rapid.SampledFrom([]int{0, 20, 32}).Draw(t, "length")
	return Address(rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, "address"))
}

func drawAmount(t *rapid.T) Amount {
	return AmountOf(new(big.Int).SetBytes(rapid.SliceOfN(rapid.Byte(), 0, 32).Draw(t, "amount")))
}

// codecs checks that v comes back from CBOR and from JSON.
func codecs[T any](t *rapid.T, v T, same func(a, b T) bool) {
	b, err := Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var back T
	if err := Unmarshal(b, &back); err != nil || !same(v, back) {
		t.Fatalf("%v: cbor %x came back as %v, %v", v, b, back, err)
	}
	j, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	var again T
	if err := json.Unmarshal(j, &again); err != nil || !same(v, again) {
		t.Fatalf("%v: json %s came back as %v, %v", v, j, again, err)
	}
}

func equal[T comparable](a, b T) bool { return a == b }

func TestRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := drawID(t)
		codecs(t, id, equal)
		if back, err := ParseID(id.String()); err != nil || back != id {
			t.Fatalf("id %s: %v", id, err)
		}
		if back, ok := id.Address().ID(); !ok || back != id {
			t.Fatalf("id %s as address: %v", id, back)
		}
		h := Hash(drawID(t))
		codecs(t, h, equal)
		if back, err := ParseHash(h.String()); err != nil || back != h {
			t.Fatalf("hash %s: %v", h, err)
		}
		a := drawAddress(t)
		codecs(t, a, equal)
		if a != "" {
			if back, err := ParseAddress(a.String()); err != nil || back != a {
				t.Fatalf("address %s: %v", a, err)
			}
		}
		n := drawAmount(t)
		codecs(t, n, Amount.Equal)
		if back, err := ParseAmount(n.String()); err != nil || !back.Equal(n) {
			t.Fatalf("amount %s: %v", n, err)
		}
		d := Day(rapid.Int32Range(-719_528, 2_932_896).Draw(t, "day")) // 0000-01-01 … 9999-12-31
		codecs(t, d, equal)
		if back, err := ParseDay(d.String()); err != nil || back != d {
			t.Fatalf("day %d %s: %d, %v", d, d, back, err)
		}
		m := d.Start() + Millis(rapid.Int64Range(0, MillisPerDay-1).Draw(t, "ms"))
		if m.Day() != d || (d.Start()-1).Day() != d-1 {
			t.Fatalf("%s is on %s, not %s", m, m.Day(), d)
		}
	})
}

func TestParseIDRefuses(t *testing.T) {
	good := ID{31: 1}.String()
	if _, err := ParseID(good); err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{
		"", good[:42], good + "A", good + "=", good + "\n", good[:42] + "\n", good[:20] + "\r\n" + good[20:41], good[:42] + "F", // F: trailing bits
		strings.Repeat("+", 43), strings.Repeat("/", 43), " " + good[1:], good[:42] + "=", strings.Repeat("é", 21) + "a",
		base64.StdEncoding.EncodeToString(make([]byte, 32)), "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
	} {
		if id, err := ParseID(s); err == nil || !id.IsZero() {
			t.Errorf("%q read as %v, %v", s, id, err)
		}
	}
}

// TestEIP55 takes the vectors of the EIP's text (https://eips.ethereum.org/EIPS/eip-55).
func TestEIP55(t *testing.T) {
	for _, s := range []string{
		"0x52908400098527886E0F7030069857D2E4169EE7", "0x8617E340B3D01FA5F11F306F4090FD50E238070D", // all upper
		"0xde709f2102306220921060314715629080e2fb77", "0x27b1fdb04752bbc536007a920d24acb045561c26", // all lower
		"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
		"0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
	} {
		a, err := ParseAddress(s)
		if err != nil || len(a) != 20 || a.String() != s {
			t.Errorf("%s came back as %s, %v", s, a, err)
		}
		for _, same := range []string{strings.ToLower(s), "0x" + strings.ToUpper(s[2:])} {
			if b, err := ParseAddress(same); err != nil || b != a {
				t.Errorf("%s: %v, %v", same, b, err)
			}
		}
	}
	for _, s := range []string{
		"", "0x", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed00",
		"0x5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed", // one case turned
		"0xFb6916095ca1df60bB79Ce92cE3Ea74c37c5d359", "0X5AAEB6053F3E94C9B9A09F33669435E7EF1BEAED", "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
		"0xzaaeb6053f3e94c9b9a09f33669435e7ef1beaed", "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beae\n",
	} {
		if a, err := ParseAddress(s); err == nil || a != "" {
			t.Errorf("%q read as %s", s, a)
		}
	}
}

func TestEthereumAddress(t *testing.T) {
	// The key 1 of secp256k1 has the generator as its public key.
	var key [65]byte
	copy(key[:], unhex(t, "04 79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798 483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8"))
	if got := EthereumAddress(key).String(); got != "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf" {
		t.Error(got)
	}
}

func TestAddressLengths(t *testing.T) {
	for n := range 70 {
		var a Address
		err := a.UnmarshalBinary(make([]byte, n))
		if ok := n == 0 || n == 20 || n == 32; ok != (err == nil) || (ok && len(a) != n) {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

func TestAmounts(t *testing.T) {
	largest := "115792089237316195423570985008687907853269984665640564039457584007913129639935"
	for _, s := range []string{"0", "1", "10", "1000000000000", largest} {
		if a, err := ParseAmount(s); err != nil || a.String() != s {
			t.Errorf("%s: %s, %v", s, a, err)
		}
	}
	for _, s := range []string{
		"", "-1", "+1", "00", "01", " 1", "1 ", "1\n", "1e3", "1.0", "0x10", "1_000", "١", "ten", largest[:77] + "6", "9" + largest, strings.Repeat("9", 1000),
	} {
		if a, err := ParseAmount(s); err == nil || !a.IsZero() {
			t.Errorf("%.90q read as %s", s, a)
		}
	}
	var a Amount
	for _, b := range [][]byte{{0}, {0, 1}, make([]byte, 41), append([]byte{1}, make([]byte, 40)...)} {
		if err := a.UnmarshalBinary(b); err == nil {
			t.Errorf("%x read as %s", b, a)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		x, y := drawAmount(t), drawAmount(t)
		before := x.String()
		sum := x.Add(y)
		if want := new(big.Int).Add(x.Big(), y.Big()); sum.Big().Cmp(want) != 0 || x.Cmp(sum) > 0 {
			t.Fatalf("%s+%s = %s", x, y, sum)
		}
		x.Big().SetInt64(7) // a copy
		if n := x.Big(); x.String() != before || !AmountOf(n).Equal(x) || x.IsZero() != (before == "0") {
			t.Fatalf("%s became %s", before, x)
		}
	})
	defer func() {
		if recover() == nil {
			t.Error("a negative amount was made")
		}
	}()
	AmountOf(big.NewInt(-1))
}

func TestDays(t *testing.T) {
	for s, want := range map[string]Day{"1970-01-01": 0, "1969-12-31": -1, "2024-02-29": 19782, "2000-01-01": 10957} {
		if d, err := ParseDay(s); err != nil || d != want || d.String() != s {
			t.Errorf("%s: %d %s, %v", s, d, d, err)
		}
	}
	for _, s := range []string{"", "2023-02-29", "2024-1-1", "2024-01-01T00:00:00Z", "24-01-01", " 2024-01-01", "2024/01/01"} {
		if d, err := ParseDay(s); err == nil {
			t.Errorf("%q read as %s", s, d)
		}
	}
	for m, want := range map[Millis]Day{0: 0, -1: -1, MillisPerDay - 1: 0, MillisPerDay: 1, -MillisPerDay: -1, -MillisPerDay - 1: -2} {
		if m.Day() != want {
			t.Errorf("%d is on day %d", m, m.Day())
		}
	}
}

func TestParseHashRefuses(t *testing.T) {
	for _, s := range []string{"", strings.Repeat("a", 63), strings.Repeat("a", 65), strings.Repeat("g", 64), strings.Repeat("a", 63) + "\n"} {
		if h, err := ParseHash(s); err == nil || !h.IsZero() {
			t.Errorf("%q read as %s", s, h)
		}
	}
}

func TestFaults(t *testing.T) {
	for r, want := range map[Reason]bool{
		ModelNotLoadable: true, ModelOverCap: true, NonFiniteOutput: true,
		ModelUnfetchable: false, EngineFailed: false, DatasetFailed: false, "": false, "anything": false,
	} {
		if r.Faults() != want {
			t.Errorf("%s: %v", r, r.Faults())
		}
	}
}

func TestValidity(t *testing.T) {
	for _, c := range []struct {
		from, until, at Millis
		want            bool
	}{{10, 20, 9, false}, {10, 20, 10, true}, {10, 20, 19, true}, {10, 20, 20, false}, {10, 0, 1 << 40, true}, {0, 0, 0, true}} {
		if (Valid{From: c.from, Until: c.until}).At(c.at) != c.want || (Token{From: c.from, Until: c.until}).At(c.at) != c.want {
			t.Errorf("%+v", c)
		}
	}
}

func TestTagsAreFirst(t *testing.T) {
	it := Item{Tags: []Tag{{Name: "a", Value: "1"}, {Name: "A", Value: "2"}, {Name: "a", Value: "3"}, {Name: "e"}}}
	if it.Tag("a") != "1" || it.Tag("A") != "2" || it.Tag("x") != "" {
		t.Error("tags are read wrongly")
	}
	if _, ok := it.First("e"); !ok {
		t.Error("an empty tag is not there")
	}
	if _, ok := it.First("x"); ok {
		t.Error("a missing tag is there")
	}
}

func TestTermsHashCoversEverything(t *testing.T) {
	if (Terms{}).Hash() == (Terms{UnfetchableDays: 1}).Hash() || (Terms{Tokens: []Token{}}).Hash() != (Terms{}).Hash() {
		t.Error("hash of terms")
	}
}
