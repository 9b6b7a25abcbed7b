package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/eventlog"
	"github.com/aobench/aobench/projections"
)

// snapshotEvery is how many events lie between two snapshots.
const snapshotEvery = 5000

// live keeps the newest state folded and swaps the pointer that readers hold.
type live struct {
	log    *eventlog.Log
	logger *slog.Logger
	now    atomic.Pointer[projections.State]
	folded *projections.State // only the folding goroutine touches it
	snap   event.Seq          // of the newest snapshot

	mu      sync.Mutex
	changed chan struct{} // closed and replaced at each swap
}

// newLive folds what the log holds, from the newest snapshot on.
func newLive(ctx context.Context, log *eventlog.Log, logger *slog.Logger) (*live, error) {
	l := &live{log: log, logger: logger, changed: make(chan struct{})}
	s, err := projections.AsOf(ctx, log, log, log.Head())
	if err != nil {
		return nil, err
	}
	l.folded, l.snap = s, s.Seq
	l.now.Store(s.Clone())
	return l, nil
}

// State returns the newest state; nobody changes it.
func (l *live) State() *projections.State { return l.now.Load() }

// Changed is closed when State has changed after this call.
func (l *live) Changed() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.changed
}

// run folds whenever the log grows, until ctx ends.
func (l *live) run(ctx context.Context) error {
	for {
		grown := l.log.Changed()
		if l.log.Head() > l.folded.Seq {
			pause, err := l.fold(ctx)
			if ctx.Err() != nil {
				return nil
			}
			if err != nil {
				return fmt.Errorf("fold the log: %w", err)
			}
			// Cloning costs time in proportion to the state: rest for as long, so that it takes half of a core at most.
			sleep(ctx, pause)
			continue
		}
		select {
		case <-ctx.Done():
			return nil
		case <-grown:
		}
	}
}

func (l *live) fold(ctx context.Context) (time.Duration, error) {
	s, err := projections.Fold(ctx, l.folded, l.log, 0)
	l.folded = s
	if err != nil {
		return 0, err
	}
	began := time.Now()
	l.now.Store(s.Clone())
	took := time.Since(began)
	l.mu.Lock()
	close(l.changed)
	l.changed = make(chan struct{})
	l.mu.Unlock()
	if s.Seq >= l.snap+snapshotEvery {
		l.snapshot(s)
	}
	return took, nil
}

// snapshot keeps the state; a failure costs time at the next start, nothing else.
func (l *live) snapshot(s *projections.State) {
	b, err := s.Encode()
	if err == nil {
		err = l.log.PutSnapshot(projections.SnapshotName, projections.Version, s.Seq, b)
	}
	if err != nil {
		l.logger.Warn("snapshot not kept", "seq", s.Seq, "err", err)
	}
	l.snap = s.Seq
}

// sleep waits for d or for the end of ctx.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
