package projections

import (
	"errors"
	"fmt"
	"slices"

	"github.com/aobench/aobench/event"
)

// Encode returns the state's canonical bytes for a snapshot. What is derived from the stream is left out and derived again
// by DecodeState, so a snapshot cannot disagree with it. Equal states have equal bytes.
func (s *State) Encode() ([]byte, error) {
	s.settle()
	return event.Marshal(s)
}

// DecodeState reads what Encode wrote.
func DecodeState(b []byte) (*State, error) {
	s := New()
	if err := event.Unmarshal(b, s); err != nil {
		return nil, fmt.Errorf("decode state: %w", err)
	}
	if err := s.sound(); err != nil {
		return nil, fmt.Errorf("decode state: %w", err)
	}
	s.Stream.derive()
	s.settled = -1
	s.settle()
	return s, nil
}

// sound refuses what the types allow and no state has: parts that are not there.
func (s *State) sound() error {
	missing := slices.Contains(s.Ledgers, nil)
	for _, m := range s.Stream.Waiting {
		missing = missing || m == nil
	}
	for i := range s.Stream.Slots {
		missing = missing || (s.Stream.Order != ByNonce && s.Stream.Slots[i].Msg == nil)
	}
	for i := 0; i < len(s.Ledgers) && !missing; i++ {
		missing = slices.Contains(s.Ledgers[i].Batches, nil)
		for _, r := range s.Ledgers[i].Runs {
			missing = missing || r == nil
		}
	}
	if missing {
		return errors.New("a part is missing: fold from zero")
	}
	return nil
}
