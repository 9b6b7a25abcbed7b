package devnet

import (
	"context"
	"fmt"
	"time"

	"github.com/aobench/aobench/event"
)

// Advance moves the clock forward by d, mining one block per BlockInterval that passes.
func (n *Net) Advance(d time.Duration) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.move(n.chain.now + event.Millis(d.Milliseconds()))
}

// AdvanceTo moves the clock to t, and does nothing when it is there already or past it: a script that runs again does
// not make time pass twice.
func (n *Net) AdvanceTo(t event.Millis) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	if t <= n.chain.now {
		return nil
	}
	return n.move(t)
}

// Mine moves the clock to the time of the count-th next block.
func (n *Net) Mine(count int) error {
	if count < 1 || count > maxMineBlocks {
		return fmt.Errorf("mine %d blocks: want 1 to %d", count, maxMineBlocks)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.move(n.chain.tip().time + event.Millis(count)*n.chain.Interval)
}

// Run mines a block every real time interval until ctx ends, and returns nil then. With every = BlockInterval, chain
// time passes as real time does.
func (n *Net) Run(ctx context.Context, every time.Duration) error {
	if every <= 0 {
		return fmt.Errorf("mine every %s: want more than 0", every)
	}
	t := time.NewTicker(every)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
			if err := n.Mine(1); err != nil {
				return err
			}
		}
	}
}

// move needs n.mu. If we crash before the record is durable, the clock did not move; after it, replay mines the same
// blocks, since they follow from the clock and the pending items alone.
func (n *Net) move(t event.Millis) error {
	if n.broken != nil {
		return n.broken
	}
	if err := n.chain.checkMove(t); err != nil {
		return err
	}
	if err := n.journal.append(record{Clock: &t}); err != nil {
		n.broken = err
		return err
	}
	n.chain.moveTo(t)
	return nil
}
