package eventlog

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"

	"github.com/aobench/aobench/event"
)

// Options say how a log is opened. The zero value of every field but Dir is good.
type Options struct {
	Dir      string              // the log's directory; made when it does not exist
	ReadOnly bool                // read a log whose writer has stopped
	Signer   string              // signer key of checkpoints (golang.org/x/mod/sumdb/note); "" is <Dir>/checkpoint.key
	Now      func() event.Millis // the clock that events are recorded by; nil is the wall clock
	MinFree  uint64              // free bytes of the disk below which nothing is written; 0 is 256 MiB
	Logger   *slog.Logger        // nil is silence

	free func(dir string) (uint64, error) // for tests; nil asks the file system
}

// DefaultMinFree is Options.MinFree when it is zero. It leaves Badger room to flush what is in memory and to compact.
const DefaultMinFree = 256 << 20

// Open opens the log for its one writer, or for reading.
//
// It refuses a log that ends before its checkpoint or has another root there (ErrDamaged), one that another process has
// open (ErrLocked), and one whose tables have wrong checksums. With ReadOnly, several processes may read a log that was
// closed; one whose writer was killed must be opened for writing once, because its tail has to be cut.
func Open(o Options) (*Log, error) {
	o = withDefaults(o)
	l, err := open(o)
	if err != nil {
		return nil, fmt.Errorf("open log %s: %w", o.Dir, err)
	}
	return l, nil
}

func withDefaults(o Options) Options {
	if o.Now == nil {
		o.Now = func() event.Millis { return event.Millis(time.Now().UnixMilli()) }
	}
	if o.MinFree == 0 {
		o.MinFree = DefaultMinFree
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.free == nil {
		o.free = freeBytes
	}
	return o
}

func open(o Options) (*Log, error) {
	if !o.ReadOnly {
		if err := os.MkdirAll(filepath.Join(o.Dir, "db"), 0o700); err != nil {
			return nil, err
		}
		if err := enoughSpace(o); err != nil { // opening flushes, and a full disk kills Badger
			return nil, err
		}
	}
	held, err := lock(o.Dir, o.ReadOnly)
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("there is no log to read: %w", err)
	}
	if err != nil {
		return nil, err
	}
	l, err := openLocked(o)
	if err != nil {
		_ = held.Close() // the first error says more
		return nil, err
	}
	l.lock = held
	return l, nil
}

func openLocked(o Options) (*Log, error) {
	if err := checkTables(filepath.Join(o.Dir, "db")); err != nil {
		return nil, err
	}
	db, err := openBadger(o)
	if err != nil {
		return nil, err
	}
	l := &Log{
		db: db, opts: o, log: o.Logger,
		requests: make(chan *request), closing: make(chan struct{}), stopped: make(chan struct{}),
		changed: make(chan struct{}),
	}
	if err := l.load(); err != nil {
		_ = db.Close()
		return nil, err
	}
	if o.ReadOnly {
		close(l.stopped)
		return l, nil
	}
	var known *filter
	if err := db.View(func(txn *badger.Txn) error { known = loadFilter(txn); return nil }); err != nil {
		_ = db.Close()
		return nil, err
	}
	go l.run(known)
	return l, nil
}

// load reads the head, and compares it with the checkpoint.
func (l *Log) load() (err error) {
	if l.keys, err = loadKeys(l.opts); err != nil {
		return err
	}
	err = l.db.View(func(txn *badger.Txn) error {
		last, err := lastEvent(txn)
		if err != nil || last == nil {
			l.state = state{edge: &edge{}}
			return err
		}
		e, err := event.Decode(last)
		if err != nil {
			return err
		}
		l.state = state{head: e.Seq, recorded: e.Recorded}
		l.state.edge, err = loadEdge(txn, e.Seq, last)
		return err
	})
	if err != nil {
		return err
	}
	return l.checkCheckpoint()
}

// lastEvent returns the bytes of the newest event, nil for none.
func lastEvent(txn *badger.Txn) ([]byte, error) {
	it := txn.NewIterator(badger.IteratorOptions{Reverse: true, Prefix: []byte{prefixEvent}})
	defer it.Close()
	it.Seek(eventKey(^event.Seq(0)))
	if !it.Valid() {
		return nil, nil
	}
	return it.Item().ValueCopy(nil)
}

func openBadger(o Options) (*badger.DB, error) {
	b := badgerOptions(filepath.Join(o.Dir, "db")).WithReadOnly(o.ReadOnly).WithLogger(badgerLogger{o.Logger})
	db, err := badger.Open(b)
	if err != nil && strings.Contains(err.Error(), "Create a new file") {
		// A crash between making and initialising a memtable's file leaves an empty one, which Badger initialises and then
		// complains about (its issue 2207; the error is exported but not wrapped). Nothing was in it. Once, no more.
		o.Logger.Warn("log had an empty memtable file, opening it again", "err", err)
		db, err = badger.Open(b)
	}
	switch {
	case err == nil:
		return db, nil
	case strings.Contains(err.Error(), "Cannot acquire directory lock"):
		return nil, fmt.Errorf("%w: %w", ErrLocked, err)
	case errors.Is(err, badger.ErrTruncateNeeded) || strings.Contains(err.Error(), badger.ErrTruncateNeeded.Error()):
		return nil, fmt.Errorf("its writer did not close it; start and stop the writer once, or open a copy for writing: %w", err)
	case strings.Contains(err.Error(), "checksum"):
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	default:
		return nil, err
	}
}

// badgerOptions are those that BenchmarkAppendRawBadger and every log use.
func badgerOptions(dir string) badger.Options {
	return badger.DefaultOptions(dir).
		WithSyncWrites(true).
		WithDetectConflicts(false). // one writer
		WithChecksumVerificationMode(options.OnTableRead).
		WithCompression(options.None).
		WithMemTableSize(32 << 20). // 15 % of it is the limit of a transaction
		WithNumMemtables(2).
		WithNumCompactors(2).
		WithBlockCacheSize(0). // blocks are not compressed: they are read where they are mapped
		WithIndexCacheSize(32 << 20).
		WithValueThreshold(1 << 20). // no value is as long: the value log stays empty
		WithValueLogFileSize(16 << 20).
		WithMetricsEnabled(false)
}

// badgerLogger is badger.Logger over slog.
type badgerLogger struct{ log *slog.Logger }

func (b badgerLogger) Errorf(f string, a ...any)   { b.log.Error("badger", "msg", line(f, a)) }
func (b badgerLogger) Warningf(f string, a ...any) { b.log.Warn("badger", "msg", line(f, a)) }
func (b badgerLogger) Infof(f string, a ...any)    { b.log.Debug("badger", "msg", line(f, a)) }
func (b badgerLogger) Debugf(string, ...any)       {}

func line(f string, a []any) string { return strings.TrimSpace(fmt.Sprintf(f, a...)) }
