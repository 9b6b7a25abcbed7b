package eventlog_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/eventlog"
	"github.com/aobench/aobench/eventlog/eventlogtest"
)

const childVar = "AOBENCH_TEST_EVENTLOG_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childVar); dir != "" {
		fmt.Println("child:", writer(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// writer appends until it is killed, from several goroutines, with repetitions, blobs and snapshots in between. After
// each append it prints "ACK <seq> <number of the message>".
func writer(dir string) error {
	l, err := eventlog.Open(eventlog.Options{Dir: dir})
	if err != nil {
		return err
	}
	var mu sync.Mutex
	next := uint64(l.Head()) // the n-th new message of all runs, but for holes
	take := func(n int) []event.Body {
		mu.Lock()
		defer mu.Unlock()
		out := make([]event.Body, n)
		for i := range out {
			out[i] = eventlogtest.Message(next, 600)
			next++
		}
		return out
	}
	ctx := context.Background()
	failed := make(chan error)
	for g := range 3 {
		go func() {
			r := rand.New(rand.NewPCG(rand.Uint64(), 1))
			for {
				bodies := take(1 + r.IntN(60))
				bodies = append(bodies, eventlogtest.Message(r.Uint64N(next+1), 600)) // mostly old
				seqs, err := l.Append(ctx, bodies...)
				if err == nil && g == 0 && r.IntN(10) == 0 {
					if _, err = l.PutBlob(ctx, make([]byte, r.IntN(3<<20))); err == nil {
						err = l.PutSnapshot("state", 1, seqs[0], make([]byte, r.IntN(1<<20)))
					}
				}
				if err != nil {
					failed <- err
					return
				}
				for i, s := range seqs {
					fmt.Printf("ACK %d %d\n", s, numberOf(bodies[i].ID()))
				}
			}
		}()
	}
	return <-failed
}

func numberOf(id event.ID) uint64 {
	var n uint64
	for _, b := range id[:8] {
		n = n<<8 | uint64(b)
	}
	return n
}

// TestKill kills a writer at random moments. AOBENCH_TEST_KILLS sets how often; 15 times by default.
func TestKill(t *testing.T) {
	kills := 15
	if s := os.Getenv("AOBENCH_TEST_KILLS"); s != "" {
		kills, _ = strconv.Atoi(s)
	} else if testing.Short() {
		kills = 3
	}
	dir := t.TempDir()
	all := map[event.Seq]uint64{}
	for cycle := range kills {
		acked := map[event.Seq]uint64{}
		last := kill(t, dir, time.Duration(20+rand.IntN(130))*time.Millisecond, acked)
		l, err := eventlog.Open(eventlog.Options{Dir: dir})
		if err != nil {
			t.Fatalf("cycle %d: %v", cycle, err)
		}
		if l.Head() < last {
			t.Fatalf("cycle %d: head %d, %d was acknowledged", cycle, l.Head(), last)
		}
		if err := l.Verify(t.Context(), nil); err != nil {
			t.Fatalf("cycle %d: %v", cycle, err)
		}
		if cycle == kills-1 {
			acked = all
		}
		for seq, n := range acked {
			if was, ok := all[seq]; ok && was != n {
				t.Fatalf("cycle %d: seq %d was given to message %d and to %d", cycle, seq, was, n)
			}
			all[seq] = n
			if e, err := l.Event(seq); err != nil || numberOf(e.ID) != n {
				t.Fatalf("cycle %d: event %d is message %d, acknowledged was %d (%v)", cycle, seq, numberOf(e.ID), n, err)
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d kills, %d events acknowledged", kills, len(all))
}

// kill runs a writer for some time after its first append, and returns the last seq that it acknowledged.
func kill(t *testing.T, dir string, after time.Duration, acked map[event.Seq]uint64) (last event.Seq) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childVar+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	for first := true; ; first = false {
		line, err := lines.ReadString('\n')
		if errors.Is(err, io.EOF) || errors.Is(err, os.ErrClosed) {
			break // a line without its end was not said
		}
		var seq event.Seq
		var n uint64
		if _, err := fmt.Sscanf(line, "ACK %d %d\n", &seq, &n); err != nil {
			t.Fatalf("writer said %q", line)
		}
		if first {
			time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		}
		if was, ok := acked[seq]; ok && was != n {
			t.Fatalf("seq %d given to message %d and to %d", seq, was, n)
		}
		acked[seq], last = n, max(last, seq)
	}
	_ = cmd.Wait() // killed
	return last
}
