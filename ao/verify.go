package ao

import (
	"bytes"
	"crypto/sha512"
	"slices"

	"github.com/everFinance/goether"
	"golang.org/x/crypto/sha3"

	"github.com/aobench/aobench/event"
)

// Verify checks that an item is what its owner signed: every field is the one that the signed bytes give, the id is the
// SHA-256 of the signature, the digest is the deep hash, and the signature holds. Where a Blob stands for the data, it
// goes by the Blob's size and SHA-384; that the stored data has that hash is for its keeper to check. Errors are *Refusal.
func Verify(it event.Item) error {
	h, err := parseHeader(it.Signed)
	if err != nil {
		return err
	}
	if h.size != len(it.Signed) {
		return refuse(event.Malformed, "%d bytes follow the header", len(it.Signed)-h.size)
	}
	digest, err := dataDigest(&h, &it)
	if err != nil {
		return err
	}
	want := h.item(it.Signed)
	if want.ID != it.ID {
		return refuse(event.IDMismatch, "the signature belongs to %s", want.ID)
	}
	if want.SigType != it.SigType || want.Owner != it.Owner || want.Target != it.Target ||
		!slices.Equal(want.Tags, it.Tags) || !bytes.Equal(digest[:], it.Digest) {
		return refuse(event.Malformed, "the item's fields are not those of its signed bytes")
	}
	if !h.signs(digest) {
		return refuse(event.BadSignature, "the signature is not the owner's for this content")
	}
	return nil
}

func dataDigest(h *header, it *event.Item) ([sha512.Size384]byte, error) {
	size, sum := uint64(len(it.Data)), [sha512.Size384]byte{}
	if it.Blob == nil {
		sum = sha512.Sum384(it.Data)
	} else {
		if len(it.Data) != 0 || len(it.Blob.SHA384) != len(sum) {
			return sum, refuse(event.Malformed, "a blob wants no data beside it and a SHA-384 of %d bytes", len(sum))
		}
		size, sum = it.Blob.Size, [sha512.Size384]byte(it.Blob.SHA384)
	}
	return h.digest(sum, size), nil
}

// signs reports whether the owner's signature holds for digest.
func (h *header) signs(digest [sha512.Size384]byte) bool {
	if h.sigType == sigArweave {
		return verifyRSA(h.owner, h.sig, digest[:])
	}
	return verifyEthereum(h.owner, h.sig, digest[:])
}

// verifyEthereum recovers the key from the signature, since to verify with the owner's key would leave the recovery byte,
// which is part of the id, unchecked.
func verifyEthereum(owner, sig, digest []byte) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	key, _, err := goether.Ecrecover(personalHash(digest), sig)
	return err == nil && bytes.Equal(key, owner)
}

// personalHash is the hash of a 48-byte personal message (https://eips.ethereum.org/EIPS/eip-191, version 0x45).
func personalHash(digest []byte) []byte {
	h := sha3.NewLegacyKeccak256()
	h.Write([]byte("\x19Ethereum Signed Message:\n48"))
	h.Write(digest)
	return h.Sum(nil)
}
