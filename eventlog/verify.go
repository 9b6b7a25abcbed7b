package eventlog

import (
	"bytes"
	"context"
	"fmt"

	"github.com/dgraph-io/badger/v4"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/aobench/aobench/event"
)

// Verify reads the whole log and proves it to be one: seqs without gaps, canonical bytes, every id its body's and known
// at that seq only, recorded times that never decrease, tiles and root those of the events, tables with right checksums.
// progress, where not nil, is called about every 256 events with how far it is. The head is that at the call.
func (l *Log) Verify(ctx context.Context, progress func(done, head event.Seq)) error {
	if err := l.verify(ctx, progress); err != nil {
		return fmt.Errorf("verify log %s: %w", l.opts.Dir, err)
	}
	return nil
}

func (l *Log) verify(ctx context.Context, progress func(done, head event.Seq)) error {
	if err := l.db.VerifyChecksum(); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	head := l.Head()
	v := verifier{l: l}
	for s, err := range scan(ctx, l, 0, said) {
		if err != nil {
			return err
		}
		if v.seq == head {
			break
		}
		if err := v.event(s); err != nil {
			return err
		}
		if progress != nil && (v.seq%scanChunk == 0 || v.seq == head) {
			progress(v.seq, head)
		}
	}
	return v.end(ctx, head)
}

type verifier struct {
	l        *Log
	seq      event.Seq
	recorded event.Millis
	edge     edge
	err      error // the first tile that differs
}

// A statement is what an event's bytes say that can only be judged beside other rows.
type statement struct {
	seq      event.Seq
	id       event.ID
	recorded event.Millis
	leaf     tlog.Hash
}

// said proves bytes to be those of an event.
func said(b []byte) (statement, error) {
	e, err := event.DecodeCanonical(b)
	if err != nil {
		return statement{}, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return statement{e.Seq, e.ID, e.Recorded, tlog.RecordHash(b)}, nil
}

func (v *verifier) event(s statement) error {
	v.seq++
	if s.seq != v.seq {
		return fmt.Errorf("event %d says seq %d: %w", v.seq, s.seq, ErrDamaged)
	}
	if s.recorded < v.recorded {
		return fmt.Errorf("event %d was recorded at %s, the one before at %s: %w", v.seq, s.recorded, v.recorded, ErrDamaged)
	}
	v.recorded = s.recorded
	at, ok, err := v.l.Lookup(s.id)
	if err != nil {
		return err
	}
	if !ok || at != v.seq { // a second event of that id would have another seq here
		return fmt.Errorf("event %d: its id %s stands at %d: %w", v.seq, s.id, at, ErrDamaged)
	}
	v.edge.add(s.leaf, v.tile)
	return v.err
}

// tile compares a full tile with the log's.
func (v *verifier) tile(level int, n int64, row []byte) {
	v.compare(level, n, row, bytes.Equal)
}

func (v *verifier) compare(level int, n int64, row []byte, equal func(stored, row []byte) bool) {
	err := v.l.db.View(func(txn *badger.Txn) error {
		stored, err := get(txn, tileKey(level, n))
		if err == nil && !equal(stored, row) {
			err = ErrDamaged
		}
		return err
	})
	if err != nil && v.err == nil {
		v.err = fmt.Errorf("tile %d of level %d is not that of the events: %w", n, level, err)
	}
}

// end checks what can only be seen with all events read.
func (v *verifier) end(ctx context.Context, head event.Seq) error {
	if v.seq != head {
		return fmt.Errorf("events end at %d, the head is %d: %w", v.seq, head, ErrDamaged)
	}
	// Appends may have made these tiles longer meanwhile.
	v.edge.partial(func(level int, n int64, row []byte) { v.compare(level, n, row, bytes.HasPrefix) })
	if v.err != nil {
		return v.err
	}
	return v.l.verifyIDs(ctx, head)
}

// verifyIDs proves that no id stands for a seq that is not there: those that are were looked up one by one.
func (l *Log) verifyIDs(ctx context.Context, head event.Seq) error {
	var ids, rows event.Seq
	return l.db.View(func(txn *badger.Txn) error {
		it := txn.NewIterator(badger.IteratorOptions{Prefix: []byte{prefixID}})
		defer it.Close()
		for it.Rewind(); it.Valid(); it.Next() {
			if rows++; rows%4096 == 0 && ctx.Err() != nil {
				return ctx.Err()
			}
			var seq event.Seq
			if err := it.Item().Value(func(b []byte) (err error) { seq, err = parseSeq(b); return err }); err != nil {
				return err
			}
			if seq <= head { // the others are being appended
				ids++
			}
		}
		if ids != head {
			return fmt.Errorf("%d ids for %d events: %w", ids, head, ErrDamaged)
		}
		return nil
	})
}
