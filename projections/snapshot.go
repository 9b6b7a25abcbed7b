package projections

import (
	"fmt"

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
	s.Stream.derive()
	s.settled = -1
	s.settle()
	return s, nil
}
