package eventlog_test

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"github.com/aobench/aobench/eventlog"
)

func TestOneWriter(t *testing.T) {
	dir := t.TempDir()
	l := open(t, eventlog.Options{Dir: dir})
	fill(t, l, 10)
	for _, readOnly := range []bool{false, true} {
		_, err := eventlog.Open(eventlog.Options{Dir: dir, ReadOnly: readOnly})
		if !errors.Is(err, eventlog.ErrLocked) || !strings.Contains(err.Error(), filepath.Join(dir, "lock")) {
			t.Errorf("read-only %v: %v", readOnly, err)
		}
	}
}

func TestReadOnly(t *testing.T) {
	dir := t.TempDir()
	if _, err := eventlog.Open(eventlog.Options{Dir: dir, ReadOnly: true}); err == nil {
		t.Error("opened a log that does not exist")
	}
	l := open(t, eventlog.Options{Dir: dir})
	fill(t, l, 300)
	files := copyDir(t, dir)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	readers := []*eventlog.Log{open(t, eventlog.Options{Dir: dir, ReadOnly: true}), open(t, eventlog.Options{Dir: dir, ReadOnly: true})}
	for _, r := range readers {
		if err := r.Verify(t.Context(), nil); err != nil || r.Head() != 300 {
			t.Errorf("head %d, %v", r.Head(), err)
		}
		if _, err := r.Append(t.Context(), bodies(1)...); !errors.Is(err, eventlog.ErrReadOnly) {
			t.Errorf("append to a reader: %v", err)
		}
		if _, err := r.PutBlob(t.Context(), []byte("x")); !errors.Is(err, eventlog.ErrReadOnly) {
			t.Errorf("blob to a reader: %v", err)
		}
		if c, err := r.Checkpoint(); err != nil || !strings.Contains(string(c), "\n300\n") {
			t.Errorf("checkpoint %q, %v", c, err)
		}
	}
	// The copy is of a writer that did not close.
	if _, err := eventlog.Open(eventlog.Options{Dir: pasteDir(t, files), ReadOnly: true}); err == nil || !strings.Contains(err.Error(), "did not close it") {
		t.Errorf("reader of a log that was not closed: %v", err)
	}
}

// TestEmptyMemtable is what a crash leaves that hits Badger between making and initialising a file.
func TestEmptyMemtable(t *testing.T) {
	dir := t.TempDir()
	l := open(t, eventlog.Options{Dir: dir})
	fill(t, l, 20)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "db", "00099.mem"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	l = open(t, eventlog.Options{Dir: dir})
	if err := l.Verify(t.Context(), nil); err != nil || l.Head() != 20 {
		t.Errorf("head %d, %v", l.Head(), err)
	}
}

func TestFreeSpace(t *testing.T) {
	free := uint64(1 << 40)
	o := eventlog.Options{Dir: t.TempDir()}.WithFree(func(string) (uint64, error) { return free, nil })
	l := open(t, o)
	fill(t, l, 10)
	h, err := l.PutBlob(t.Context(), []byte("kept"))
	if err != nil {
		t.Fatal(err)
	}

	free = eventlog.DefaultMinFree - 1
	if _, err := l.Append(t.Context(), bodies(11)...); !errors.Is(err, eventlog.ErrReadOnly) {
		t.Errorf("append to a full disk: %v", err)
	}
	if _, err := l.PutBlob(t.Context(), []byte("new")); !errors.Is(err, eventlog.ErrReadOnly) {
		t.Errorf("blob to a full disk: %v", err)
	}
	if err := l.PutSnapshot("s", 1, 1, nil); !errors.Is(err, eventlog.ErrReadOnly) {
		t.Errorf("snapshot to a full disk: %v", err)
	}
	if e, err := l.Event(10); err != nil || e.Seq != 10 {
		t.Errorf("reading on a full disk: %v", err)
	}
	if b, err := l.Blob(h); err != nil || string(b) != "kept" {
		t.Errorf("reading a blob on a full disk: %v", err)
	}

	free = eventlog.DefaultMinFree // room was made
	fill(t, l, 11)
	if l.Head() != 11 {
		t.Errorf("head %d", l.Head())
	}
	free = 0
	if _, err := eventlog.Open(eventlog.Options{Dir: t.TempDir()}.WithFree(o.Free())); !errors.Is(err, eventlog.ErrReadOnly) {
		t.Errorf("opened on a full disk: %v", err)
	}
}

func TestCheckpoint(t *testing.T) {
	dir := t.TempDir()
	l := open(t, eventlog.Options{Dir: dir})
	if _, err := l.Checkpoint(); !errors.Is(err, eventlog.ErrNotFound) {
		t.Errorf("checkpoint of an empty log: %v", err)
	}
	fill(t, l, 300)
	c, err := l.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	v, err := note.NewVerifier(l.VerifierKey())
	if err != nil {
		t.Fatal(err)
	}
	n, err := note.Open(c, note.VerifierList(v))
	if err != nil || !strings.HasPrefix(n.Text, "aobench\n300\n") {
		t.Errorf("checkpoint %q, %v", c, err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	other := open(t, eventlog.Options{Dir: t.TempDir(), Signer: signer(t, "other")})
	fill(t, other, 5)
	foreign, err := other.Checkpoint()
	if err != nil || !strings.HasPrefix(string(foreign), "other\n5\n") {
		t.Fatalf("checkpoint %q, %v", foreign, err)
	}
	path := filepath.Join(dir, "checkpoint")
	for name, text := range map[string]string{
		"size":      strings.Replace(string(c), "\n300\n", "\n299\n", 1),
		"root":      strings.Replace(string(c), "\n300\n", "\n300\nA", 1),
		"signature": strings.Replace(string(c), "— aobench ", "— aobench A", 1),
		"foreign":   string(foreign),
		"cut":       string(c[:len(c)/2]),
		"empty":     "",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := eventlog.Open(eventlog.Options{Dir: dir}); !errors.Is(err, eventlog.ErrDamaged) {
			t.Errorf("%s: opened with %v", name, err)
		}
	}
	if err := os.WriteFile(path, c, 0o600); err != nil {
		t.Fatal(err)
	}
	open(t, eventlog.Options{Dir: dir})
}

// TestFork gives a log the checkpoint of another history that was signed by the same key.
func TestFork(t *testing.T) {
	key := signer(t, "both")
	one := open(t, eventlog.Options{Dir: t.TempDir(), Signer: key})
	two := open(t, eventlog.Options{Dir: t.TempDir(), Signer: key})
	fill(t, one, 20)
	if _, err := two.Append(t.Context(), append(bodies(19), bodies(30)[25:]...)...); err != nil {
		t.Fatal(err)
	}
	c, err := one.Checkpoint()
	if err != nil {
		t.Fatal(err)
	}
	if err := two.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(two.Options().Dir, "checkpoint"), c, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = eventlog.Open(eventlog.Options{Dir: two.Options().Dir, Signer: key})
	if !errors.Is(err, eventlog.ErrDamaged) || !strings.Contains(err.Error(), "history was changed") {
		t.Errorf("opened a fork: %v", err)
	}
}

func TestKeyFile(t *testing.T) {
	dir := t.TempDir()
	l := open(t, eventlog.Options{Dir: dir})
	fill(t, l, 1)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "checkpoint.key")
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("key file: %v, %v", info.Mode(), err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := eventlog.Open(eventlog.Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("key that others can read: %v", err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if _, err := eventlog.Open(eventlog.Options{Dir: dir}); err == nil || !strings.Contains(err.Error(), "restore the key") {
		t.Errorf("key that is gone: %v", err)
	}
	if _, err := eventlog.Open(eventlog.Options{Dir: t.TempDir(), Signer: "PRIVATE+KEY+x+0+y"}); err == nil {
		t.Error("opened with a signer that is none")
	}
}

func signer(t *testing.T, name string) string {
	key, _, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
