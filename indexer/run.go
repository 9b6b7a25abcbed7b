package indexer

import (
	"context"
	"errors"
	"time"
)

// maxWait is the most time between passes while they fail.
const maxWait = 5 * time.Minute

// Run makes one pass after another until ctx ends, and returns nil then: at once, when wake says so, and every PollEvery;
// while passes fail, after longer and longer waits, whatever wake says. An error is one that Config.Fatal named, or says
// that the log has a window that is not ours: the process must stop. Wake must not be closed; it may be nil.
func (x *Indexer) Run(ctx context.Context, wake <-chan struct{}) error {
	failures := 0
	rescan := time.Now().Add(x.cfg.RescanEvery)
	for ctx.Err() == nil {
		reach := x.cfg.Overlap
		if due := !time.Now().Before(rescan); due {
			reach = max(reach, x.cfg.RescanBlocks)
			x.unsettle()
			rescan = time.Now().Add(x.cfg.RescanEvery)
		}
		p, err := x.pass(ctx, reach)
		if ctx.Err() != nil {
			break
		}
		if err != nil {
			if errors.Is(err, errWindow) || (x.cfg.Fatal != nil && x.cfg.Fatal(err)) {
				return err
			}
			wait := x.wait(failures)
			failures++
			x.logger.Warn("pass failed", "next", p.Next, "wait", wait, "err", err)
			sleep(ctx, wait, nil)
			continue
		}
		failures = 0
		if p.Windows > 0 {
			x.logger.Debug("pass done", "next", p.Next, "windows", p.Windows, "messages", p.Messages,
				"assignments", p.Assignments, "refused", p.Refused)
		}
		sleep(ctx, x.cfg.PollEvery, wake)
	}
	return nil
}

// wait doubles with each failure that follows another.
func (x *Indexer) wait(failures int) time.Duration {
	wait := x.cfg.PollEvery
	for ; failures > 0 && wait < maxWait; failures-- {
		wait *= 2
	}
	return max(x.cfg.PollEvery, min(wait, maxWait))
}

func sleep(ctx context.Context, d time.Duration, wake <-chan struct{}) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	case <-wake:
	}
}
