package eventlog

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/dgraph-io/badger/v4"

	"github.com/aobench/aobench/event"
)

// MaxBlob is the most bytes of a blob or a snapshot.
const MaxBlob = 64 << 20

const (
	chunkBytes     = 512 << 10
	chunksOneWrite = MaxBatchBytes / chunkBytes
)

// PutBlob keeps data under its SHA-256, which it returns. When it returns without an error the blob is on disk, so an
// event that names it may follow. Putting the same again does nothing.
func (l *Log) PutBlob(ctx context.Context, data []byte) (event.Hash, error) {
	h := event.Hash(sha256.Sum256(data))
	var have bool
	err := l.db.View(func(txn *badger.Txn) error {
		_, err := txn.Get(blobKey(h))
		have = err == nil
		if errors.Is(err, badger.ErrKeyNotFound) {
			return nil
		}
		return err
	})
	if err == nil && !have {
		err = l.putBulk(ctx, blobKey(h), data)
	}
	if err != nil {
		return h, fmt.Errorf("put blob %s: %w", h, err)
	}
	return h, nil
}

// Blob returns the bytes whose SHA-256 is h, or ErrNotFound.
func (l *Log) Blob(h event.Hash) ([]byte, error) {
	data, err := l.bulk(blobKey(h))
	if err != nil {
		return nil, fmt.Errorf("read blob %s: %w", h, err)
	}
	return data, nil
}

// chunksOf is the number of chunks of so many bytes.
func chunksOf(size int) int { return (size + chunkBytes - 1) / chunkBytes }

// putBulk writes data as chunks and then the row at key that says they are complete.
func (l *Log) putBulk(ctx context.Context, key, data []byte) error {
	if len(data) > MaxBlob {
		return fmt.Errorf("%d bytes, at most %d are kept here", len(data), MaxBlob)
	}
	sum := sha256.Sum256(data)
	meta := append(binary.BigEndian.AppendUint64(nil, uint64(len(data))), sum[:]...)
	chunks := chunksOf(len(data))
	for n := 0; ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		done := false
		err := l.update(func(txn *badger.Txn) error {
			for end := min(n+chunksOneWrite, chunks); n < end; n++ {
				if err := txn.Set(chunkKey(key, n), data[n*chunkBytes:min((n+1)*chunkBytes, len(data))]); err != nil {
					return err
				}
			}
			if done = n == chunks; done {
				// With this row the data exists. If we crash before, the chunks are unseen, and overwritten with the
				// same bytes when the data is put again.
				return txn.Set(key, meta)
			}
			return nil
		})
		if err != nil || done {
			return err
		}
	}
}

// bulk reads what putBulk wrote, and proves it to be that.
func (l *Log) bulk(key []byte) (data []byte, err error) {
	err = l.db.View(func(txn *badger.Txn) error {
		meta, err := get(txn, key)
		if err != nil {
			return err
		}
		if len(meta) != 8+sha256.Size || binary.BigEndian.Uint64(meta) > MaxBlob {
			return fmt.Errorf("its row: %w", ErrDamaged)
		}
		data = make([]byte, 0, binary.BigEndian.Uint64(meta))
		for n := 0; len(data) < cap(data); n++ {
			part, err := get(txn, chunkKey(key, n))
			if err != nil || len(part) == 0 || len(data)+len(part) > cap(data) {
				return fmt.Errorf("chunk %d: %w: %v", n, ErrDamaged, err)
			}
			data = append(data, part...)
		}
		if sum := sha256.Sum256(data); string(sum[:]) != string(meta[8:]) {
			return fmt.Errorf("its SHA-256 is %x: %w", sum, ErrDamaged)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return data, nil
}

// update commits one transaction of rows that are not events.
func (l *Log) update(f func(*badger.Txn) error) error {
	if err := l.writable(); err != nil {
		return err
	}
	txn := l.db.NewTransaction(true)
	defer txn.Discard()
	if err := f(txn); err != nil {
		return err
	}
	if err := txn.Commit(); err != nil {
		return l.fail(err)
	}
	return nil
}
