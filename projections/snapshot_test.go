package projections

import (
	"testing"
)

func FuzzDecodeState(f *testing.F) {
	for seed := range uint64(2) {
		h := newHistory(seed)
		h.unassigned = seed == 1
		h.play(6)
		b, err := h.s.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(b[:len(b)/2])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := DecodeState(b)
		if err != nil {
			return
		}
		s.Root()
		if _, err := s.Clone().Encode(); err != nil {
			t.Fatal(err)
		}
	})
}
