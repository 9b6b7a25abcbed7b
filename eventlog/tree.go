package eventlog

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/dgraph-io/badger/v4"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/aobench/aobench/event"
)

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

// An edge is the right side of the tree: of each level's newest tile the hashes, packed. It is all that appending needs.
// The tile of level l at size n has (n / 256^l) mod 256 hashes; a full one is not kept.
type edge struct {
	size int64
	rows [][]byte
}

func (e *edge) clone() *edge {
	c := &edge{size: e.size, rows: make([][]byte, len(e.rows))}
	for i, r := range e.rows {
		c.rows[i] = append(make([]byte, 0, tileWidth*tlog.HashSize), r...)
	}
	return c
}

// add appends one leaf; full is called with every tile that it completes.
func (e *edge) add(leaf tlog.Hash, full func(level int, n int64, row []byte)) {
	e.size++
	h, n := leaf, e.size-1
	for level := 0; ; level++ {
		if level == len(e.rows) {
			e.rows = append(e.rows, make([]byte, 0, tileWidth*tlog.HashSize))
		}
		e.rows[level] = append(e.rows[level], h[:]...)
		if len(e.rows[level]) < tileWidth*tlog.HashSize {
			return
		}
		n >>= tileHeight
		full(level, n, slices.Clone(e.rows[level]))
		h = rowHash(e.rows[level])
		e.rows[level] = e.rows[level][:0]
	}
}

// partial calls f with every tile that is begun and not full.
func (e *edge) partial(f func(level int, n int64, row []byte)) {
	for level, row := range e.rows {
		if len(row) > 0 {
			f(level, e.size>>(tileHeight*(level+1)), slices.Clone(row))
		}
	}
}

// rowHash is the hash over a full row of hashes.
func rowHash(row []byte) tlog.Hash {
	var level [tileWidth]tlog.Hash
	for i := range level {
		copy(level[i][:], row[i*tlog.HashSize:])
	}
	for n := tileWidth; n > 1; n /= 2 {
		for i := range n / 2 {
			level[i] = tlog.NodeHash(level[2*i], level[2*i+1])
		}
	}
	return level[0]
}

// tiles reads hashes of the tree from the tile rows that txn sees.
func tiles(txn *badger.Txn) tlog.HashReader {
	cache := map[string][]byte{}
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			t := tlog.TileForIndex(tileHeight, index)
			key := tileKey(t.L, t.N)
			row, ok := cache[string(key)]
			if !ok {
				var err error
				if row, err = get(txn, key); err != nil {
					return nil, fmt.Errorf("tile %d of level %d: %w", t.N, t.L, err)
				}
				cache[string(key)] = row
			}
			var err error
			if out[i], err = tlog.HashFromTile(t, row, index); err != nil {
				return nil, fmt.Errorf("tile %d of level %d: %w: %w", t.N, t.L, err, ErrDamaged)
			}
		}
		return out, nil
	})
}

// Root returns the RFC 6962 root over the first seq events; the root of none is the SHA-256 of nothing.
func (l *Log) Root(seq event.Seq) (root event.Hash, err error) {
	err = l.tree(seq, func(r tlog.HashReader) error {
		h, err := tlog.TreeHash(int64(seq), r)
		root = event.Hash(h)
		return err
	})
	return root, err
}

// ProveEvent returns the RFC 6962 audit path of event seq in the tree of the first size events.
func (l *Log) ProveEvent(seq, size event.Seq) (path []event.Hash, err error) {
	if seq == 0 || seq > size {
		return nil, fmt.Errorf("proof of event %d in a tree of %d: %w", seq, size, ErrNotFound)
	}
	err = l.tree(size, func(r tlog.HashReader) error {
		p, err := tlog.ProveRecord(int64(size), int64(seq)-1, r)
		path = hashes(p)
		return err
	})
	return path, err
}

// ProvePrefix returns the RFC 6962 consistency proof between the trees of the first from and the first to events.
func (l *Log) ProvePrefix(from, to event.Seq) (path []event.Hash, err error) {
	if from == 0 || from > to {
		return nil, fmt.Errorf("proof that %d events are a prefix of %d: %w", from, to, ErrNotFound)
	}
	err = l.tree(to, func(r tlog.HashReader) error {
		p, err := tlog.ProveTree(int64(to), int64(from), r)
		path = hashes(p)
		return err
	})
	return path, err
}

func (l *Log) tree(size event.Seq, f func(tlog.HashReader) error) error {
	if head := l.Head(); size > head {
		return fmt.Errorf("tree of %d events, the log has %d: %w", size, head, ErrNotFound)
	}
	if err := l.db.View(func(txn *badger.Txn) error { return f(tiles(txn)) }); err != nil {
		return fmt.Errorf("tree of %d events: %w", size, err)
	}
	return nil
}

func hashes(p []tlog.Hash) []event.Hash {
	out := make([]event.Hash, len(p))
	for i, h := range p {
		out[i] = event.Hash(h)
	}
	return out
}

// loadEdge reads the right side of the tree of size events and proves that its last leaf is the last event.
func loadEdge(txn *badger.Txn, size event.Seq, last []byte) (*edge, error) {
	e := &edge{size: int64(size)}
	for level := 0; size>>(tileHeight*level) > 0; level++ {
		begun := int64(size) >> (tileHeight * level)
		width := int(begun % tileWidth)
		if width == 0 {
			e.rows = append(e.rows, nil)
			continue
		}
		n := begun >> tileHeight
		row, err := get(txn, tileKey(level, n))
		if err != nil {
			return nil, fmt.Errorf("tile %d of level %d: %w", n, level, err)
		}
		if len(row) != width*tlog.HashSize {
			return nil, fmt.Errorf("tile %d of level %d has %d bytes, %d events want %d: %w", n, level, len(row), size, width*tlog.HashSize, ErrDamaged)
		}
		e.rows = append(e.rows, row)
	}
	if size == 0 {
		return e, nil
	}
	got, err := tiles(txn).ReadHashes([]int64{tlog.StoredHashIndex(0, int64(size)-1)})
	if err != nil {
		return nil, err
	}
	if want := tlog.RecordHash(last); !bytes.Equal(got[0][:], want[:]) {
		return nil, fmt.Errorf("event %d is not the leaf that the tree has: %w", size, ErrDamaged)
	}
	return e, nil
}
