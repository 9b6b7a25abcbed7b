package eventlog

import (
	"testing"

	"github.com/dgraph-io/badger/v4"

	"github.com/aobench/aobench/event"
)

// A KV is a row of the database.
type KV struct{ Key, Value []byte }

// Batches returns, for consecutive batches of n bodies from an empty log, the very rows that the log writes in one
// transaction each.
func Batches(t testing.TB, n int, bodies []event.Body) (out [][]KV) {
	s := state{edge: &edge{}}
	for len(bodies) > 0 {
		b, n := newBatch(s), min(n, len(bodies))
		p := part{recorded: 1_700_000_000_000}
		for i, body := range bodies[:n] {
			p.rows = append(p.rows, row{seq: s.head + event.Seq(i) + 1, id: body.ID(), body: body})
		}
		if err := encode(p.rows, p.recorded, 1); err != nil {
			t.Fatal(err)
		}
		b.add(&request{}, p)
		b.next.edge.partial(b.addTile)
		var rows []KV
		if err := b.write(func(k, v []byte) error { rows = append(rows, KV{k, v}); return nil }); err != nil {
			t.Fatal(err)
		}
		out, s, bodies = append(out, rows), b.next, bodies[n:]
	}
	return out
}

// BadgerOptions are those of every log.
func BadgerOptions(dir string) badger.Options {
	return badgerOptions(dir).WithLogger(nil)
}

// DB is the database of a log.
func (l *Log) DB() *badger.DB { return l.db }

// WithFree has a log ask f for the free space of its disk.
func (o Options) WithFree(f func(dir string) (uint64, error)) Options {
	o.free = f
	return o
}

// Free is what asks for the free space.
func (o Options) Free() func(dir string) (uint64, error) { return o.free }

// Options are those that the log was opened with.
func (l *Log) Options() Options { return l.opts }
