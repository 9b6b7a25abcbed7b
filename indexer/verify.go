package indexer

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/event"
)

// A verdict is what became of a found node. At most one of its fields is set; none where there is nothing to record.
type verdict struct {
	body    event.Body
	failure error // no verdict yet: try again
}

// A checked part is one with a verdict for each node.
type checked struct {
	part
	verdicts []verdict
}

// maxFailures is after how many failures the rest of a window is left for the next pass: the gateway is then likely to
// be the one that fails, and each failure may have taken minutes.
const maxFailures = 32

var errSkipped = errors.New("not tried: too many items failed before it")

// check verifies part after part until there are no more.
func (x *Indexer) check(ctx context.Context, in <-chan part, out chan<- checked) error {
	var failures atomic.Int32 // of this window
	for p := range in {
		p.nodes = slices.DeleteFunc(p.nodes, func(n found) bool { return x.isRefused(n.ID) })
		verdicts, err := x.verify(ctx, p.nodes, &failures)
		if err != nil {
			return err
		}
		if err := send(ctx, out, checked{p, verdicts}); err != nil {
			return err
		}
		if p.last {
			failures.Store(0)
		}
	}
	return nil
}

// verify fetches and verifies what the log does not have, on several workers, and returns the verdicts in the order of
// the nodes. Blobs are in the log when it returns. Its error is the log's or that ctx has ended.
func (x *Indexer) verify(ctx context.Context, nodes []found, failures *atomic.Int32) ([]verdict, error) {
	verdicts := make([]verdict, len(nodes))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(x.cfg.InFlight)
	for i := range nodes {
		g.Go(func() (err error) {
			if failures.Load() >= maxFailures {
				verdicts[i].failure = errSkipped
				return gctx.Err()
			}
			verdicts[i], err = x.verdict(gctx, &nodes[i])
			if verdicts[i].failure != nil {
				failures.Add(1)
			}
			return err
		})
	}
	return verdicts, g.Wait()
}

func (x *Indexer) verdict(ctx context.Context, n *found) (verdict, error) {
	if _, ok, err := x.log.Lookup(n.ID); ok || err != nil {
		return verdict{}, err
	}
	it, err := x.gw.Item(ctx, n.Node)
	if ctx.Err() != nil {
		return verdict{}, ctx.Err()
	}
	var refusal *ao.Refusal
	switch {
	case errors.As(err, &refusal) && refusal.Reason != event.Unverifiable:
		return verdict{body: refused(n, refusal)}, nil
	case err != nil:
		return verdict{failure: err}, nil
	}
	it, data := ao.Shrink(it)
	if data != nil {
		// The blob is durable before the event that names it. If we crash in between, nothing names it, and the next
		// pass writes the same bytes under the same hash.
		if _, err := x.log.PutBlob(ctx, data); err != nil {
			return verdict{}, err
		}
	}
	return verdict{body: x.read(n, it)}, nil
}

// read says what a verified item is. An assignment is signed by a scheduler; some schedulers address theirs to the process,
// and these say by their Type what they are, since a scheduler may send a message too. All else that is addressed to the
// process is a message to it, whatever its tags say, and so is what another query than that for assignments has found.
func (x *Indexer) read(n *found, it event.Item) event.Body {
	assigns := it.Target != x.cfg.Process || it.Tag("Type") == "Assignment"
	if assigns && slices.Contains(x.cfg.Schedulers, it.Owner) && it.Tag("Process") == x.cfg.Process.String() {
		a, err := ao.Assignment(it, block(n))
		if err == nil {
			return a
		}
		var refusal *ao.Refusal
		if n.assignments && errors.As(err, &refusal) {
			return refused(n, refusal)
		}
	}
	if n.assignments {
		return nil // the gateway ignored whose assignments were asked for
	}
	return event.MessageObserved{Item: it, Block: block(n)}
}

func block(n *found) event.Block {
	if n.Block == nil {
		return event.Block{}
	}
	return *n.Block
}

// refused is the record of a refusal. What strangers wrote is cut to what an event may hold and kept valid UTF-8, since
// anything else could be written but not read again.
func refused(n *found, r *ao.Refusal) event.Body {
	return event.ItemRefused{
		Item: n.ID, Reason: r.Reason, Detail: clip(r.Detail, 300), Action: clip(n.Action(), 100), Block: block(n),
	}
}

func clip(s string, limit int) string {
	return strings.ToValidUTF8(s[:min(len(s), limit)], "")
}
