package ao

import (
	"crypto/sha512"
	"strconv"
)

// digest is the deep hash that an item's owner signs (ANS-104 with the signature type, as arbundles has it):
//
//	deepHash(["dataitem", "1", type, owner, target, anchor, tags, data])
//
// where deepHash of a blob is H(H("blob" + length) + H(blob)), that of a list folds acc = H(acc + deepHash(x)) from
// H("list" + count), H is SHA-384 and numbers are decimal text. Data enters by its SHA-384 and length only, so an item
// can be verified without it.
func (h *header) digest(data [sha512.Size384]byte, size uint64) [sha512.Size384]byte {
	acc := sha512.Sum384([]byte("list8"))
	for _, blob := range [...][]byte{
		[]byte("dataitem"), []byte("1"), {'0' + h.sigType}, h.owner, h.target, h.anchor, h.rawTags,
	} {
		acc = fold(acc, sha512.Sum384(blob), uint64(len(blob)))
	}
	return fold(acc, data, size)
}

// fold adds a blob of this SHA-384 and size to a list's hash.
func fold(acc, blob [sha512.Size384]byte, size uint64) [sha512.Size384]byte {
	var buf [2 * sha512.Size384]byte
	head := sha512.Sum384(strconv.AppendUint(append(buf[:0], "blob"...), size, 10))
	copy(buf[copy(buf[:], head[:]):], blob[:])
	leaf := sha512.Sum384(buf[:])
	copy(buf[copy(buf[:], acc[:]):], leaf[:])
	return sha512.Sum384(buf[:])
}
