package eventlog_test

import (
	"encoding/binary"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/eventlog"
	"github.com/aobench/aobench/eventlog/eventlogtest"
)

// Each benchmark of ours has its limit beside it: bare Badger with the same options doing the same to the same rows.
// The unit is one event of about 1.5 kB; 256 are one transaction.

const benchBytes = 1500

func bodies(n int) []event.Body { return someBodies(0, n) }

// someBodies makes n messages from the from-th on. They share what does not make them different, so that a benchmark
// measures the log and not the collection of a caller's garbage.
func someBodies(from, n int) []event.Body {
	out := make([]event.Body, n)
	for i := range out {
		m := samples[(from+i)%len(samples)]
		binary.BigEndian.PutUint64(m.Item.ID[:], uint64(from+i))
		binary.BigEndian.PutUint64(m.Item.ID[24:], uint64(from+i)*0x9e3779b97f4a7c15)
		out[i] = m
	}
	return out
}

var samples = func() (out [256]event.MessageObserved) {
	for i := range out {
		out[i] = eventlogtest.Message(uint64(i), benchBytes)
	}
	return out
}()

func report(b *testing.B) { b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "events/s") }

// BenchmarkAppend appends as who fills a log does: more in a call than one transaction takes, so that the next is built
// while one is synced.
func BenchmarkAppend(b *testing.B) { appendCalls(b, 16*eventlog.MaxBatch) }

// BenchmarkAppendCalls waits for each transaction before it makes the events of the next.
func BenchmarkAppendCalls(b *testing.B) { appendCalls(b, eventlog.MaxBatch) }

func appendCalls(b *testing.B, size int) {
	l := open(b, eventlog.Options{Dir: b.TempDir()})
	b.ResetTimer()
	for i := 0; i < b.N; i += size {
		if _, err := l.Append(b.Context(), someBodies(i, min(size, b.N-i))...); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	report(b)
}

func BenchmarkAppendRawBadger(b *testing.B) {
	db := openRaw(b)
	all := eventlog.Batches(b, eventlog.MaxBatch, bodies(b.N))
	b.ResetTimer()
	for _, rows := range all {
		if err := db.Update(func(txn *badger.Txn) error {
			for _, r := range rows {
				if err := txn.Set(r.Key, r.Value); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	report(b)
}

func openRaw(b *testing.B) *badger.DB {
	db, err := badger.Open(eventlog.BadgerOptions(b.TempDir()))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	return db
}

func filled(b *testing.B) *eventlog.Log {
	l := open(b, eventlog.Options{Dir: b.TempDir()})
	if _, err := l.Append(b.Context(), bodies(b.N)...); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	return l
}

func BenchmarkReplay(b *testing.B) {
	n := 0
	for _, err := range filled(b).Events(b.Context(), 0) {
		if err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.StopTimer()
	if n != b.N {
		b.Fatalf("%d events, want %d", n, b.N)
	}
	report(b)
}

func BenchmarkScanRawBadger(b *testing.B) { scanRaw(b, badger.DefaultIteratorOptions) }

// BenchmarkScanRawBadgerNoPrefetch is the fastest that Badger can do: no value is even copied.
func BenchmarkScanRawBadgerNoPrefetch(b *testing.B) {
	o := badger.DefaultIteratorOptions
	o.PrefetchValues = false
	scanRaw(b, o)
}

func scanRaw(b *testing.B, o badger.IteratorOptions) {
	o.Prefix = []byte{'e'}
	n, size := 0, 0
	if err := filled(b).DB().View(func(txn *badger.Txn) error {
		it := txn.NewIterator(o)
		defer it.Close()
		for it.Rewind(); it.Valid(); it.Next() {
			if err := it.Item().Value(func(v []byte) error { n++; size += len(v); return nil }); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	if n != b.N {
		b.Fatalf("%d events, want %d", n, b.N)
	}
	report(b)
	b.ReportMetric(float64(size)/float64(n), "B/event")
}
