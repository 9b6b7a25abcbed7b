package projections

import (
	"fmt"
	"testing"

	"github.com/aobench/aobench/event"
)

// TestMostModels: whatever the terms say, all models of a period can be named in the event that opens its batch. Otherwise
// anybody could keep a period open for ever by joining often enough.
func TestMostModels(t *testing.T) {
	w := newWorld()
	p := &Period{End: epoch + event.MillisPerDay}
	b := event.BatchOpened{Pool: w.id("pool"), Period: 1 << 31, Day: 20_000, Cut: epoch}
	for i := range maxModels + 1 {
		j := Join{Model: w.id(fmt.Sprint("model", i)), From: w.addr(fmt.Sprint("p", i)), Time: epoch, Slot: i}
		want := event.Reason("")
		if i == maxModels {
			want = event.PeriodFull
		}
		if got := p.admit(j); got != want {
			t.Fatalf("join %d: %q, want %q", i, got, want)
		}
	}
	b.Members = New().Members(p, p.End)
	if len(b.Members) != maxModels {
		t.Fatalf("%d members", len(b.Members))
	}
	if _, err := event.Encode(event.Event{Seq: 1 << 60, Recorded: 1 << 50, Body: b}); err != nil {
		t.Error(err)
	}
	if got := p.admit(Join{Model: b.Members[0], From: w.addr("uploader"), Time: epoch}); got != "" {
		t.Errorf("a full period turns the uploader of a model away: %s", got)
	}
}

// TestOldGapsHoldUpNoLaterPeriod holds that a nonce which nobody can read delays closings by GapLimit once, not each of
// them for ever.
func TestOldGapsHoldUpNoLaterPeriod(t *testing.T) {
	day := event.Millis(event.MillisPerDay)
	st := Stream{Order: ByNonce, Dense: 1, Slots: []Slot{
		{Nonce: 0, Own: true, Time: 1 * day},
		{Nonce: 2, Msg: &Message{}, Time: 2 * day}, // 1 is missing
		{Nonce: 3, Msg: &Message{}, Time: 30 * day},
	}}
	end := 20 * day
	if st.DensePast(end) {
		t.Error("a stream with a gap is called dense")
	}
	if st.densePast(end, 1*day) {
		t.Error("a young gap was passed over")
	}
	if !st.densePast(end, 2*day) {
		t.Error("an old gap holds up a later period")
	}
}
