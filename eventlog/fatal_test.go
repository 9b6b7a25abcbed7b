package eventlog

import (
	"context"
	"errors"
	"testing"

	"github.com/aobench/aobench/event"
)

// TestFailedCommit ends a commit with an error: whoever waits for it or for anything built upon it must hear so, and the
// log gives no more seqs.
func TestFailedCommit(t *testing.T) {
	l, err := Open(Options{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	call := func(from uint64, n int) *request {
		r := &request{ctx: context.Background(), done: make(chan struct{})}
		for i := range n {
			r.bodies = append(r.bodies, event.WindowClosed{From: from + uint64(i)})
		}
		return r
	}
	a := newAppender(l, &filter{})
	first, second, long := call(1, 5), call(100, 5), call(200, 2*MaxBatch)
	a.take(first)
	a.launch()
	a.take(second)
	a.take(long)
	if a.flying == nil || a.held != long {
		t.Fatal("not the situation that this test is about")
	}
	<-a.landed
	a.land(errors.New("planted"))
	for i, r := range []*request{first, second, long} {
		select {
		case <-r.done:
			if !errors.Is(r.err, ErrFatal) || r.durable != 0 {
				t.Errorf("call %d ended with %v", i, r.err)
			}
		default:
			t.Errorf("call %d was not ended", i)
		}
	}
	a.launch()
	a.discardView()
	if l.Head() != 0 {
		t.Errorf("head %d", l.Head())
	}
	if _, err := l.Append(context.Background(), event.WindowClosed{From: 9}); !errors.Is(err, ErrFatal) {
		t.Errorf("append after a failed commit: %v", err)
	}
	if _, err := l.PutBlob(context.Background(), nil); !errors.Is(err, ErrFatal) {
		t.Errorf("blob after a failed commit: %v", err)
	}
}
