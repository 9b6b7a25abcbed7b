package ao

import (
	"encoding/binary"
	"unicode/utf8"

	"github.com/linkedin/goavro/v2"

	"github.com/aobench/aobench/event"
)

// Limits of the tags of an item (ANS-104; the total is that of arbundles).
const (
	maxTags     = 128
	maxTagBytes = 4096
	maxTagName  = 1024
	maxTagValue = 3072
)

// goar encodes tags with goavro, which allocates as many places as a block says it has: five bytes may say 2^31. No such
// bytes reach it, since goar never reads what we have not; this holds for whoever else calls it in our process.
func init() { goavro.MaxBlockCount = maxTags }

// decodeTags reads one Avro array of records {name bytes, value bytes}: a positive count, the tags, a zero. Nothing is
// allocated before the bytes for it are there. Empty values are allowed, since arbundles signs them; empty names are not.
func decodeTags(b []byte, want int) ([]event.Tag, error) {
	if want == 0 {
		return nil, nil
	}
	r := avroReader{rest: b}
	if n := r.long(); r.bad || n != int64(want) {
		return nil, refuse(event.Malformed, "the tags do not start with their count, %d, in one block", want)
	}
	tags := make([]event.Tag, want)
	for i := range tags {
		name, value := r.text(maxTagName), r.text(maxTagValue)
		if r.bad || name == "" {
			return nil, refuse(event.Malformed, "tag %d: want a name of 1 to %d bytes and a value of at most %d, in UTF-8", i+1, maxTagName, maxTagValue)
		}
		tags[i].Name, tags[i].Value = name, value
	}
	if end := r.long(); r.bad || end != 0 || len(r.rest) != 0 {
		return nil, refuse(event.Malformed, "something follows the tags")
	}
	return tags, nil
}

// encodeTags writes the encoding that decodeTags reads.
func encodeTags(tags []event.Tag) []byte {
	if len(tags) == 0 {
		return nil
	}
	b := binary.AppendVarint(nil, int64(len(tags)))
	for i := range tags {
		b = append(binary.AppendVarint(b, int64(len(tags[i].Name))), tags[i].Name...)
		b = append(binary.AppendVarint(b, int64(len(tags[i].Value))), tags[i].Value...)
	}
	return append(b, 0)
}

type avroReader struct {
	rest []byte
	bad  bool
}

// long reads a zigzag number of at most three bytes, enough for every length here, in its shortest form.
func (r *avroReader) long() int64 {
	n, size := binary.Varint(r.rest)
	if size <= 0 || size > 3 || (size > 1 && r.rest[size-1] == 0) {
		r.bad = true
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *avroReader) text(limit int64) string {
	n := r.long()
	if r.bad || n < 0 || n > limit || n > int64(len(r.rest)) || !utf8.Valid(r.rest[:n]) {
		r.bad = true
		return ""
	}
	s := string(r.rest[:n])
	r.rest = r.rest[n:]
	return s
}
