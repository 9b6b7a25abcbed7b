package eventlog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dgraph-io/badger/v4"

	"github.com/aobench/aobench/event"
)

// MaxBatch is the most events, and MaxBatchBytes the most of their bytes, that one transaction takes. They are within
// Badger's limit of 15 % of a memtable.
const (
	MaxBatch      = 256
	MaxBatchBytes = 4 << 20
)

// Append adds the bodies that the log does not have, in order, and returns the seq of each: the earlier one for those
// that it has. What it returns without an error is on disk.
//
// A call of up to 64 events, or of up to 256 events whose bytes are at most MaxBatchBytes, is one transaction: after a
// crash all of it is there or nothing. A longer call is appended in such parts, one after another. Calls that wait at
// the same time share a transaction. On an error the seqs of the parts that are in the log are returned with it;
// appending everything again is always safe. When ctx ends, no further part is begun.
func (l *Log) Append(ctx context.Context, bodies ...event.Body) ([]event.Seq, error) {
	return l.append(&request{ctx: ctx, bodies: bodies})
}

// AppendAt appends the bodies as Append does, but only if the log's head is still at when their turn comes; it reports
// whether it was. A decision made from the state at a seq is recorded this way: it is then the next event after what
// it was made from. At most MaxBatch bodies.
func (l *Log) AppendAt(ctx context.Context, at event.Seq, bodies ...event.Body) (bool, error) {
	if len(bodies) > MaxBatch {
		return false, fmt.Errorf("append %d events at seq %d: at most %d fit into one transaction", len(bodies), at, MaxBatch)
	}
	_, err := l.append(&request{ctx: ctx, bodies: bodies, at: &at})
	if errors.Is(err, errMoved) {
		return false, nil
	}
	return err == nil, err
}

// errMoved says that the log's head is not where AppendAt wants it.
var errMoved = errors.New("the log has grown")

func (l *Log) append(r *request) ([]event.Seq, error) {
	ctx, bodies := r.ctx, r.bodies
	if len(bodies) == 0 {
		return []event.Seq{}, ctx.Err()
	}
	if l.opts.ReadOnly {
		return nil, fmt.Errorf("append %d events: %w", len(bodies), l.writable())
	}
	select {
	case <-l.closing: // under load the select below could go on choosing the other case
		return nil, fmt.Errorf("append %d events: %w", len(bodies), ErrClosed)
	default:
	}
	r.seqs, r.done = make([]event.Seq, 0, len(bodies)), make(chan struct{})
	select {
	case l.requests <- r:
		<-r.done // a commit of a local disk away
	case <-ctx.Done():
		r.err = ctx.Err()
	case <-l.closing:
		r.err = ErrClosed
	}
	if r.err != nil {
		return r.seqs[:r.durable], fmt.Errorf("append %d events: %w", len(bodies), r.err)
	}
	return r.seqs, nil
}

// A request is one call of Append. It belongs to the appender until done is closed.
type request struct {
	ctx     context.Context
	bodies  []event.Body
	at      *event.Seq  // where the head must be; nil: anywhere
	seqs    []event.Seq // of those that are in a batch
	durable int         // how many of them are on disk
	err     error
	ended   bool
	done    chan struct{}
}

func (r *request) end(err error) {
	if !r.ended {
		r.err, r.ended = err, true
		close(r.done)
	}
}

// appender is the only goroutine that gives seqs. While one batch is being committed it builds the next from whatever
// calls are waiting, so that no call ever waits for others to come.
type appender struct {
	l        *Log
	building *batch
	held     *request // has bodies that did not fit into building: first of the next batch
	flying   *batch   // being committed; nil for none
	landed   chan error
	view     *badger.Txn // sees everything before flying
	known    *filter
}

func newAppender(l *Log, known *filter) *appender {
	return &appender{l: l, building: newBatch(l.state), landed: make(chan error, 1), known: known}
}

func (l *Log) run(known *filter) {
	defer close(l.stopped)
	a := newAppender(l, known)
	defer a.discardView()
	tick := time.NewTicker(checkpointEvery)
	defer tick.Stop()
	for {
		requests := l.requests
		if a.full() {
			requests = nil // until flying has landed
		}
		closing := l.closing
		if a.flying != nil {
			closing = nil // first see how it ends
		}
		select {
		case r := <-requests:
			a.take(r)
			a.drain()
		case err := <-a.landed:
			a.land(err)
		case <-tick.C:
			if err := l.sign(); err != nil {
				l.log.Error("checkpoint not written", "err", err)
			}
		case <-closing:
			return
		}
		if a.flying == nil {
			a.launch()
		}
	}
}

func (a *appender) full() bool { return a.held != nil || len(a.building.rows) >= MaxBatch }

// drain takes the calls that are waiting right now.
func (a *appender) drain() {
	for !a.full() {
		select {
		case r := <-a.l.requests:
			a.take(r)
		default:
			return
		}
	}
}

// take adds the next part of a call to the batch that is being built: all of the part or nothing.
func (a *appender) take(r *request) {
	err := a.l.writable()
	if err == nil {
		err = r.ctx.Err()
	}
	if err == nil && r.at != nil && len(r.seqs) == 0 && a.building.next.head != *r.at {
		err = errMoved
	}
	var p part
	if err == nil {
		p, err = a.part(r)
	}
	if err == nil && r.at != nil && len(p.seqs) < len(r.bodies) {
		err = fmt.Errorf("more than %d bytes do not fit into one transaction", MaxBatchBytes)
	}
	b := a.building
	switch {
	case err != nil:
		b.waiting = append(b.waiting, waiter{r, len(r.seqs), true, err}) // told after its parts before this one
	case len(b.rows) == 0 || len(b.rows)+len(p.rows) <= MaxBatch && b.bytes+p.bytes <= MaxBatchBytes:
		b.add(r, p)
		if len(r.seqs) < len(r.bodies) {
			a.held = r
		}
	default:
		a.held = r
	}
}

func (a *appender) discardView() {
	if a.view != nil {
		a.view.Discard()
		a.view = nil
	}
}
