package ao

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/binary"
	"math/big"
)

// verifyRSA checks RSA-PSS with SHA-256, exponent 65537 and any salt length (RFC 8017 §8.1.2) over digest. It decides as
// crypto/rsa does, which the tests hold against it, and takes a quarter of the time: crypto/rsa has no fast arithmetic
// for 4096 bits and works in constant time, which public values do not need. Keys of any other shape go to crypto/rsa.
func verifyRSA(owner, sig, digest []byte) bool {
	key := rsa.PublicKey{N: new(big.Int).SetBytes(owner), E: 65537}
	sum := sha256.Sum256(digest)
	if key.N.BitLen() != 8*modulusSize || key.N.Bit(0) == 0 || len(sig) != modulusSize {
		return rsa.VerifyPSS(&key, crypto.SHA256, sum[:], sig, &pssOptions) == nil
	}
	s := new(big.Int).SetBytes(sig)
	if s.Cmp(key.N) >= 0 {
		return false
	}
	var em [modulusSize]byte
	s.Exp(s, exponent, key.N).FillBytes(em[:])
	return verifyPSS(&em, sum)
}

const modulusSize = 512 // bytes

var (
	exponent   = big.NewInt(65537)
	pssOptions = rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthAuto, Hash: crypto.SHA256}
)

// verifyPSS checks an encoded message of 4095 bits (RFC 8017 §9.1.2, with the salt's length as it is found):
//
//	em = (0…0 01 salt) xor MGF1(h)  ‖  h = SHA-256(0⁸ ‖ sum ‖ salt)  ‖  bc
func verifyPSS(em *[modulusSize]byte, sum [sha256.Size]byte) bool {
	const dbLen = modulusSize - sha256.Size - 1
	db, h := em[:dbLen], em[dbLen:modulusSize-1]
	if em[modulusSize-1] != 0xbc || db[0]&0x80 != 0 {
		return false
	}
	unmask(db, h)
	db[0] &= 0x7f
	salt := bytes.TrimLeft(db, "\x00")
	if len(salt) == 0 || salt[0] != 1 {
		return false
	}
	d := sha256.New()
	d.Write(make([]byte, 8))
	d.Write(sum[:])
	d.Write(salt[1:])
	return bytes.Equal(d.Sum(nil), h)
}

// unmask takes MGF1 with SHA-256 of seed (RFC 8017 §B.2.1) off db.
func unmask(db, seed []byte) {
	var block [sha256.Size + 4]byte
	copy(block[:], seed)
	for i := uint32(0); len(db) > 0; i++ {
		binary.BigEndian.PutUint32(block[sha256.Size:], i)
		mask := sha256.Sum256(block[:])
		for j := range min(len(db), len(mask)) {
			db[j] ^= mask[j]
		}
		db = db[min(len(db), len(mask)):]
	}
}
