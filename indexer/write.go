package indexer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/event"
)

// A writer puts one pass into the log. It is used by one goroutine.
type writer struct {
	*Indexer
	progress    Progress
	tip         uint64
	assignments []event.AssignmentObserved // of the parts of this window so far
	held        int                        // items without a verdict, in this pass
	open        int                        // the same in this window
	failure     error                      // of the first of them
}

// maxAssignments bounds what is kept to be sorted; a window has more only at a crowded height.
const maxAssignments = 4096

// run takes part after part until there are no more.
func (w *writer) run(ctx context.Context, in <-chan checked) error {
	for p := range in {
		if err := w.take(ctx, &p); err != nil {
			return err
		}
	}
	return nil
}

// take appends what is new in a part, and closes the window after its last part.
func (w *writer) take(ctx context.Context, p *checked) error {
	bodies := make([]event.Body, 0, len(p.verdicts)+1)
	for i, v := range p.verdicts {
		if v.failure == nil {
			delete(w.tries, p.nodes[i].ID)
		} else {
			var err error
			if v, err = w.failed(&p.nodes[i], v.failure); err != nil {
				return err
			}
		}
		if a, ok := v.body.(event.AssignmentObserved); ok {
			w.assignments = append(w.assignments, a)
		} else if v.body != nil {
			bodies = append(bodies, v.body)
		}
	}
	if p.last || len(w.assignments) >= maxAssignments {
		bodies = w.sorted(bodies)
	}
	if !p.last {
		return w.append(ctx, bodies)
	}
	return w.finish(ctx, &p.part, bodies)
}

// failed counts a failure of an item. After too many, also in an earlier life of this process, it is recorded, so that
// one item cannot stop the tail.
func (w *writer) failed(n *found, failure error) (verdict, error) {
	if failure != errSkipped {
		if len(w.tries) > maxCrowd {
			clear(w.tries) // only delays giving up
		}
		w.tries[n.ID]++
		var refusal *ao.Refusal
		if !errors.As(failure, &refusal) {
			refusal = &ao.Refusal{Reason: event.Unverifiable, Detail: failure.Error()}
		}
		body := refused(n, refusal)
		_, recorded, err := w.log.Lookup(body.ID())
		if err != nil {
			return verdict{}, err
		}
		if recorded {
			delete(w.tries, n.ID)
			w.settle(n.ID)
			return verdict{}, nil
		}
		if w.tries[n.ID] >= w.cfg.Tries {
			return verdict{body: body}, nil
		}
	}
	if w.held++; w.open == 0 {
		w.failure = fmt.Errorf("item %s: %w", n.ID, failure)
	}
	w.open++
	return verdict{}, nil
}

// sorted appends the assignments in the order of nonces, so that the fold seldom has to insert one.
func (w *writer) sorted(bodies []event.Body) []event.Body {
	slices.SortFunc(w.assignments, func(a, b event.AssignmentObserved) int { return cmp.Compare(a.Nonce, b.Nonce) })
	for _, a := range w.assignments {
		bodies = append(bodies, a)
	}
	w.assignments = nil
	return bodies
}

// finish ends a window: heights from the tail to p.to are closed, unless an item in it has no verdict yet. A window
// below the tail is closed already, and what turned up in it late is only added.
func (w *writer) finish(ctx context.Context, p *part, bodies []event.Body) error {
	open, failure := w.open, w.failure
	w.open, w.failure = 0, nil
	if p.to < w.next {
		return w.append(ctx, bodies)
	}
	if open > 0 {
		if err := w.append(ctx, bodies); err != nil {
			return err
		}
		return fmt.Errorf("heights %d..%d stay open, %d items cannot be verified yet: %w", w.next, p.to, open, failure)
	}
	if err := w.checkOpen(); err != nil {
		return err
	}
	// This is the commit point. The log keeps the order: when window.closed is in it, so is everything before it. If we
	// crash before, some of the window's items are in the log and the window is not closed: it is listed again, and what
	// is there already is skipped by id. If we crash after, the next start goes on from the window.closed that it reads.
	closed := event.WindowClosed{From: w.next, To: p.to, Time: p.block.Time, Tip: w.tip}
	if err := w.append(ctx, append(bodies, closed)); err != nil {
		return err
	}
	w.next = p.to + 1
	w.progress.Next = w.next
	w.progress.Windows++
	w.setStatus(func(s *Status) { s.Next = w.next })
	if w.cfg.Closed != nil {
		w.cfg.Closed(w.progress)
	}
	return nil
}

func (w *writer) append(ctx context.Context, bodies []event.Body) error {
	if len(bodies) == 0 {
		return nil
	}
	if _, err := w.log.Append(ctx, bodies...); err != nil {
		return err
	}
	for _, b := range bodies {
		switch b := b.(type) {
		case event.MessageObserved:
			w.progress.Messages++
		case event.AssignmentObserved:
			w.progress.Assignments++
		case event.ItemRefused:
			w.progress.Refused++
			delete(w.tries, b.Item)
			w.settle(b.Item)
		}
	}
	return nil
}
