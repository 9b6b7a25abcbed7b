package eventlog

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"runtime"
	"slices"

	"github.com/dgraph-io/badger/v4"

	"github.com/aobench/aobench/event"
)

// scanChunk is how many events one read transaction covers.
const scanChunk = 256

// Events yields the events after a seq, up to the head at the time of the call of the iterator. An error is the last
// thing that it yields; ctx's is one. Stopping early is fine.
func (l *Log) Events(ctx context.Context, after event.Seq) iter.Seq2[event.Event, error] {
	return scan(ctx, l, after, event.Decode)
}

// Raw is Events as the canonical bytes that the log keeps, for who exports or verifies them. The slices are the
// caller's own.
func (l *Log) Raw(ctx context.Context, after event.Seq) iter.Seq2[[]byte, error] {
	return scan(ctx, l, after, func(b []byte) ([]byte, error) { return slices.Clone(b), nil })
}

type chunk[T any] struct {
	values []T
	err    error
}

// scan reads chunks in short transactions, several at the same time since seqs have no gaps, and yields them in order.
// decode must not keep its argument.
func scan[T any](ctx context.Context, l *Log, after event.Seq, decode func([]byte) (T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		var none T
		head, next := l.Head(), after+1
		ahead := make([]chan chunk[T], 0, runtime.GOMAXPROCS(0)+1)
		defer func() { // every reader has a channel of its own to end into
			for _, c := range ahead {
				<-c
			}
		}()
		for {
			for ; len(ahead) < cap(ahead) && next <= head && next > after; next += scanChunk {
				c := make(chan chunk[T], 1)
				ahead = append(ahead, c)
				go func(from event.Seq) { c <- readChunk(ctx, l.db, from, min(head, from+scanChunk-1), decode) }(next)
			}
			if len(ahead) == 0 {
				return
			}
			got := <-ahead[0]
			ahead = slices.Delete(ahead, 0, 1)
			for _, v := range got.values {
				if !yield(v, nil) {
					return
				}
			}
			if got.err != nil {
				yield(none, got.err)
				return
			}
		}
	}
}

// readChunk decodes the events from..to in one read transaction, and says what came before an error.
func readChunk[T any](ctx context.Context, db *badger.DB, from, to event.Seq, decode func([]byte) (T, error)) chunk[T] {
	if err := ctx.Err(); err != nil {
		return chunk[T]{err: fmt.Errorf("read events from %d: %w", from, err)}
	}
	values := make([]T, 0, to-from+1)
	err := db.View(func(txn *badger.Txn) error {
		// Without prefetching: it starts a goroutine for each value, and ours lie beside their keys.
		it := txn.NewIterator(badger.IteratorOptions{Prefix: []byte{prefixEvent}})
		defer it.Close()
		it.Seek(eventKey(from))
		for seq := from; seq <= to; seq++ {
			if !it.Valid() || !bytes.Equal(it.Item().Key(), eventKey(seq)) {
				return fmt.Errorf("event %d is missing: %w", seq, ErrDamaged)
			}
			if err := it.Item().Value(func(b []byte) error {
				v, err := decode(b)
				values = append(values, v)
				return err
			}); err != nil {
				values = values[:seq-from]
				return fmt.Errorf("read event %d: %w", seq, err)
			}
			it.Next()
		}
		return nil
	})
	return chunk[T]{values, err}
}
