package ao

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"slices"

	"github.com/aobench/aobench/event"
)

// MaxItem is the most bytes that an item may have, header and data.
const MaxItem = 16 << 20

// The signature types that AO's schedulers verify.
const (
	sigArweave  = 1 // RSA-PSS, 4096 bits
	sigEthereum = 3 // secp256k1 over an EIP-191 personal message
)

// A header is everything of an item before its data. Its slices are parts of the bytes it was read from.
type header struct {
	sigType        uint8
	sig, owner     []byte
	target, anchor []byte // 32 bytes or none
	rawTags        []byte
	tags           []event.Tag
	size           int // bytes of the header
}

// Parse reads a whole binary item (ANS-104) and fills every field; it does not check the signature. One item has exactly
// one accepted encoding: presence flags are 0 or 1, counts agree, tags are one Avro block of minimal numbers. The item
// keeps parts of b, which must not be changed afterwards. Errors are *Refusal.
func Parse(b []byte) (event.Item, error) {
	if len(b) > MaxItem {
		return event.Item{}, refuse(event.TooLarge, "%d bytes, an item has at most %d", len(b), MaxItem)
	}
	h, err := parseHeader(b)
	if err != nil {
		return event.Item{}, err
	}
	it := h.item(b)
	it.Data = b[h.size:]
	digest := h.digest(sha512.Sum384(it.Data), uint64(len(it.Data)))
	it.Digest = digest[:]
	return it, nil
}

// parseHeader reads the header at the start of b.
func parseHeader(b []byte) (header, error) {
	r := reader{rest: b}
	var h header
	t := r.take(2)
	if r.short {
		return h, refuse(event.Malformed, "%d bytes are too few for an item", len(b))
	}
	sigLen, keyLen := 0, 0
	switch n := binary.LittleEndian.Uint16(t); n {
	case sigArweave:
		sigLen, keyLen = 512, 512
	case sigEthereum:
		sigLen, keyLen = 65, 65
	default:
		return h, refuse(event.BadSigType, "signature type %d: want 1 (Arweave) or 3 (Ethereum)", n)
	}
	h.sigType = t[0]
	h.sig, h.owner = r.take(sigLen), r.take(keyLen)
	h.target, h.anchor = r.optional(), r.optional()
	count, length := r.uint64(), r.uint64()
	if r.short || r.badFlag {
		return h, refuse(event.Malformed, "the header is cut short or has a presence flag other than 0 and 1")
	}
	if count > maxTags || length > maxTagBytes || (count == 0) != (length == 0) {
		return h, refuse(event.Malformed, "%d tags in %d bytes: at most %d in %d", count, length, maxTags, maxTagBytes)
	}
	h.rawTags = r.take(int(length))
	if r.short {
		return h, refuse(event.Malformed, "the tags are cut short")
	}
	h.size = len(b) - len(r.rest)
	var err error
	if h.tags, err = decodeTags(h.rawTags, int(count)); err != nil {
		return h, err
	}
	return h, h.checkKey()
}

// checkKey refuses what could be written in another way and still verify under another id: an Ethereum key without its
// 0x04, a signature whose s is above half the order, a recovery byte other than 27 and 28.
func (h *header) checkKey() error {
	if h.sigType != sigEthereum {
		return nil
	}
	if h.owner[0] != 4 {
		return refuse(event.Malformed, "an Ethereum key starts with 0x04, not %#02x", h.owner[0])
	}
	if v := h.sig[64]; v != 27 && v != 28 {
		return refuse(event.BadSignature, "recovery byte %d: want 27 or 28", v)
	}
	if bytes.Compare(h.sig[32:64], halfOrder[:]) > 0 {
		return refuse(event.BadSignature, "s is above half the order of the curve")
	}
	return nil
}

// halfOrder is half the order of secp256k1, rounded down (SEC 2 §2.4.1; the rule is EIP-2's).
var halfOrder = [32]byte{
	0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
}

// item fills all fields but Digest and the data. b starts with the header.
func (h *header) item(b []byte) event.Item {
	it := event.Item{ID: sha256.Sum256(h.sig), SigType: h.sigType, Tags: h.tags, Signed: b[:h.size:h.size]}
	if h.sigType == sigEthereum {
		it.Owner = event.EthereumAddress([65]byte(h.owner))
	} else {
		sum := sha256.Sum256(h.owner)
		it.Owner = event.Address(sum[:])
	}
	copy(it.Target[:], h.target)
	return it
}

// bytes writes the header. It is the only encoding that parseHeader reads.
func (h *header) bytes() []byte {
	b := binary.LittleEndian.AppendUint16(nil, uint16(h.sigType))
	b = append(b, h.sig...)
	b = append(b, h.owner...)
	for _, opt := range [2][]byte{h.target, h.anchor} {
		if len(opt) == 0 {
			b = append(b, 0)
			continue
		}
		b = append(append(b, 1), opt...)
	}
	raw := encodeTags(h.tags)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(h.tags)))
	b = binary.LittleEndian.AppendUint64(b, uint64(len(raw)))
	return append(b, raw...)
}

// Binary returns the item's bytes as they were signed and sent. An item whose data is in a Blob has none of its own:
// the result is then its header only.
func Binary(it event.Item) []byte { return slices.Concat(it.Signed, it.Data) }

// Shrink moves data longer than event.MaxInlineData out of the item: it returns the item with a Blob in its place, and
// the data, which the caller stores by its SHA-256. A smaller item is returned as it is, with nil.
func Shrink(it event.Item) (event.Item, []byte) {
	if it.Blob != nil || len(it.Data) <= event.MaxInlineData {
		return it, nil
	}
	data, sum := it.Data, sha512.Sum384(it.Data)
	it.Blob = &event.Blob{SHA256: sha256.Sum256(data), SHA384: sum[:], Size: uint64(len(data))}
	it.Data = nil
	return it, data
}

// Anchor returns the item's 32-byte anchor as it was signed, or nil where it has none.
func Anchor(it event.Item) ([]byte, error) {
	h, err := parseHeader(it.Signed)
	if err != nil {
		return nil, err
	}
	return h.anchor, nil
}

// A reader takes bytes from the front and remembers whether there were too few.
type reader struct {
	rest    []byte
	short   bool
	badFlag bool
}

func (r *reader) take(n int) []byte {
	if r.short || n > len(r.rest) {
		r.short = true
		return nil
	}
	out := r.rest[:n:n]
	r.rest = r.rest[n:]
	return out
}

func (r *reader) uint64() uint64 {
	b := r.take(8)
	if b == nil {
		return 0
	}
	return binary.LittleEndian.Uint64(b)
}

// optional reads a presence flag and, where it is 1, 32 bytes.
func (r *reader) optional() []byte {
	flag := r.take(1)
	if flag == nil || flag[0] == 0 {
		return nil
	}
	if flag[0] != 1 {
		r.badFlag = true
		return nil
	}
	return r.take(32)
}
