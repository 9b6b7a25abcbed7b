package eventlog

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/dgraph-io/badger/v4"

	"github.com/aobench/aobench/event"
)

// maxSnapshots is how many snapshots are kept of one name.
const maxSnapshots = 16

// maxName bounds a snapshot's name, in bytes.
const maxName = 64

// Snapshot returns the newest snapshot of that name and version whose seq is at most atMost, or ErrNotFound. A snapshot
// is a shortcut, never the truth: a caller that cannot read one folds from the first event.
func (l *Log) Snapshot(name string, version int, atMost event.Seq) (event.Seq, []byte, error) {
	kept, err := l.snapshots(name)
	if err != nil {
		return 0, nil, fmt.Errorf("read snapshot %s: %w", name, err)
	}
	for i := len(kept) - 1; i >= 0; i-- {
		if s := kept[i]; s.version == uint32(version) && s.seq <= atMost && s.seq <= l.Head() {
			data, err := l.bulk(snapshotKey(name, s.version, s.seq))
			if err != nil {
				return 0, nil, fmt.Errorf("read snapshot %s at %d: %w", name, s.seq, err)
			}
			return s.seq, data, nil
		}
	}
	return 0, nil, fmt.Errorf("snapshot %s version %d at %d: %w", name, version, atMost, ErrNotFound)
}

// PutSnapshot keeps data as the state of a fold at seq. Those of other versions of that name are dropped, since no code
// reads them, and where more than 16 would stay, one of the densest, so that they remain spread over the log.
func (l *Log) PutSnapshot(name string, version int, seq event.Seq, data []byte) error {
	if err := l.putSnapshot(name, version, seq, data); err != nil {
		return fmt.Errorf("put snapshot %s at %d: %w", name, seq, err)
	}
	return nil
}

func (l *Log) putSnapshot(name string, version int, seq event.Seq, data []byte) error {
	if len(name) == 0 || len(name) > maxName || strings.ContainsRune(name, 0) || version < 0 || version > math.MaxUint32 {
		return fmt.Errorf("a name has 1 to %d bytes, a version 32 bits", maxName)
	}
	if head := l.Head(); seq > head {
		return fmt.Errorf("the log ends at %d", head)
	}
	kept, err := l.snapshots(name)
	if err != nil {
		return err
	}
	// If we crash in here, some old snapshots or the new one are missing: a fold starts further back.
	same := []snapshot{{version: uint32(version), seq: seq, chunks: chunksOf(len(data))}}
	for _, s := range kept {
		if s.version == uint32(version) && s.seq != seq {
			same = append(same, s)
		} else if err := l.dropSnapshot(name, s); err != nil {
			return err
		}
	}
	if err := l.putBulk(context.Background(), snapshotKey(name, uint32(version), seq), data); err != nil {
		return err
	}
	if len(same) <= maxSnapshots {
		return nil
	}
	slices.SortFunc(same, func(a, b snapshot) int { return cmp.Compare(a.seq, b.seq) })
	return l.dropSnapshot(name, densest(same))
}

type snapshot struct {
	version uint32
	seq     event.Seq
	chunks  int
}

// densest returns the snapshot, neither first nor last, whose neighbours are nearest to each other.
func densest(s []snapshot) snapshot {
	best := 1
	for i := 2; i < len(s)-1; i++ {
		if s[i+1].seq-s[i-1].seq < s[best+1].seq-s[best-1].seq {
			best = i
		}
	}
	return s[best]
}

// snapshots lists those of a name, by version and seq.
func (l *Log) snapshots(name string) (out []snapshot, err error) {
	prefix := snapshotPrefix(name)
	err = l.db.View(func(txn *badger.Txn) error {
		it := txn.NewIterator(badger.IteratorOptions{Prefix: prefix})
		defer it.Close()
		for it.Rewind(); it.Valid(); it.Next() {
			k := it.Item().Key()[len(prefix):]
			meta, err := it.Item().ValueCopy(nil)
			if err != nil {
				return err
			}
			if len(k) != 12 || len(meta) < 8 {
				return fmt.Errorf("row %x: %w", it.Item().Key(), ErrDamaged)
			}
			out = append(out, snapshot{
				version: binary.BigEndian.Uint32(k), seq: event.Seq(binary.BigEndian.Uint64(k[4:])),
				chunks: chunksOf(int(binary.BigEndian.Uint64(meta))),
			})
		}
		return nil
	})
	return out, err
}

// dropSnapshot removes a snapshot in one transaction: at most 128 chunks and a row.
func (l *Log) dropSnapshot(name string, s snapshot) error {
	return l.update(func(txn *badger.Txn) error {
		key := snapshotKey(name, s.version, s.seq)
		for n := range s.chunks {
			if err := txn.Delete(chunkKey(key, n)); err != nil {
				return err
			}
		}
		return txn.Delete(key)
	})
}
