package eventlog

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"

	"github.com/dgraph-io/badger/v4"

	"github.com/aobench/aobench/event"
)

// What a caller can do about an error.
var (
	// ErrReadOnly: nothing was written; the disk is nearly full or the log was opened for reading. Reads go on.
	ErrReadOnly = errors.New("the log is read-only")
	// ErrFatal: a commit failed, and what is on disk is not known. Stop the process: opening the log again is the recovery.
	ErrFatal = errors.New("the log cannot be written any more, stop and start again")
	// ErrLocked: another process has the log open.
	ErrLocked = errors.New("another process has the log open")
	// ErrNotFound: no such event, blob, snapshot or size of the tree.
	ErrNotFound = errors.New("not in the log")
	// ErrDamaged: what is on disk is not what was written. Nothing repairs it; restore a copy.
	ErrDamaged = errors.New("the log is damaged")
	// ErrClosed: the log was closed by this process.
	ErrClosed = errors.New("the log is closed")
)

// A Log is an open log. Its methods may be called from any goroutine.
type Log struct {
	db   *badger.DB
	opts Options
	log  *slog.Logger
	keys keys
	lock io.Closer // held while the log is open

	requests chan *request
	closing  chan struct{} // closed by Close: no more requests are taken
	stopped  chan struct{} // closed when the appender has ended
	closed   sync.Once

	mu      sync.Mutex
	state   state
	changed chan struct{}
	fatal   error

	signMu sync.Mutex // one checkpoint at a time, each for a head at least as new
	signed event.Seq  // size of the newest checkpoint on disk
}

// A state is what the log is at a head: everything that the next append needs.
type state struct {
	head     event.Seq
	recorded event.Millis // of event head
	edge     *edge
}

// Head returns the seq of the newest event; 0 for none. All events up to it are on disk.
func (l *Log) Head() event.Seq {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.state.head
}

// Changed returns a channel that is closed when the head moves. Get it, then look at Head, then wait.
func (l *Log) Changed() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed
}

// Lookup returns the seq of the event with that id, and whether there is one.
func (l *Log) Lookup(id event.ID) (seq event.Seq, ok bool, err error) {
	err = l.db.View(func(txn *badger.Txn) error {
		seq, ok, err = lookup(txn, id)
		return err
	})
	if err != nil {
		return 0, false, fmt.Errorf("look up %s: %w", id, err)
	}
	if seq > l.Head() { // committed this moment and not yet announced
		return 0, false, nil
	}
	return seq, ok, nil
}

func lookup(txn *badger.Txn, id event.ID) (event.Seq, bool, error) {
	item, err := txn.Get(idKey(id))
	if errors.Is(err, badger.ErrKeyNotFound) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, err
	}
	var seq event.Seq
	err = item.Value(func(v []byte) (err error) {
		seq, err = parseSeq(v)
		return err
	})
	return seq, err == nil, err
}

// Event returns the event at seq, or ErrNotFound.
func (l *Log) Event(seq event.Seq) (e event.Event, err error) {
	if seq == 0 || seq > l.Head() {
		return e, fmt.Errorf("event %d: %w", seq, ErrNotFound)
	}
	err = l.db.View(func(txn *badger.Txn) error {
		item, err := txn.Get(eventKey(seq))
		if err != nil {
			return err
		}
		return item.Value(func(v []byte) (err error) {
			e, err = event.Decode(v)
			return err
		})
	})
	if err != nil {
		return event.Event{}, fmt.Errorf("read event %d: %w", seq, err)
	}
	return e, nil
}

// get returns a copy of a value, or ErrNotFound.
func get(txn *badger.Txn, key []byte) ([]byte, error) {
	item, err := txn.Get(key)
	if errors.Is(err, badger.ErrKeyNotFound) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return item.ValueCopy(nil)
}

// Close writes the last checkpoint and closes the log. Appends that have not begun get ErrClosed.
func (l *Log) Close() (err error) {
	l.closed.Do(func() {
		close(l.closing)
		<-l.stopped
		if !l.opts.ReadOnly && l.failure() == nil {
			err = l.sign()
		}
		if e := l.db.Close(); err == nil && e != nil {
			err = fmt.Errorf("close log %s: %w", l.opts.Dir, e)
		}
		if e := l.lock.Close(); err == nil && e != nil {
			err = fmt.Errorf("close log %s: %w", l.opts.Dir, e)
		}
	})
	return err
}

func (l *Log) failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fatal
}

// fail makes the log refuse all further writes.
func (l *Log) fail(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fatal == nil {
		l.fatal = fmt.Errorf("%w: %w", ErrFatal, err)
	}
	return l.fatal
}
