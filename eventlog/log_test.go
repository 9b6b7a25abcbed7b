package eventlog_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/eventlog"
	"github.com/aobench/aobench/eventlog/eventlogtest"
)

func TestBadger(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	eventlogtest.Suite(t, func(t *testing.T, now func() event.Millis) (eventlogtest.Log, func() eventlogtest.Log) {
		o := eventlog.Options{Dir: t.TempDir(), Now: now}
		l := open(t, o)
		return l, func() eventlogtest.Log {
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			l = open(t, o)
			return l
		}
	})
}

func TestMemory(t *testing.T) {
	eventlogtest.Suite(t, func(t *testing.T, now func() event.Millis) (eventlogtest.Log, func() eventlogtest.Log) {
		m := eventlogtest.NewMemory()
		m.Now = now
		return m, func() eventlogtest.Log { return m }
	})
}

// open opens a log that is verified and closed at the end of the test.
func open(t testing.TB, o eventlog.Options) *eventlog.Log {
	t.Helper()
	l, err := eventlog.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}
