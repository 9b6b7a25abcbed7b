package projections

import (
	"context"
	"fmt"
	"iter"

	"github.com/aobench/aobench/event"
)

// A Log is where events come from.
type Log interface {
	// Events yields the events after a seq in order, up to the head at the time of the call.
	Events(ctx context.Context, after event.Seq) iter.Seq2[event.Event, error]
}

// A Snapshots keeps encoded states by the seq that they are at.
type Snapshots interface {
	// Snapshot returns the newest one of this name and version that is not after atMost; seq 0 when there is none.
	Snapshot(name string, version int, atMost event.Seq) (event.Seq, []byte, error)
}

// SnapshotName is the name under which snapshots of State are kept.
const SnapshotName = "state"

// Fold applies the events after s.Seq up to and including upTo; 0 means to the head. It returns the state that s became.
func Fold(ctx context.Context, s *State, log Log, upTo event.Seq) (*State, error) {
	for e, err := range log.Events(ctx, s.Seq) {
		if err != nil {
			return s, fmt.Errorf("fold after seq %d: %w", s.Seq, err)
		}
		if upTo != 0 && e.Seq > upTo {
			break
		}
		if e.Seq != s.Seq+1 {
			return s, fmt.Errorf("fold after seq %d: the log goes on with seq %d: verify the log", s.Seq, e.Seq)
		}
		s = s.Apply(e)
	}
	if upTo != 0 && s.Seq < upTo {
		return s, fmt.Errorf("fold to seq %d: the log ends at %d", upTo, s.Seq)
	}
	s.settle()
	return s, nil
}

// Replay folds from zero, trusting no snapshot.
func Replay(ctx context.Context, log Log, upTo event.Seq) (*State, error) {
	return Fold(ctx, New(), log, upTo)
}

// AsOf returns the state at seq, starting from the nearest snapshot where there is one. A snapshot that does not read is
// passed over: it is a shortcut, never a source.
func AsOf(ctx context.Context, log Log, snaps Snapshots, seq event.Seq) (*State, error) {
	s := New()
	at, data, err := snaps.Snapshot(SnapshotName, Version, seq)
	if err == nil && at > 0 && at <= seq {
		if old, err := DecodeState(data); err == nil && old.Seq == at {
			s = old
		}
	}
	if seq == 0 {
		return s, nil
	}
	return Fold(ctx, s, log, seq)
}
