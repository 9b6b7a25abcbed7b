package eventlogtest

import (
	"bytes"
	"crypto/sha256"
	"math/rand/v2"
	"testing"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/eventlog"
)

func testIterate(t *testing.T, open Open) {
	l, _ := open(t, nil)
	const n = 1000
	mustAppend(t, l, messages(0, n, 600)...)
	for _, after := range []event.Seq{0, 1, 255, 256, 257, 998, 999, 1000, 1001, ^event.Seq(0)} {
		next := after + 1
		for e, err := range l.Events(t.Context(), after) {
			if err != nil || e.Seq != next {
				t.Fatalf("after %d: got %d, want %d, %v", after, e.Seq, next, err)
			}
			next++
		}
		if after < n && next != n+1 {
			t.Fatalf("after %d: ended before %d", after, next)
		}
	}
	for range 3 { // stopping early, with chunks still being read
		for e := range l.Events(t.Context(), 0) {
			if e.Seq == 300 {
				break
			}
		}
	}
	seen := 0 // an iteration ends at the head that it began with
	for range l.Events(t.Context(), n-2) {
		seen++
		mustAppend(t, l, Message(uint64(n+seen), 600))
	}
	if seen != 2 {
		t.Fatalf("iteration of 2 events gave %d", seen)
	}
}

func testRoots(t *testing.T, open Open) {
	l, reopen := open(t, nil)
	var leaves []tlog.Hash
	r := rand.New(rand.NewPCG(3, 4))
	for len(leaves) < 700 {
		mustAppend(t, l, messages(len(leaves), min(1+r.IntN(60), 700-len(leaves)), 600)...)
		leaves = leaves[:0]
		for b, err := range l.Raw(t.Context(), 0) {
			if err != nil {
				t.Fatal(err)
			}
			leaves = append(leaves, tlog.RecordHash(b))
		}
		got, err := l.Root(l.Head())
		if err != nil || got != event.Hash(mth(leaves)) {
			t.Fatalf("root of head %d: %s, %v", len(leaves), got, err)
		}
	}
	l = reopen()
	for size := range len(leaves) + 1 {
		if got, err := l.Root(event.Seq(size)); err != nil || got != event.Hash(mth(leaves[:size])) {
			t.Fatalf("root of %d: %s, %v", size, got, err)
		}
	}
}

func testChanged(t *testing.T, open Open) {
	l, _ := open(t, nil)
	is := func(c <-chan struct{}, want bool) {
		t.Helper()
		select {
		case <-c:
			if !want {
				t.Fatal("changed without an append")
			}
		default:
			if want {
				t.Fatal("not changed by an append")
			}
		}
	}
	c := l.Changed()
	is(c, false)
	mustAppend(t, l, Message(1, 600))
	is(c, true)
	c = l.Changed()
	mustAppend(t, l, Message(1, 600)) // nothing new
	is(c, false)
	mustAppend(t, l, Message(2, 600))
	is(c, true)
}

func testBlobs(t *testing.T, open Open) {
	l, reopen := open(t, nil)
	r := rand.NewChaCha8([32]byte{5})
	var blobs [][]byte
	for _, size := range []int{0, 1, 1000, 512 << 10, 512<<10 + 1, 4 << 20, 9<<20 + 5} {
		b := make([]byte, size)
		r.Read(b)
		for range 2 {
			h, err := l.PutBlob(t.Context(), b)
			if err != nil || h != event.Hash(sha256.Sum256(b)) {
				t.Fatalf("blob of %d: %s, %v", size, h, err)
			}
		}
		blobs = append(blobs, b)
	}
	l = reopen()
	for _, b := range blobs {
		if got, err := l.Blob(sha256.Sum256(b)); err != nil || !bytes.Equal(got, b) {
			t.Fatalf("blob of %d bytes reads %d, %v", len(b), len(got), err)
		}
	}
	_, err := l.Blob(event.Hash{1})
	wantErr(t, "unknown blob", err, eventlog.ErrNotFound)
	if _, err := l.PutBlob(t.Context(), make([]byte, eventlog.MaxBlob+1)); err == nil {
		t.Fatal("a blob over the cap was kept")
	}
	check(t, l, nil) // blobs are no events
}

func testSnapshots(t *testing.T, open Open) {
	l, reopen := open(t, nil)
	mustAppend(t, l, messages(0, 50, 600)...)
	big := bytes.Repeat([]byte("state"), 1_000_000)
	put := func(name string, version int, seq event.Seq, data []byte) {
		t.Helper()
		if err := l.PutSnapshot(name, version, seq, data); err != nil {
			t.Fatal(err)
		}
	}
	want := func(name string, version int, atMost, seq event.Seq, data []byte) {
		t.Helper()
		got, b, err := l.Snapshot(name, version, atMost)
		if seq == 0 {
			wantErr(t, "snapshot", err, eventlog.ErrNotFound)
		} else if err != nil || got != seq || !bytes.Equal(b, data) {
			t.Fatalf("snapshot at most %d: seq %d, %d bytes, %v; want %d, %d bytes", atMost, got, len(b), err, seq, len(data))
		}
	}
	want("pools", 1, 50, 0, nil)
	put("pools", 1, 10, []byte("ten"))
	put("pools", 1, 40, []byte("forty"))
	put("pools", 1, 20, big)
	put("pool", 1, 30, []byte("another name"))
	l = reopen()
	want("pools", 1, 50, 40, []byte("forty"))
	want("pools", 1, 39, 20, big)
	want("pools", 1, 19, 10, []byte("ten"))
	want("pools", 1, 9, 0, nil)
	want("pools", 2, 50, 0, nil)
	put("pools", 1, 20, []byte("shorter"))
	want("pools", 1, 20, 20, []byte("shorter"))
	put("pools", 2, 30, nil)
	want("pools", 2, 30, 30, nil)
	want("pools", 1, 50, 0, nil)
	want("pool", 1, 50, 30, []byte("another name"))
	if err := l.PutSnapshot("pools", 2, 51, nil); err == nil {
		t.Fatal("a snapshot beyond the head was kept")
	}
}
