package devnet

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/aobench/aobench/event"
)

// The journal is a line that names the format, then records: length (u32, little endian), CRC-32C of the payload (u32),
// payload (CBOR of a record). A record is complete or it did not happen.
const (
	journalMagic = "aobench devnet journal 1\n"
	recordHeader = 8
	maxRecord    = 1 << 20 // an item has at most event.MaxInlineData of data here, and causes a handful of others
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// A record is one thing that happened. Exactly one of its pointers is set.
type record struct {
	_       struct{} `cbor:",toarray"`
	Genesis *genesis
	Clock   *event.Millis // the clock was moved here
	Posted  *posted
}

// genesis fixes the chain. It is the first record.
type genesis struct {
	_        struct{} `cbor:",toarray"`
	Start    event.Millis
	Height   uint64
	Interval event.Millis
}

// posted is an item that came from outside, and all items that executing it produced, in order.
type posted struct {
	_        struct{} `cbor:",toarray"`
	Key      string   // of the script step, or ""
	Schedule bool     // a message for the scheduler; otherwise an upload
	Item     event.Item
	Produced []event.Item
}

type journal struct {
	f    *os.File
	size int64 // where the next record begins
}

// openJournal opens or makes the file and takes the folder's lock.
func openJournal(path string, log *slog.Logger) (*journal, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	j := &journal{f: f}
	if err := j.prepare(log); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return j, nil
}

func (j *journal) prepare(log *slog.Logger) error {
	if err := lockFile(j.f); err != nil {
		return fmt.Errorf("lock %s: %w: another process uses this folder", j.f.Name(), err)
	}
	head := make([]byte, len(journalMagic))
	n, err := io.ReadFull(j.f, head)
	switch {
	case err == nil && string(head) == journalMagic:
		j.size = int64(n)
		return nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF) && bytes.HasPrefix([]byte(journalMagic), head[:n]):
		// A crash may have torn the first line; nothing was journaled after it.
		if n > 0 {
			log.Warn("journal begins with a torn line, starting it again", "file", j.f.Name())
		}
		j.size = int64(len(journalMagic))
		return j.begin()
	case err != nil && !errors.Is(err, io.ErrUnexpectedEOF):
		return err
	}
	return fmt.Errorf("%s is not a journal of this version: want it to begin with %q", j.f.Name(), journalMagic)
}

func (j *journal) begin() error {
	if _, err := j.f.WriteAt([]byte(journalMagic), 0); err != nil {
		return err
	}
	if err := j.f.Sync(); err != nil {
		return err
	}
	return syncDir(filepath.Dir(j.f.Name()))
}

// replay calls f with every record, and cuts off a torn last one.
func (j *journal) replay(log *slog.Logger, f func(record) error) error {
	info, err := j.f.Stat()
	if err != nil {
		return err
	}
	r := bufio.NewReaderSize(io.NewSectionReader(j.f, j.size, info.Size()-j.size), 1<<20)
	for j.size < info.Size() {
		rec, n, err := readRecord(r, info.Size()-j.size)
		if errors.Is(err, errTorn) {
			log.Warn("journal ends in a torn record, cut off", "file", j.f.Name(), "offset", j.size, "bytes", info.Size()-j.size)
			return errors.Join(j.f.Truncate(j.size), j.f.Sync())
		}
		if err == nil {
			err = f(rec)
		}
		if err != nil {
			return fmt.Errorf("journal record at byte %d: %w", j.size, err)
		}
		j.size += n
	}
	return nil
}

// errTorn says that the rest of the journal is what a crash leaves of an append.
var errTorn = errors.New("torn record")

// readRecord reads one record of a file that has left bytes after this place. Appends are synced one by one, so only the
// last record can be torn: bad bytes that end before the file does are damage.
func readRecord(r *bufio.Reader, left int64) (rec record, n int64, err error) {
	if left < recordHeader {
		return rec, 0, errTorn
	}
	var head [recordHeader]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return rec, 0, err
	}
	size := int64(binary.LittleEndian.Uint32(head[:4]))
	if size == 0 || size > maxRecord {
		return rec, 0, tornIfZero(r, head[:])
	}
	if n = recordHeader + size; n > left {
		return rec, 0, errTorn
	}
	payload := make([]byte, size)
	if _, err := io.ReadFull(r, payload); err != nil {
		return rec, 0, err
	}
	if crc32.Checksum(payload, castagnoli) != binary.LittleEndian.Uint32(head[4:]) {
		if n == left {
			return rec, 0, errTorn
		}
		return rec, 0, errors.New("checksum does not match and more follows: the file is damaged")
	}
	return rec, n, event.Unmarshal(payload, &rec)
}

// tornIfZero tells an append whose length reached the disk before its bytes from damage.
func tornIfZero(r *bufio.Reader, head []byte) error {
	damaged := errors.New("length is not possible: the file is damaged")
	if !bytes.Equal(head, make([]byte, recordHeader)) {
		return damaged
	}
	for {
		b, err := r.ReadByte()
		if errors.Is(err, io.EOF) {
			return errTorn
		}
		if err != nil {
			return err
		}
		if b != 0 {
			return damaged
		}
	}
}

// append makes a record durable. After an error the file's end is unknown and nothing may be appended any more.
func (j *journal) append(rec record) error {
	payload, err := event.Marshal(rec)
	if err != nil {
		return fmt.Errorf("append to journal: %w", err)
	}
	if len(payload) > maxRecord {
		return fmt.Errorf("append to journal: record of %d bytes is over %d", len(payload), maxRecord)
	}
	b := make([]byte, recordHeader, recordHeader+len(payload))
	binary.LittleEndian.PutUint32(b, uint32(len(payload)))
	binary.LittleEndian.PutUint32(b[4:], crc32.Checksum(payload, castagnoli))
	b = append(b, payload...)
	if _, err := j.f.WriteAt(b, j.size); err != nil {
		return fmt.Errorf("append to journal: %w", err)
	}
	if err := j.f.Sync(); err != nil {
		return fmt.Errorf("append to journal: %w", err)
	}
	j.size += int64(len(b))
	return nil
}

func (j *journal) close() error { return j.f.Close() }
