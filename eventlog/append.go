package eventlog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dgraph-io/badger/v4"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/aobench/aobench/event"
)

// MaxBatch is the most events, and MaxBatchBytes the most of their bytes, that one transaction takes. They are within
// Badger's limit of 15 % of a memtable.
const (
	MaxBatch      = 256
	MaxBatchBytes = 4 << 20
)

// errSplit says that a call's events are too many bytes for one transaction.
var errSplit = errors.New("more bytes than one transaction takes")

// Append adds the bodies that the log does not have, in order, and returns the seq of each: the earlier one for those
// that it has. What it returns without an error is on disk.
//
// A call of up to 64 events, or of up to 256 events whose bytes are at most MaxBatchBytes, is one transaction: after a
// crash all of it is there or nothing. A longer call is appended in such parts, one after another. Calls that wait at
// the same time share a transaction. On an error the seqs of the parts that are in the log are returned with it;
// appending everything again is always safe. When ctx ends before a part was begun, that part is not appended.
func (l *Log) Append(ctx context.Context, bodies ...event.Body) ([]event.Seq, error) {
	seqs := make([]event.Seq, 0, len(bodies))
	for len(bodies) > 0 {
		n := min(len(bodies), MaxBatch)
		part, err := l.appendPart(ctx, bodies[:n])
		seqs = append(seqs, part...)
		if err != nil {
			return seqs, fmt.Errorf("append %d events: %w", n, err)
		}
		bodies = bodies[n:]
	}
	return seqs, nil
}

func (l *Log) appendPart(ctx context.Context, bodies []event.Body) ([]event.Seq, error) {
	select {
	case <-l.closing: // under load the select below could go on choosing the other case
		return nil, ErrClosed
	default:
	}
	r := &request{bodies: bodies, done: make(chan struct{})}
	select {
	case l.requests <- r:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-l.closing:
		return nil, ErrClosed
	}
	<-r.done // one commit of a local disk away
	if errors.Is(r.err, errSplit) && len(bodies) > 1 {
		first, err := l.appendPart(ctx, bodies[:len(bodies)/2])
		if err != nil {
			return first, err
		}
		second, err := l.appendPart(ctx, bodies[len(bodies)/2:])
		return append(first, second...), err
	}
	return r.seqs, r.err
}

type request struct {
	bodies []event.Body
	seqs   []event.Seq
	err    error
	done   chan struct{}
}

func (r *request) finish(err error) {
	if r.err = err; err != nil {
		r.seqs = nil
	}
	close(r.done)
}

// appender is the only goroutine that gives seqs. While one batch is being committed it builds the next from whatever
// calls are waiting, so that no call ever waits for others to come.
type appender struct {
	l        *Log
	building *batch
	held     *request // did not fit into building: first of the next batch
	flying   *batch   // being committed; nil for none
	landed   chan error
	view     *badger.Txn // sees everything before flying
}

func (l *Log) run() {
	defer close(l.stopped)
	a := &appender{l: l, landed: make(chan error, 1)}
	a.building = newBatch(l.state)
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

// take adds a call to the batch that is being built, whole or not at all.
func (a *appender) take(r *request) {
	if err := a.l.writable(); err != nil {
		r.finish(err)
		return
	}
	if a.view == nil {
		a.view = a.l.db.NewTransaction(false)
	}
	rows, err := a.encode(r)
	if err != nil {
		r.finish(err)
		return
	}
	size := 0
	for _, row := range rows {
		size += len(row.bytes)
	}
	b := a.building
	switch {
	case len(b.rows)+len(rows) <= MaxBatch && b.bytes+size <= MaxBatchBytes:
		b.add(r, rows, size)
	case len(b.rows) == 0:
		r.finish(errSplit)
	default:
		a.held = r
	}
}

// encode gives each body a seq, the earlier one where the log has it, and returns the rows of those that are new.
func (a *appender) encode(r *request) ([]row, error) {
	b := a.building
	recorded := max(a.l.opts.Now(), b.next.recorded)
	seq := b.next.head
	rows := make([]row, 0, len(r.bodies))
	own := make(map[event.ID]event.Seq, len(r.bodies))
	r.seqs = make([]event.Seq, len(r.bodies))
	for i, body := range r.bodies {
		id := body.ID()
		known, ok, err := a.seqOf(id, own)
		if err != nil {
			return nil, err
		}
		if ok {
			r.seqs[i] = known
			continue
		}
		seq++
		bytes, err := event.Encode(event.Event{Seq: seq, Recorded: recorded, Body: body})
		if err != nil {
			return nil, err
		}
		r.seqs[i], own[id] = seq, seq
		rows = append(rows, row{seq: seq, id: id, recorded: recorded, bytes: bytes, leaf: tlog.RecordHash(bytes)})
	}
	return rows, nil
}

func (a *appender) seqOf(id event.ID, own map[event.ID]event.Seq) (event.Seq, bool, error) {
	if seq, ok := own[id]; ok {
		return seq, true, nil
	}
	if seq, ok := a.building.ids[id]; ok {
		return seq, true, nil
	}
	if a.flying != nil {
		if seq, ok := a.flying.ids[id]; ok {
			return seq, true, nil
		}
	}
	return lookup(a.view, id)
}

func (a *appender) discardView() {
	if a.view != nil {
		a.view.Discard()
		a.view = nil
	}
}
