package eventlogtest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"iter"
	"math"
	"slices"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/eventlog"
)

// A Memory is a log in memory. It keeps the events' bytes, so what is read has been encoded and decoded.
type Memory struct {
	Now func() event.Millis // the clock that events are recorded by; nil is the wall clock

	mu        sync.Mutex
	recorded  event.Millis
	events    [][]byte
	ids       map[event.ID]event.Seq
	hashes    []tlog.Hash // by storage index
	blobs     map[event.Hash][]byte
	snapshots map[string][]snapshot
	changed   chan struct{}
	closed    bool
}

type snapshot struct {
	version int
	seq     event.Seq
	data    []byte
}

// NewMemory returns an empty log.
func NewMemory() *Memory {
	return &Memory{
		ids: map[event.ID]event.Seq{}, blobs: map[event.Hash][]byte{}, snapshots: map[string][]snapshot{},
		changed: make(chan struct{}),
	}
}

// Append is eventlog.Log's.
func (m *Memory) Append(ctx context.Context, bodies ...event.Body) ([]event.Seq, error) {
	seqs := make([]event.Seq, 0, len(bodies))
	for part := range slices.Chunk(bodies, eventlog.MaxBatch) {
		if err := ctx.Err(); err != nil {
			return seqs, fmt.Errorf("append %d events: %w", len(part), err)
		}
		got, err := m.append(part)
		seqs = append(seqs, got...)
		if err != nil {
			return seqs, fmt.Errorf("append %d events: %w", len(part), err)
		}
	}
	return seqs, nil
}

// AppendAt is eventlog.Log's.
func (m *Memory) AppendAt(ctx context.Context, at event.Seq, bodies ...event.Body) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return false, err
	}
	if at != event.Seq(len(m.events)) {
		return false, nil
	}
	if len(bodies) > eventlog.MaxBatch {
		return false, fmt.Errorf("append %d events at seq %d: at most %d", len(bodies), at, eventlog.MaxBatch)
	}
	_, err := m.add(bodies, eventlog.MaxBatchBytes)
	return err == nil, err
}

func (m *Memory) append(bodies []event.Body) ([]event.Seq, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.add(bodies, math.MaxInt)
}

// add appends under the lock, unless it is more than limit bytes.
func (m *Memory) add(bodies []event.Body, limit int) ([]event.Seq, error) {
	if m.closed {
		return nil, eventlog.ErrClosed
	}
	now, head := max(m.now(), m.recorded), event.Seq(len(m.events))
	var encoded [][]byte
	var seqs []event.Seq
	own := map[event.ID]event.Seq{}
	for _, body := range bodies {
		seq, ok := m.ids[body.ID()]
		if !ok {
			seq, ok = own[body.ID()]
		}
		if !ok {
			seq = head + event.Seq(len(encoded)) + 1
			b, err := event.Encode(event.Event{Seq: seq, Recorded: now, Body: body})
			if err != nil {
				return nil, err
			}
			if limit -= len(b); limit < 0 {
				return nil, fmt.Errorf("append %d events: more than %d bytes", len(bodies), eventlog.MaxBatchBytes)
			}
			encoded, own[body.ID()] = append(encoded, b), seq
		}
		seqs = append(seqs, seq)
	}
	for _, b := range encoded {
		h, err := tlog.StoredHashes(int64(len(m.events)), b, m.reader())
		if err != nil {
			return nil, err
		}
		m.events, m.hashes = append(m.events, b), append(m.hashes, h...)
	}
	for id, seq := range own {
		m.ids[id] = seq
	}
	if len(encoded) > 0 {
		m.recorded = now
		close(m.changed)
		m.changed = make(chan struct{})
	}
	return seqs, nil
}

func (m *Memory) now() event.Millis {
	if m.Now != nil {
		return m.Now()
	}
	return event.Millis(time.Now().UnixMilli())
}

func (m *Memory) reader() tlog.HashReader {
	return tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		out := make([]tlog.Hash, len(indexes))
		for i, x := range indexes {
			out[i] = m.hashes[x]
		}
		return out, nil
	})
}

// Head is eventlog.Log's.
func (m *Memory) Head() event.Seq {
	m.mu.Lock()
	defer m.mu.Unlock()
	return event.Seq(len(m.events))
}

// Changed is eventlog.Log's.
func (m *Memory) Changed() <-chan struct{} {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.changed
}

// Lookup is eventlog.Log's.
func (m *Memory) Lookup(id event.ID) (event.Seq, bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	seq, ok := m.ids[id]
	return seq, ok, nil
}

func (m *Memory) bytes(seq event.Seq) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if seq == 0 || seq > event.Seq(len(m.events)) {
		return nil, fmt.Errorf("event %d: %w", seq, eventlog.ErrNotFound)
	}
	return slices.Clone(m.events[seq-1]), nil
}

// Event is eventlog.Log's.
func (m *Memory) Event(seq event.Seq) (event.Event, error) {
	b, err := m.bytes(seq)
	if err != nil {
		return event.Event{}, err
	}
	return event.Decode(b)
}

// Raw is eventlog.Log's.
func (m *Memory) Raw(ctx context.Context, after event.Seq) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for head := m.Head(); after < head; after++ {
			b, err := m.bytes(after + 1)
			if e := ctx.Err(); e != nil {
				b, err = nil, fmt.Errorf("read events from %d: %w", after+1, e)
			}
			if !yield(b, err) || err != nil {
				return
			}
		}
	}
}

// Events is eventlog.Log's.
func (m *Memory) Events(ctx context.Context, after event.Seq) iter.Seq2[event.Event, error] {
	return func(yield func(event.Event, error) bool) {
		for b, err := range m.Raw(ctx, after) {
			var e event.Event
			if err == nil {
				e, err = event.Decode(b)
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// Root is eventlog.Log's.
func (m *Memory) Root(seq event.Seq) (event.Hash, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if head := event.Seq(len(m.events)); seq > head {
		return event.Hash{}, fmt.Errorf("tree of %d events, the log has %d: %w", seq, head, eventlog.ErrNotFound)
	}
	h, err := tlog.TreeHash(int64(seq), m.reader())
	return event.Hash(h), err
}

// PutBlob is eventlog.Log's.
func (m *Memory) PutBlob(ctx context.Context, data []byte) (event.Hash, error) {
	h := event.Hash(sha256.Sum256(data))
	if err := ctx.Err(); err != nil {
		return h, err
	}
	if len(data) > eventlog.MaxBlob {
		return h, fmt.Errorf("put blob %s: %d bytes, at most %d are kept here", h, len(data), eventlog.MaxBlob)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.blobs[h] = slices.Clone(data)
	return h, nil
}

// Blob is eventlog.Log's.
func (m *Memory) Blob(h event.Hash) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	data, ok := m.blobs[h]
	if !ok {
		return nil, fmt.Errorf("read blob %s: %w", h, eventlog.ErrNotFound)
	}
	return slices.Clone(data), nil
}

// Snapshot is eventlog.Log's.
func (m *Memory) Snapshot(name string, version int, atMost event.Seq) (event.Seq, []byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var best *snapshot
	for i, s := range m.snapshots[name] {
		if s.version == version && s.seq <= atMost && (best == nil || s.seq > best.seq) {
			best = &m.snapshots[name][i]
		}
	}
	if best == nil {
		return 0, nil, fmt.Errorf("snapshot %s version %d at %d: %w", name, version, atMost, eventlog.ErrNotFound)
	}
	return best.seq, slices.Clone(best.data), nil
}

// PutSnapshot is eventlog.Log's, but keeps all of one version.
func (m *Memory) PutSnapshot(name string, version int, seq event.Seq, data []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if head := event.Seq(len(m.events)); seq > head || name == "" {
		return fmt.Errorf("put snapshot %q at %d: the log ends at %d", name, seq, head)
	}
	kept := slices.DeleteFunc(m.snapshots[name], func(s snapshot) bool { return s.version != version || s.seq == seq })
	m.snapshots[name] = append(kept, snapshot{version, seq, slices.Clone(data)})
	return nil
}

// Close makes further appends fail, as eventlog.Log's does.
func (m *Memory) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	return nil
}
