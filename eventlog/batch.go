package eventlog

import "fmt"

// A batch is what one transaction will write, and who waits for it.
type batch struct {
	next    state // the log after this batch
	rows    []row
	tiles   []tile
	bytes   int
	waiting []waiter
}

type tile struct{ key, row []byte }

// A waiter is a call of which this batch has a part.
type waiter struct {
	r    *request
	upTo int   // how many of its bodies are in the log with this batch
	last bool  // nothing of it comes later
	err  error // why nothing comes
}

func newBatch(after state) *batch {
	after.edge = after.edge.clone()
	return &batch{next: after}
}

func (b *batch) add(r *request, p part) {
	r.seqs = append(r.seqs, p.seqs...)
	b.waiting = append(b.waiting, waiter{r: r, upTo: len(r.seqs), last: len(r.seqs) == len(r.bodies)})
	b.bytes += p.bytes
	b.rows = append(b.rows, p.rows...)
	for i := range p.rows {
		b.next.head, b.next.recorded = p.rows[i].seq, p.recorded
		b.next.edge.add(p.rows[i].leaf, b.addTile)
	}
}

func (b *batch) addTile(level int, n int64, row []byte) {
	b.tiles = append(b.tiles, tile{tileKey(level, n), row})
}

// finish tells the callers how the batch ended.
func (b *batch) finish(err error) {
	for _, w := range b.waiting {
		switch {
		case err != nil:
			w.r.end(err)
		case w.last:
			w.r.durable = w.upTo
			w.r.end(w.err)
		default:
			w.r.durable = w.upTo
		}
	}
	b.waiting = nil
}

// launch starts the commit of what has been built.
func (a *appender) launch() {
	for len(a.building.rows) == 0 { // nothing, or duplicates only: what they repeat is on disk
		a.building.finish(nil)
		a.discardView() // it may be from before the last batch; and while waiting hold none
		r := a.held
		if r == nil {
			return
		}
		a.held = nil
		a.take(r)
	}
	// The next batch reads ids in this view while this one is in flight: opened later, it would wait for the commit.
	a.discardView()
	a.view = a.l.db.NewTransaction(false)

	b := a.building
	b.next.edge.partial(b.addTile)
	a.flying, a.building = b, newBatch(b.next)
	txn := a.l.db.NewTransaction(true)
	if err := b.write(txn.Set); err != nil {
		txn.Discard()
		a.landed <- err
		return
	}
	// If we crash from here on, the transaction is in the log whole or not at all. Nobody has been told that it is, and
	// whoever appends the same again gets the same seqs.
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
		// What is on disk is not known, so no seq may be given any more. What is being built follows upon this batch.
		err = a.l.fail(err)
		b.finish(err)
		a.building.finish(err)
		a.building = newBatch(a.l.state)
		if a.held != nil {
			a.held.end(err)
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
