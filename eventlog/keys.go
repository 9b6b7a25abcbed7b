package eventlog

import (
	"encoding/binary"
	"fmt"

	"github.com/aobench/aobench/event"
)

// The first byte of a row's key; doc.go has the schema.
const (
	prefixEvent    = 'e'
	prefixID       = 'i'
	prefixTile     = 't'
	prefixBlob     = 'b'
	prefixSnapshot = 's'
	prefixChunk    = 'c'
)

func eventKey(seq event.Seq) []byte {
	return binary.BigEndian.AppendUint64(append(make([]byte, 0, 9), prefixEvent), uint64(seq))
}

func idKey(id event.ID) []byte { return append(append(make([]byte, 0, 33), prefixID), id[:]...) }

func tileKey(level int, n int64) []byte {
	return binary.BigEndian.AppendUint64(append(make([]byte, 0, 10), prefixTile, byte(level)), uint64(n))
}

func blobKey(h event.Hash) []byte { return append(append(make([]byte, 0, 33), prefixBlob), h[:]...) }

func snapshotPrefix(name string) []byte {
	return append(append([]byte{prefixSnapshot}, name...), 0)
}

func snapshotKey(name string, version uint32, seq event.Seq) []byte {
	k := binary.BigEndian.AppendUint32(snapshotPrefix(name), version)
	return binary.BigEndian.AppendUint64(k, uint64(seq))
}

func chunkKey(of []byte, n int) []byte {
	k := append(append(make([]byte, 0, len(of)+5), prefixChunk), of...)
	return binary.BigEndian.AppendUint32(k, uint32(n))
}

func seqValue(seq event.Seq) []byte { return binary.BigEndian.AppendUint64(nil, uint64(seq)) }

func parseSeq(b []byte) (event.Seq, error) {
	if len(b) != 8 {
		return 0, fmt.Errorf("seq of %d bytes, want 8: %w", len(b), ErrDamaged)
	}
	return event.Seq(binary.BigEndian.Uint64(b)), nil
}
