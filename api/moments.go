package api

import (
	"context"
	"fmt"
	"sort"
	"strconv"

	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/projections"
)

// eventAt returns the event at seq.
func (s *Site) eventAt(ctx context.Context, seq event.Seq) (event.Event, error) {
	for e, err := range s.src.Events(ctx, seq-1) {
		if err != nil {
			return e, fmt.Errorf("event %d: %w", seq, err)
		}
		return e, nil
	}
	return event.Event{}, fmt.Errorf("event %d: the log ends before it", seq)
}

// search returns the first seq of 1..n for which found holds; it must hold for all later ones too. n+1 when for none.
func search(n event.Seq, found func(event.Seq) (bool, error)) (event.Seq, error) {
	var failed error
	i := sort.Search(int(n), func(i int) bool {
		if failed != nil {
			return true
		}
		ok, err := found(event.Seq(i + 1))
		failed = err
		return ok
	})
	return event.Seq(i + 1), failed
}

// timeMoment finds the last event recorded at or before t: recorded times never decrease.
func (s *Site) timeMoment(ctx context.Context, live *projections.State, t event.Millis) (moment, error) {
	if t > live.Recorded {
		return moment{}, beyond("time "+t.String(), live)
	}
	after, err := search(live.Seq, func(seq event.Seq) (bool, error) {
		e, err := s.eventAt(ctx, seq)
		return e.Recorded > t, err
	})
	if err != nil {
		return moment{}, err
	}
	if after == 1 {
		return moment{}, notFound("nothing was recorded by "+t.String(), "the first event is at /v1/events?limit=1")
	}
	return moment{seq: after - 1}, nil
}

// heightMoment finds the first closed window that reaches height. Windows follow each other upwards, so the log can be
// halved: a probe reads from the middle on to the next closed window.
func (s *Site) heightMoment(ctx context.Context, live *projections.State, height uint64) (moment, error) {
	if height > live.Window.To {
		return moment{}, beyond("height "+strconv.FormatUint(height, 10), live)
	}
	if height < live.Opened.FirstHeight {
		return moment{}, notFound(fmt.Sprintf("height %d is before the log's first height, %d", height, live.Opened.FirstHeight), "ask for a later height")
	}
	from, err := search(live.Seq, func(seq event.Seq) (bool, error) {
		_, to, err := s.windowFrom(ctx, seq, live.Seq)
		return to >= height, err
	})
	if err != nil {
		return moment{}, err
	}
	seq, _, err := s.windowFrom(ctx, from, live.Seq) // from follows the last window that falls short
	return moment{seq: seq}, err
}

// windowFrom returns the first closed window at or after seq and the height it reaches; the greatest height when there is
// none up to head.
func (s *Site) windowFrom(ctx context.Context, seq, head event.Seq) (event.Seq, uint64, error) {
	for e, err := range s.src.Events(ctx, seq-1) {
		if err != nil {
			return 0, 0, fmt.Errorf("window after event %d: %w", seq, err)
		}
		if e.Seq > head {
			break
		}
		if w, ok := e.Body.(event.WindowClosed); ok {
			return e.Seq, w.To, nil
		}
	}
	return head, 1<<64 - 1, nil
}
