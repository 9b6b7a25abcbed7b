package eventlog_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dgraph-io/badger/v4"

	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/eventlog"
)

func fill(t *testing.T, l *eventlog.Log, n int) {
	t.Helper()
	for i := range n {
		if event.Seq(i) >= l.Head() && (i%97 == 0 || i == n-1) {
			if _, err := l.Append(t.Context(), bodies(i + 1)[l.Head():]...); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// A copied is a file of a log that was copied while it was open: what was written, and how long the file is.
type copied struct {
	data []byte
	size int64
}

func copyDir(t *testing.T, dir string) map[string]copied {
	t.Helper()
	out := map[string]copied{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == "LOCK" {
			return err
		}
		b, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		out[rel] = copied{bytes.TrimRight(b, "\x00"), int64(len(b))}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func pasteDir(t *testing.T, files map[string]copied) string {
	t.Helper()
	dir := t.TempDir()
	for name, f := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Truncate(path, f.size); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// TestTornTail damages the end of the newest memtable's file, as a power failure can. Badger opens such a database
// without a word; the checkpoint knows better.
func TestTornTail(t *testing.T) {
	l := open(t, eventlog.Options{Dir: t.TempDir()})
	fill(t, l, 600)
	if _, err := l.Checkpoint(); err != nil {
		t.Fatal(err)
	}
	files := copyDir(t, l.Options().Dir)
	mem := ""
	for name := range files {
		if strings.HasSuffix(name, ".mem") && len(files[name].data) > len(files[mem].data) {
			mem = name
		}
	}
	whole := files[mem].data
	if ok, err := eventlog.Open(eventlog.Options{Dir: pasteDir(t, files)}); err != nil || ok.Head() != 600 || ok.Close() != nil {
		t.Fatal("the copy is no good for this test", err)
	}
	r := rand.New(rand.NewPCG(1, 1))
	for trial := range 12 {
		torn := bytes.Clone(whole)
		at := len(torn) - 1 - r.IntN(len(torn)/2)
		end := len(torn) // a zero tail
		switch trial % 3 {
		case 1: // a missing sector
			at &^= 511
			end = min(end, at+512)
		case 2: // a garbage page
			end = min(end, at+4096)
		}
		for i := at; i < end; i++ {
			torn[i] = byte(trial%3/2) * byte(r.Uint32())
		}
		files[mem] = copied{torn, files[mem].size}
		dir := pasteDir(t, files)
		_, err := eventlog.Open(eventlog.Options{Dir: dir})
		if !errors.Is(err, eventlog.ErrDamaged) || !strings.Contains(err.Error(), "its checkpoint says 600") {
			t.Errorf("trial %d, torn from %d to %d of %d: opened with %v", trial, at, end, len(torn), err)
		}
		// Without the checkpoint it is a log that ends earlier, and is one: nothing is half there.
		if err := os.Remove(filepath.Join(dir, "checkpoint")); err != nil {
			t.Fatal(err)
		}
		short := open(t, eventlog.Options{Dir: dir})
		if err := short.Verify(t.Context(), nil); err != nil || short.Head() >= 600 {
			t.Errorf("trial %d: head %d, %v", trial, short.Head(), err)
		}
	}
}

// TestBitFlips flips bits in all files of a closed log. A flip in what is read is noticed by Open; any other changes
// nothing.
func TestBitFlips(t *testing.T) {
	dir := t.TempDir()
	l := open(t, eventlog.Options{Dir: dir})
	fill(t, l, 600)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	whole := copyDir(t, dir)
	r := rand.New(rand.NewPCG(1, 1))
	for name, f := range whole {
		table := strings.HasSuffix(name, ".sst")
		for trial := range 40 {
			if !table && trial >= 4 {
				break
			}
			if len(f.data) == 0 {
				continue
			}
			at := r.IntN(len(f.data))
			if table && trial%2 == 0 { // its index and footer
				at = len(f.data) - 1 - r.IntN(min(len(f.data), 600))
			}
			flipped := bytes.Clone(f.data)
			flipped[at] ^= 1 << r.IntN(8)
			whole[name] = copied{flipped, f.size}
			err := openAndVerify(t, pasteDir(t, whole))
			if table && !errors.Is(err, eventlog.ErrDamaged) {
				t.Errorf("%s, byte %d of %d: %v", name, at, len(f.data), err)
			} else if trial == 0 {
				t.Logf("%s, byte %d of %d: %v", name, at, len(f.data), err)
			}
		}
		whole[name] = f
	}
}

// openAndVerify says what is wrong with a log, and fails where something is and Open did not say so.
func openAndVerify(t *testing.T, dir string) error {
	l, err := eventlog.Open(eventlog.Options{Dir: dir})
	if err != nil {
		return err
	}
	defer func() { _ = l.Close() }()
	if err := l.Verify(t.Context(), nil); err != nil || l.Head() != 600 {
		t.Errorf("opened with head %d: %v", l.Head(), err)
	}
	return nil
}

// TestVerify changes rows behind the log's back.
func TestVerify(t *testing.T) {
	forged := func(seq event.Seq, recorded event.Millis, n uint64) []byte {
		b, err := event.Encode(event.Event{Seq: seq, Recorded: recorded, Body: bodies(int(n) + 1)[n]})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	const now = 1_700_000_000_000
	id := bodies(4)[3].ID()
	key := func(b byte, rest ...byte) []byte { return append([]byte{b}, rest...) }
	for name, rows := range map[string][]eventlog.KV{
		"changed event":         {{key('e', 0, 0, 0, 0, 0, 0, 0, 4), forged(4, now, 99)}},
		"changed time":          {{key('e', 0, 0, 0, 0, 0, 0, 0, 4), forged(4, now+1, 3)}},
		"event of another seq":  {{key('e', 0, 0, 0, 0, 0, 0, 0, 4), forged(5, now, 3)}},
		"no event":              {{key('e', 0, 0, 0, 0, 0, 0, 0, 4), []byte("x")}},
		"missing event":         {{key('e', 0, 0, 0, 0, 0, 0, 0, 4), nil}},
		"id of another seq":     {{key('i', id[:]...), []byte{0, 0, 0, 0, 0, 0, 0, 5}}},
		"missing id":            {{key('i', id[:]...), nil}},
		"id of no event":        {{key('i', bytes.Repeat([]byte{7}, 32)...), []byte{0, 0, 0, 0, 0, 0, 0, 5}}},
		"changed full tile":     {{key('t', 0, 0, 0, 0, 0, 0, 0, 0, 0), make([]byte, 8192)}},
		"changed newest tile":   {{key('t', 0, 0, 0, 0, 0, 0, 0, 0, 1), make([]byte, 44*32)}},
		"missing tile":          {{key('t', 0, 0, 0, 0, 0, 0, 0, 0, 0), nil}},
		"changed tile of tiles": {{key('t', 1, 0, 0, 0, 0, 0, 0, 0, 0), make([]byte, 32)}},
	} {
		t.Run(name, func(t *testing.T) {
			l := open(t, eventlog.Options{Dir: t.TempDir(), Now: func() event.Millis { return now }})
			fill(t, l, 300)
			calls := 0
			if err := l.Verify(t.Context(), func(done, head event.Seq) { calls++ }); err != nil || calls != 2 {
				t.Fatal("a good log:", calls, err)
			}
			if err := l.DB().Update(func(txn *badger.Txn) error {
				for _, r := range rows {
					if r.Value == nil {
						if err := txn.Delete(r.Key); err != nil {
							return err
						}
					} else if err := txn.Set(r.Key, r.Value); err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			err := l.Verify(t.Context(), nil)
			if !errors.Is(err, eventlog.ErrDamaged) && !errors.Is(err, eventlog.ErrNotFound) {
				t.Fatalf("not noticed: %v", err)
			}
			t.Log(err)
		})
	}
}
