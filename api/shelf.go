package api

import (
	"sync"

	"github.com/aobench/aobench/projections"
)

const (
	maxShelfBytes = 64 << 20
	maxShelfKeys  = 4096
	maxKey        = 512
)

// A shelf keeps rendered answers by request target: those of the newest state until another state is served, those of
// at=seq for as long as there is room, because they never change.
type shelf struct {
	mu    sync.RWMutex
	state *projections.State // that live was made from
	live  map[string]*answer
	past  map[string]*answer
	bytes int
}

// get returns the answer to a target, or nil.
func (s *shelf) get(state *projections.State, target string) *answer {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.state == state {
		if a := s.live[target]; a != nil {
			return a
		}
	}
	return s.past[target]
}

// put keeps an answer that was made from state. Where there is no room everything is dropped: it can be made again.
func (s *shelf) put(state *projections.State, target string, a *answer) {
	if len(target) > maxKey || len(a.body) > maxShelfBytes/8 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	size := len(a.body) + len(target)
	if s.bytes+size > maxShelfBytes || len(s.live)+len(s.past) >= maxShelfKeys {
		s.live, s.past, s.bytes = nil, nil, 0
	}
	if a.forever() {
		s.past = s.add(s.past, target, a)
		return
	}
	if s.state != nil && state.Seq < s.state.Seq {
		return // rendered from a state that has been replaced meanwhile
	}
	if s.state != state {
		for key, old := range s.live {
			s.bytes -= len(old.body) + len(key)
		}
		s.state, s.live = state, nil
	}
	s.live = s.add(s.live, target, a)
}

func (s *shelf) add(to map[string]*answer, target string, a *answer) map[string]*answer {
	if to == nil {
		to = map[string]*answer{}
	}
	if to[target] == nil { // two requests may have rendered the same
		s.bytes += len(a.body) + len(target)
		to[target] = a
	}
	return to
}
