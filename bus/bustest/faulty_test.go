package bustest_test

import (
	"context"
	"slices"
	"testing"

	"github.com/aobench/aobench/bus"
	"github.com/aobench/aobench/bus/bustest"
)

var _ bustest.Inner = (*bus.Bus)(nil)

type record []string

func (r *record) Publish(_ string, p []byte) error { *r = append(*r, string(p)); return nil }

func (r *record) Subscribe(context.Context, string, int, func(context.Context, []byte) error) error {
	return nil
}

func TestFaulty(t *testing.T) {
	run := func(seed uint64) (record, bustest.Rates) {
		var r record
		f := bustest.New(&r, seed, bustest.Rates{Lose: 20, Double: 20, Hold: 20})
		for i := range 200 {
			if err := f.Publish("job", []byte{byte(i)}); err != nil {
				t.Fatal(err)
			}
		}
		return r, f.Counts()
	}
	one, counts := run(1)
	if again, _ := run(1); !slices.Equal(one, again) {
		t.Error("the same seed gave other faults")
	}
	if other, _ := run(2); slices.Equal(one, other) {
		t.Error("another seed gave the same faults")
	}
	if slices.IsSorted(one) || counts.Lose == 0 || counts.Double == 0 || counts.Hold == 0 {
		t.Errorf("faults: %+v", counts)
	}
	if n := 200 - counts.Lose + counts.Double; len(one) > n || len(one) < n-8 { // some may be held still
		t.Errorf("%d messages arrived, want about %d", len(one), n)
	}
}
