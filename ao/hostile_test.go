package ao

import (
	"bytes"
	"encoding/binary"
	"math/big"
	"runtime"
	"testing"

	"github.com/permadao/goar/utils"
	"pgregory.net/rapid"

	"github.com/aobench/aobench/event"
)

// accepts reports whether the bytes pass as an item with that id, or any id where it is zero.
func accepts(b []byte) bool {
	it, err := Parse(b)
	return err == nil && Verify(it) == nil
}

// allocated runs f and returns how many bytes it allocated, freed or not.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// raw builds an unsigned Ethereum-shaped item around tag bytes.
func raw(count, length uint64, tags []byte) []byte {
	b := append([]byte{3, 0}, make([]byte, 130)...)
	b[2+64], b[2+65] = 27, 4
	b = append(b, 0, 0)
	b = binary.LittleEndian.AppendUint64(b, count)
	b = binary.LittleEndian.AppendUint64(b, length)
	return append(b, tags...)
}

func TestTagBytes(t *testing.T) {
	long := func(n int) []byte { return bytesOf('x', n) }
	tag := func(name, value []byte) []byte {
		b := append(binary.AppendVarint(nil, int64(len(name))), name...)
		return append(binary.AppendVarint(b, int64(len(value))), value...)
	}
	block := func(n int64, tags ...[]byte) []byte {
		return append(append(binary.AppendVarint(nil, n), bytes.Join(tags, nil)...), 0)
	}
	one := tag([]byte("a"), []byte("b"))
	many := bytes.Repeat(one, 129)
	for name, c := range map[string]struct {
		count uint64
		tags  []byte
		ok    bool
	}{
		"none":                {0, nil, true},
		"one":                 {1, block(1, one), true},
		"128":                 {128, block(128, many[:128*4]), true},
		"empty value":         {1, block(1, tag([]byte("a"), nil)), true},
		"longest name":        {1, block(1, tag(long(1024), nil)), true},
		"longest value":       {1, block(1, tag([]byte("a"), long(3072))), true},
		"129":                 {129, block(129, many), false},
		"the 5-byte bomb":     {1, []byte{0xfe, 0xff, 0xff, 0xff, 0x0f}, false},
		"bomb, as many":       {1<<31 - 1, []byte{0xfe, 0xff, 0xff, 0xff, 0x0f}, false},
		"bomb, 9 bytes":       {1, bytesOf(0xff, 9), false},
		"bomb of a name":      {1, []byte{2, 0xfe, 0xff, 0xff, 0xff, 0x0f, 0}, false},
		"empty name":          {1, block(1, tag(nil, []byte("b"))), false},
		"name too long":       {1, block(1, tag(long(1025), nil)), false},
		"value too long":      {1, block(1, tag([]byte("a"), long(3073))), false},
		"too many bytes":      {2, block(2, tag([]byte("a"), long(3072)), tag([]byte("a"), long(1100))), false},
		"not UTF-8":           {1, block(1, tag([]byte("a"), []byte{0xff})), false},
		"count too high":      {2, block(1, one), false},
		"count too low":       {1, block(2, one, one), false},
		"block says more":     {1, block(2, one), false},
		"count zero":          {0, block(1, one), false},
		"count without bytes": {1, nil, false},
		"count negative":      {1 << 63, block(1, one), false},
		"two blocks":          {2, append(append([]byte{2}, one...), block(1, one)...), false},
		"negative block":      {1, append([]byte{1, 8}, append(one, 0)...), false},
		"no end":              {1, block(1, one)[:5], false},
		"after the end":       {1, append(block(1, one), 0), false},
		"long form of 1":      {1, append([]byte{0x82, 0x00}, append(one, 0)...), false},
		"long form of 0":      {1, append(append([]byte{2}, one...), 0x80, 0x00), false},
		"negative length":     {1, []byte{2, 1, 0, 0}, false},
	} {
		var err error
		grown := allocated(func() { _, err = Parse(raw(c.count, uint64(len(c.tags)), c.tags)) })
		if (err == nil) != c.ok || (!c.ok && reasonOf(err) != event.Malformed) {
			t.Errorf("%s: %v", name, err)
		}
		if grown > 64<<10 {
			t.Errorf("%s: allocated %d bytes", name, grown)
		}
	}
}

func TestBombNeverReachesGoavro(t *testing.T) {
	if grown := allocated(func() { utils.DeserializeTags([]byte{0xfe, 0xff, 0xff, 0xff, 0x0f}) }); grown > 1<<20 {
		t.Errorf("allocated %d bytes", grown)
	}
}

func TestEveryTruncation(t *testing.T) {
	for name, b := range goldenItems(t) {
		it, err := Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		for n := range b {
			if n > len(it.Signed)+64 && n < len(b)-64 {
				continue // within a long text one cut is like another
			}
			if accepts(b[:n:n]) {
				t.Errorf("%s cut to %d of %d bytes verifies", name, n, len(b))
			}
		}
		if accepts(append(bytes.Clone(b), 0)) {
			t.Errorf("%s with a byte more verifies", name)
		}
	}
}

// TestEveryBitFlip flips each bit of the short golden items and some of the long ones.
func TestEveryBitFlip(t *testing.T) {
	t.Parallel()
	tried := 0
	for name, b := range goldenItems(t) {
		step := 1 + len(b)/300 // RSA items: every bit of each fifth byte is enough for seconds
		if testing.Short() {
			step *= 8
		}
		for i := 0; i < len(b); i += step {
			for bit := range 8 {
				b[i] ^= 1 << bit
				if accepts(b) {
					t.Errorf("%s with bit %d of byte %d flipped verifies", name, bit, i)
				}
				b[i] ^= 1 << bit
				tried++
			}
		}
	}
	t.Log(tried, "flips")
}

func TestEthereumHasOneSignature(t *testing.T) {
	b := goldenItems(t)["ethereum-message"]
	const v, s = 2 + 64, 2 + 32
	good := b[v]
	for i := range 256 {
		b[v] = byte(i)
		if ok := accepts(b); ok != (byte(i) == good) {
			t.Errorf("recovery byte %d: accepted %v", i, ok)
		}
	}
	order, _ := new(big.Int).SetString("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", 16)
	high := new(big.Int).Sub(order, new(big.Int).SetBytes(b[s:s+32]))
	high.FillBytes(b[s : s+32])
	for _, b[v] = range []byte{27, 28} {
		_, err := Parse(b)
		wantReason(t, err, event.BadSignature)
	}
	b[v], b[2+65] = good, 6
	_, err := Parse(b)
	wantReason(t, err, event.Malformed)
}

func TestOtherSignatureTypes(t *testing.T) {
	b := make([]byte, 2000)
	for n := range 300 {
		binary.LittleEndian.PutUint16(b, uint16(n))
		if _, err := Parse(b); n != 1 && n != 3 && reasonOf(err) != event.BadSigType {
			t.Errorf("type %d: %v", n, err)
		}
	}
}

func TestTooLarge(t *testing.T) {
	head := goldenItems(t)["ethereum-empty"]
	b := make([]byte, MaxItem+1)
	copy(b, head)
	_, err := Parse(b)
	wantReason(t, err, event.TooLarge)
	if _, err := Parse(b[:MaxItem]); err != nil {
		t.Error(err)
	}
}

// TestLikeGoar: what we sign, goar verifies; what is changed in it, both refuse; digests are the same.
func TestLikeGoar(t *testing.T) {
	ethereum, err := GenerateEthereum()
	if err != nil {
		t.Fatal(err)
	}
	signers := []*Signer{ethereum, ethereum, ethereum, testWallet(t)}
	rapid.Check(t, func(t *rapid.T) {
		d := Draft{Data: rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "data")}
		copy(d.Target[:], rapid.SliceOfN(rapid.Byte(), 0, 32).Draw(t, "target"))
		if rapid.Bool().Draw(t, "anchored") {
			d.Anchor = rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "anchor")
		}
		for range rapid.IntRange(0, 12).Draw(t, "tags") {
			d.Tags = append(d.Tags, event.Tag{Name: rapid.StringN(1, 40, 80).Draw(t, "name"), Value: rapid.StringN(0, 40, 120).Draw(t, "value")})
		}
		it, err := rapid.SampledFrom(signers).Draw(t, "signer").Sign(d)
		if err != nil {
			t.Fatal(err)
		}
		g := goarItem(it)
		if digest, err := utils.BundleItemSignData(g); err != nil || !bytes.Equal(digest, it.Digest) {
			t.Fatalf("digests differ: %v", err)
		}
		if err := utils.VerifyBundleItem(g); err != nil {
			t.Fatal(err)
		}
		b := bytes.Clone(Binary(it))
		b[rapid.IntRange(0, len(b)-1).Draw(t, "byte")] ^= byte(1 << rapid.IntRange(0, 7).Draw(t, "bit"))
		bad, err := Parse(b)
		if err == nil && Verify(bad) == nil {
			t.Fatal("a flipped bit verifies")
		}
		if err == nil && utils.VerifyBundleItem(goarItem(bad)) == nil {
			t.Fatal("goar verifies what we refuse")
		}
	})
}
