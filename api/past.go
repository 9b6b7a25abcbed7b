package api

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/projections"
)

const (
	maxFolds = 2 // states of the past made at the same time: each may take a processor and much memory
	maxKept  = 4 // states of the past kept, since a page, its chart and its JSON are asked for one after the other
)

// past makes states of the past, few at a time, and keeps the newest asked for.
type past struct {
	slots chan struct{}
	mu    sync.Mutex
	kept  []*projections.State // the newest asked for last
}

// at returns the state at seq, which must not be beyond live.
func (p *past) at(ctx context.Context, src Source, live *projections.State, seq event.Seq) (*projections.State, error) {
	if seq == live.Seq {
		return live, nil
	}
	if s := p.find(seq); s != nil {
		return s, nil
	}
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if s := p.find(seq); s != nil { // somebody else made it while we waited
		return s, nil
	}
	s, err := src.AsOf(ctx, seq)
	if err != nil {
		return nil, fmt.Errorf("state at seq %d: %w", seq, err)
	}
	p.keep(s)
	return s, nil
}

func (p *past) find(seq event.Seq) *projections.State {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.kept, func(s *projections.State) bool { return s.Seq == seq })
	if i < 0 {
		return nil
	}
	s := p.kept[i]
	p.kept = append(slices.Delete(p.kept, i, i+1), s)
	return s
}

func (p *past) keep(s *projections.State) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.kept) >= maxKept {
		p.kept = slices.Delete(p.kept, 0, 1)
	}
	p.kept = append(p.kept, s)
}
