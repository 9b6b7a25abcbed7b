package eventlog

import (
	"runtime"
	"slices"
	"sync"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/aobench/aobench/event"
)

// A part is as much of a call as one transaction takes.
type part struct {
	seqs     []event.Seq // of each body
	rows     []row       // of those that are new
	recorded event.Millis
	bytes    int
}

// A row is an event on its way into the log.
type row struct {
	seq   event.Seq
	id    event.ID
	body  event.Body
	bytes []byte
	leaf  tlog.Hash
}

// part gives the next bodies of a call their seqs, the earlier one where the log has the body, and encodes those that
// are new.
func (a *appender) part(r *request) (part, error) {
	next := a.building.next
	rest := r.bodies[len(r.seqs):]
	rest = rest[:min(len(rest), MaxBatch)]
	p := part{
		seqs: make([]event.Seq, 0, len(rest)), rows: make([]row, 0, len(rest)),
		recorded: max(a.l.opts.Now(), next.recorded),
	}
	for _, body := range rest {
		id := body.ID()
		seq, ok, err := a.seqOf(&id, p.rows)
		if err != nil {
			return part{}, err
		}
		if !ok {
			seq = next.head + event.Seq(len(p.rows)) + 1
			p.rows = append(p.rows, row{seq: seq, id: id, body: body})
			a.known.add(&id) // even if it comes to nothing: the filter may be wrong on this side
		}
		p.seqs = append(p.seqs, seq)
	}
	workers := runtime.GOMAXPROCS(0)
	if a.flying != nil {
		workers = 1 // the others are for the commit, which this only has to be faster than
	}
	if err := encode(p.rows, p.recorded, workers); err != nil {
		return part{}, err
	}
	p.cut(next.head)
	return p, nil
}

// cut ends the part before the row that is too many bytes for one transaction.
func (p *part) cut(head event.Seq) {
	for i, r := range p.rows {
		if p.bytes+len(r.bytes) > MaxBatchBytes {
			p.rows = p.rows[:i]
			last := head + event.Seq(i)
			p.seqs = p.seqs[:slices.IndexFunc(p.seqs, func(s event.Seq) bool { return s > last })]
			return
		}
		p.bytes += len(r.bytes)
	}
}

// seqOf says where an id stands: in the log, in the batches on their way to it, or among the rows that come next.
func (a *appender) seqOf(id *event.ID, next []row) (event.Seq, bool, error) {
	if !a.known.mayHave(id) {
		return 0, false, nil
	}
	for _, rows := range [][]row{next, a.building.rows, a.flyingRows()} {
		for i := range rows {
			if rows[i].id == *id {
				return rows[i].seq, true, nil
			}
		}
	}
	if a.view == nil {
		a.view = a.l.db.NewTransaction(false)
	}
	return lookup(a.view, *id)
}

func (a *appender) flyingRows() []row {
	if a.flying == nil {
		return nil
	}
	return a.flying.rows
}

// encodeAlone is how many rows one goroutine encodes before another is worth starting.
const encodeAlone = 32

// encode fills in bytes and leaf of the rows, in up to so many goroutines.
func encode(rows []row, recorded event.Millis, workers int) error {
	share := max(encodeAlone, (len(rows)+workers-1)/workers)
	var group sync.WaitGroup
	var mu sync.Mutex
	var failed error
	for rows := range slices.Chunk(rows, share) {
		work := func() {
			for i := range rows {
				r := &rows[i]
				var err error
				if r.bytes, err = event.Encode(event.Event{Seq: r.seq, Recorded: recorded, Body: r.body}); err != nil {
					mu.Lock()
					failed = err
					mu.Unlock()
					return
				}
				r.leaf = tlog.RecordHash(r.bytes)
			}
		}
		if workers == 1 {
			work()
		} else {
			group.Go(work)
		}
	}
	group.Wait()
	return failed
}
