package ao

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"math/big"
	mrand "math/rand/v2"
	"testing"
)

// The tests here hold verifyRSA against crypto/rsa. With the private key any encoded message can be made, also those
// that no signer makes, so that every check is met from both sides.

func stdlib(owner, sig, digest []byte) bool {
	key := rsa.PublicKey{N: new(big.Int).SetBytes(owner), E: 65537}
	sum := sha256.Sum256(digest)
	return rsa.VerifyPSS(&key, crypto.SHA256, sum[:], sig, &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthAuto}) == nil
}

// encode builds an encoded message of a salt, with f able to spoil each part before it is masked.
func encode(digest, salt []byte, f func(db, h []byte) byte) *big.Int {
	const dbLen = modulusSize - sha256.Size - 1
	sum := sha256.Sum256(digest)
	h := sha256.Sum256(append(append(make([]byte, 8), sum[:]...), salt...))
	em := make([]byte, modulusSize)
	db := em[:dbLen]
	copy(db[dbLen-len(salt):], salt)
	if len(salt) < dbLen {
		db[dbLen-len(salt)-1] = 1
	}
	copy(em[dbLen:], h[:])
	em[modulusSize-1] = f(db, em[dbLen:modulusSize-1])
	top := db[0] & 0x80
	unmask(db, em[dbLen:modulusSize-1])
	db[0] = db[0]&0x7f | top
	return new(big.Int).SetBytes(em)
}

func TestPSSLikeStdlib(t *testing.T) {
	t.Parallel()
	k := testWallet(t).rsa
	owner, digest := k.N.Bytes(), []byte("a digest")
	fine := func([]byte, []byte) byte { return 0xbc }
	long := make([]byte, modulusSize-sha256.Size-2)
	for name, c := range map[string]struct {
		em   *big.Int
		want bool
	}{
		"salt 32":         {encode(digest, long[:32], fine), true},
		"no salt":         {encode(digest, nil, fine), true},
		"one byte":        {encode(digest, []byte{1}, fine), true},
		"longest salt":    {encode(digest, append(long[:len(long)-1:len(long)-1], 9), fine), true},
		"trailer":         {encode(digest, long[:32], func(_, _ []byte) byte { return 0xcc }), false},
		"top bit":         {encode(digest, long[:32], func(db, _ []byte) byte { db[0] |= 0x80; return 0xbc }), false},
		"padding":         {encode(digest, long[:32], func(db, _ []byte) byte { db[7] = 2; return 0xbc }), false},
		"early one":       {encode(digest, long[:32], func(db, _ []byte) byte { db[7] = 1; return 0xbc }), false},
		"no one":          {encode(digest, long[:32], func(db, _ []byte) byte { clear(db); return 0xbc }), false},
		"separator":       {encode(digest, long[:32], func(db, _ []byte) byte { db[len(db)-33] = 3; return 0xbc }), false},
		"salt":            {encode(digest, long[:32], func(db, _ []byte) byte { db[len(db)-1] = 3; return 0xbc }), false},
		"hash":            {encode(digest, long[:32], func(_, h []byte) byte { h[31] ^= 1; return 0xbc }), false},
		"another message": {encode([]byte("another"), long[:32], fine), false},
		"zero":            {new(big.Int), false},
		"one":             {big.NewInt(1), false},
	} {
		if c.em.Cmp(k.N) >= 0 { // cannot be had as a signature
			c.em.Sub(c.em, k.N)
		}
		sig := new(big.Int).Exp(c.em, k.D, k.N).FillBytes(make([]byte, modulusSize))
		if got, std := verifyRSA(owner, sig, digest), stdlib(owner, sig, digest); got != std || got != c.want {
			t.Errorf("%s: ours %v, crypto/rsa %v, want %v", name, got, std, c.want)
		}
	}
}

func TestPSSShapes(t *testing.T) {
	k := testWallet(t).rsa
	digest := []byte("a digest")
	sum := sha256.Sum256(digest)
	n := k.N.Bytes()
	var sig []byte
	over := k.N
	for over == k.N || over.BitLen() > 4096 { // until there is room for the same residue, which would be another signature
		var err error
		if sig, err = rsa.SignPSS(rand.Reader, k, crypto.SHA256, sum[:], nil); err != nil {
			t.Fatal(err)
		}
		over = new(big.Int).Add(new(big.Int).SetBytes(sig), k.N)
	}
	cases := map[string][2][]byte{
		"good":           {n, sig},
		"even modulus":   {append(append([]byte{}, n[:511]...), n[511]&^1), sig},
		"short modulus":  {append([]byte{0}, n[1:]...), sig},
		"zero modulus":   {make([]byte, 512), sig},
		"modulus of one": {append(make([]byte, 511), 1), sig},
		"sig short":      {n, sig[:511]},
		"sig = n":        {n, n},
		"sig all ones":   {n, bytesOf(0xff, 512)},
		"sig + n":        {n, over.Bytes()},
		"signed evenly":  evenKey(t, k, encode(digest, nil, func([]byte, []byte) byte { return 0xbc })),
	}
	for name, c := range cases {
		if got, std := verifyRSA(c[0], c[1], digest), stdlib(c[0], c[1], digest); got != std || got != (name == "good") {
			t.Errorf("%s: ours %v, crypto/rsa %v", name, got, std)
		}
	}
}

// evenKey makes a modulus that is even and a signature that its arithmetic holds for, which crypto/rsa refuses.
func evenKey(t *testing.T, k *rsa.PrivateKey, em *big.Int) [2][]byte {
	one := big.NewInt(1)
	for range 1000 {
		n, phi := new(big.Int).Lsh(k.Primes[0], 1), new(big.Int).Sub(k.Primes[0], one)
		for range 4 {
			p, err := rand.Prime(rand.Reader, 512)
			if err != nil {
				t.Fatal(err)
			}
			n.Mul(n, p)
			phi.Mul(phi, p.Sub(p, one))
		}
		d := new(big.Int).ModInverse(exponent, phi)
		if n.BitLen() != 4096 || d == nil {
			continue
		}
		sig := new(big.Int).Exp(em, d, n)
		if new(big.Int).Exp(sig, exponent, n).Cmp(em) != 0 {
			t.Fatal("the key does not work")
		}
		return [2][]byte{n.Bytes(), sig.FillBytes(make([]byte, modulusSize))}
	}
	t.Fatal("no such key")
	return [2][]byte{}
}

func TestPSSFlipsLikeStdlib(t *testing.T) {
	t.Parallel()
	it := typicalItem(t)
	h, err := parseHeader(it.Signed)
	if err != nil {
		t.Fatal(err)
	}
	rnd := mrand.New(mrand.NewPCG(1, 2))
	for range 200 {
		parts := [3][]byte{append([]byte{}, h.owner...), append([]byte{}, h.sig...), append([]byte{}, it.Digest...)}
		p := parts[rnd.IntN(3)]
		p[rnd.IntN(len(p))] ^= 1 << rnd.IntN(8)
		if got, std := verifyRSA(parts[0], parts[1], parts[2]), stdlib(parts[0], parts[1], parts[2]); got || std {
			t.Fatalf("a flipped bit: ours %v, crypto/rsa %v", got, std)
		}
	}
}

func bytesOf(b byte, n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = b
	}
	return out
}
