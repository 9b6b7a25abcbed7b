package eventlog

import (
	"encoding/binary"

	"github.com/dgraph-io/badger/v4"

	"github.com/aobench/aobench/event"
)

// A filter says of nearly every id that the log does not have, that it does not have it, without reading: a Bloom
// filter that grows by a segment of 2 MiB for each 2^20 ids. With 16 bits an id and 4 of them set, it is wrong about a
// new id once in 400 times for each segment, and then the log is read. Ids are hashes: their own bits are the places.
// Who grinds ids that collide makes the log read, no more.
type filter struct {
	segments [][]uint64
	ids      int
}

const (
	segmentIDs  = 1 << 20
	segmentBits = 1 << 24
)

// places are four 24-bit numbers.
func places(id *event.ID) [4]uint32 {
	a, b := binary.BigEndian.Uint64(id[16:]), binary.BigEndian.Uint64(id[24:])
	return [4]uint32{uint32(a) % segmentBits, uint32(a>>24) % segmentBits, uint32(b) % segmentBits, uint32(b>>24) % segmentBits}
}

func (f *filter) add(id *event.ID) {
	if f.ids%segmentIDs == 0 {
		f.segments = append(f.segments, make([]uint64, segmentBits/64))
	}
	f.ids++
	last := f.segments[len(f.segments)-1]
	for _, p := range places(id) {
		last[p/64] |= 1 << (p % 64)
	}
}

func (f *filter) mayHave(id *event.ID) bool {
	at := places(id)
	for _, s := range f.segments {
		if has(s, at[0]) && has(s, at[1]) && has(s, at[2]) && has(s, at[3]) {
			return true
		}
	}
	return false
}

func has(segment []uint64, p uint32) bool { return segment[p/64]>>(p%64)&1 == 1 }

// loadFilter reads the ids of all events.
func loadFilter(txn *badger.Txn) *filter {
	f := &filter{}
	it := txn.NewIterator(badger.IteratorOptions{Prefix: []byte{prefixID}})
	defer it.Close()
	for it.Rewind(); it.Valid(); it.Next() {
		var id event.ID
		if copy(id[:], it.Item().Key()[1:]) == len(id) {
			f.add(&id)
		}
	}
	return f
}
