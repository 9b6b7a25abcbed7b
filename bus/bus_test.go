package bus_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/aobench/aobench/bus"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The tests run in real time: gochannel's senders wait at a mutex, which testing/synctest does not take for waiting.

// start subscribes, and returns when the subscription stands. stop ends it and waits.
func start(t *testing.T, b *bus.Bus, topic string, workers int, handle func(context.Context, []byte) error) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	stands := make(chan struct{})
	var once sync.Once
	ended := make(chan error, 1)
	go func() {
		ended <- b.Subscribe(ctx, topic, workers, func(ctx context.Context, p []byte) error {
			if string(p) == "probe" {
				once.Do(func() { close(stands) })
				return nil
			}
			return handle(ctx, p)
		})
	}()
	eventually(t, "the subscription", func() bool {
		b.Publish(topic, []byte("probe"))
		time.Sleep(time.Millisecond)
		select {
		case <-stands:
			return true
		default:
			return false
		}
	})
	return func() error { cancel(); return <-ended }
}

func eventually(t *testing.T, what string, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !f(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s did not come", what)
		}
	}
}

// others lets through what is no probe.
func others(f func(string) error) func(context.Context, []byte) error {
	return func(_ context.Context, p []byte) error {
		if string(p) == "probe" {
			return nil
		}
		return f(string(p))
	}
}

func closeBus(t *testing.T, b *bus.Bus) {
	t.Helper()
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestDelivery(t *testing.T) {
	b := bus.New(nil)
	var mu sync.Mutex
	got := map[string][]string{}
	keep := func(who string) func(context.Context, []byte) error {
		return others(func(p string) error {
			mu.Lock()
			defer mu.Unlock()
			got[who] = append(got[who], p)
			return nil
		})
	}
	if err := b.Publish(bus.TopicJob, []byte("early")); err != nil { // nobody is there: lost
		t.Fatal(err)
	}
	stop1 := start(t, b, bus.TopicJob, 3, keep("one"))
	stop2 := start(t, b, bus.TopicJob, 1, keep("two"))
	start(t, b, bus.TopicWake, 1, keep("wake"))
	var want []string
	for i := range 100 {
		want = append(want, fmt.Sprintf("%02d", i))
		if err := b.Publish(bus.TopicJob, []byte(want[i])); err != nil {
			t.Fatal(err)
		}
	}
	b.Wake(bus.TopicWake)
	for who, want := range map[string][]string{"one": want, "two": want, "wake": {""}} {
		eventually(t, who, func() bool { mu.Lock(); defer mu.Unlock(); return len(got[who]) >= len(want) })
	}
	for _, stop := range []func() error{stop1, stop2} {
		if err := stop(); !errors.Is(err, context.Canceled) {
			t.Errorf("stopped with %v", err)
		}
	}
	closeBus(t, b)
	for who, want := range map[string][]string{"one": want, "two": want, "wake": {""}} {
		slices.Sort(got[who]) // no order is promised
		if !slices.Equal(got[who], want) {
			t.Errorf("%s got %v", who, got[who])
		}
	}
	if err := b.Publish(bus.TopicJob, nil); !errors.Is(err, bus.ErrClosed) {
		t.Errorf("publish after close: %v", err)
	}
	if err := b.Subscribe(t.Context(), bus.TopicJob, 1, keep("late")); !errors.Is(err, bus.ErrClosed) {
		t.Errorf("subscribe after close: %v", err)
	}
}

func TestRedelivery(t *testing.T) {
	b := bus.New(nil)
	var calls []time.Time // by one worker
	var good atomic.Int64
	start(t, b, bus.TopicJob, 1, func(_ context.Context, p []byte) error {
		if string(p) == "bad" {
			calls = append(calls, time.Now())
			return errors.New("no")
		}
		good.Add(1)
		return nil
	})
	b.Publish(bus.TopicJob, []byte("bad"))
	time.Sleep(time.Second) // 50, 100, 200 and 400 ms of pauses
	b.Publish(bus.TopicJob, []byte("good"))
	eventually(t, "the message after a bad one", func() bool { return good.Load() == 1 })
	closeBus(t, b)
	if len(calls) != bus.MaxDeliveries {
		t.Fatalf("a failing handler was called %d times, want %d", len(calls), bus.MaxDeliveries)
	}
	for i := 1; i < len(calls); i++ {
		if pause := calls[i].Sub(calls[i-1]); pause < 50*time.Millisecond<<(i-1) {
			t.Errorf("delivery %d came after %v", i, pause)
		}
	}
}

// TestBound holds a handler and publishes more than may wait.
func TestBound(t *testing.T) {
	b := bus.New(nil)
	release := make(chan struct{})
	var calls atomic.Int64
	start(t, b, bus.TopicWake, 1, others(func(string) error { <-release; calls.Add(1); return nil }))
	for range bus.MaxWaiting + 500 {
		b.Wake(bus.TopicWake)
	}
	close(release)
	eventually(t, "what waited", func() bool { return calls.Load() >= bus.MaxWaiting-1 }) // a probe may wait too
	b.Wake(bus.TopicWake)                                                                 // there is room again
	eventually(t, "what came later", func() bool { return calls.Load() >= bus.MaxWaiting })
	closeBus(t, b)
	if calls.Load() > bus.MaxWaiting+1 {
		t.Errorf("%d messages delivered, want at most %d", calls.Load(), bus.MaxWaiting+1)
	}
}

// TestClose ends handlers that wait for their context, and messages that wait for a handler.
func TestClose(t *testing.T) {
	b := bus.New(nil)
	var begun, ended atomic.Int64
	for range 3 {
		start(t, b, bus.TopicJob, 2, func(ctx context.Context, p []byte) error {
			begun.Add(1)
			<-ctx.Done()
			time.Sleep(50 * time.Millisecond)
			ended.Add(1)
			return ctx.Err()
		})
	}
	for range 10 {
		b.Publish(bus.TopicJob, nil)
	}
	eventually(t, "handlers", func() bool { return begun.Load() == 6 })
	closeBus(t, b)
	if ended.Load() != 6 {
		t.Errorf("close returned with %d of 6 handlers ended", ended.Load())
	}
}
