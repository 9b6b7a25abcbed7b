package eventlog

import (
	"fmt"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/aobench/aobench/event"
)

// A row is an event on its way into the log.
type row struct {
	seq      event.Seq
	id       event.ID
	recorded event.Millis
	bytes    []byte
	leaf     tlog.Hash
}

// A batch is what one transaction will write, and who waits for it.
type batch struct {
	next    state // the log after this batch
	rows    []row
	tiles   []tile
	ids     map[event.ID]event.Seq
	bytes   int
	waiting []*request
}

type tile struct{ key, row []byte }

func newBatch(after state) *batch {
	after.edge = after.edge.clone()
	return &batch{next: after, ids: map[event.ID]event.Seq{}}
}

func (b *batch) add(r *request, rows []row, size int) {
	b.waiting = append(b.waiting, r)
	b.bytes += size
	for _, row := range rows {
		b.rows = append(b.rows, row)
		b.ids[row.id] = row.seq
		b.next.head, b.next.recorded = row.seq, row.recorded
		b.next.edge.add(row.leaf, b.addTile)
	}
}

func (b *batch) addTile(level int, n int64, row []byte) {
	b.tiles = append(b.tiles, tile{tileKey(level, n), row})
}

func (b *batch) finish(err error) {
	for _, r := range b.waiting {
		r.finish(err)
	}
}

// launch starts the commit of what has been built.
func (a *appender) launch() {
	b := a.building
	if len(b.waiting) == 0 {
		a.discardView() // nothing to do: hold no read transaction while waiting
		return
	}
	if len(b.rows) == 0 { // duplicates only, and what they repeat is on disk
		b.finish(nil)
		b.waiting = nil
		a.discardView()
		return
	}
	// The next batch reads ids in this view while this one is in flight: opened later, it would wait for the commit.
	a.discardView()
	a.view = a.l.db.NewTransaction(false)

	b.next.edge.partial(b.addTile)
	a.flying, a.building = b, newBatch(b.next)
	txn := a.l.db.NewTransaction(true)
	if err := b.write(txn.Set); err != nil {
		txn.Discard()
		a.landed <- err
		return
	}
	// If we crash from here on, the transaction is in the log whole or not at all. Nobody has been told that it is, and
	// whoever appends the same again gets the same seqs or none twice.
	txn.CommitWith(func(err error) { a.landed <- err })
	if r := a.held; r != nil {
		a.held = nil
		a.take(r)
	}
}

// write sets the rows of the batch.
func (b *batch) write(set func(k, v []byte) error) error {
	for _, r := range b.rows {
		if err := set(eventKey(r.seq), r.bytes); err != nil {
			return fmt.Errorf("event %d: %w", r.seq, err)
		}
		if err := set(idKey(r.id), seqValue(r.seq)); err != nil {
			return fmt.Errorf("id of event %d: %w", r.seq, err)
		}
	}
	for _, t := range b.tiles {
		if err := set(t.key, t.row); err != nil {
			return fmt.Errorf("tile: %w", err)
		}
	}
	return nil
}

// land ends the commit in flight.
func (a *appender) land(err error) {
	b := a.flying
	a.flying = nil
	if err != nil {
		// What is on disk is not known, so no seq may be given any more: what is being built follows upon this batch.
		err = a.l.fail(err)
		b.finish(err)
		a.building.finish(err)
		a.building = newBatch(a.l.state)
		if a.held != nil {
			a.held.finish(err)
			a.held = nil
		}
		return
	}
	// At this point the batch is on disk, with ids and tiles. If we crash now, callers do not know and append again,
	// and nothing is added twice.
	a.l.publish(b.next)
	b.finish(nil)
}

func (l *Log) publish(s state) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.state = s
	close(l.changed)
	l.changed = make(chan struct{})
}
