package eventlog

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/aobench/aobench/event"
)

// checkpointEvery is how long the checkpoint on disk may be behind the head: a loss of less than that much at the very
// end is not noticed at the next start.
const checkpointEvery = time.Second

const checkpointFile = "checkpoint"

// Checkpoint returns the signed head as it stands on disk, after bringing it up to date: a C2SP tlog-checkpoint, three
// lines (the key's name, the size, the root in base64), an empty line and the signature. A log of no events has none:
// ErrNotFound.
func (l *Log) Checkpoint() ([]byte, error) {
	if !l.opts.ReadOnly {
		if err := l.sign(); err != nil {
			return nil, err
		}
	}
	b, err := os.ReadFile(filepath.Join(l.opts.Dir, checkpointFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("checkpoint of %s: %w", l.opts.Dir, ErrNotFound)
	}
	return b, err
}

// sign replaces the checkpoint on disk by one of the head. It never signs a smaller log than before.
func (l *Log) sign() error {
	l.signMu.Lock()
	defer l.signMu.Unlock()
	head := l.Head() // on disk already, so a checkpoint is never ahead of the log
	if head == l.signed {
		return nil
	}
	root, err := l.Root(head)
	if err != nil {
		return fmt.Errorf("checkpoint %d: %w", head, err)
	}
	text := fmt.Sprintf("%s\n%d\n%s\n", l.keys.signer.Name(), head, base64.StdEncoding.EncodeToString(root[:]))
	msg, err := note.Sign(&note.Note{Text: text}, l.keys.signer)
	if err != nil {
		return fmt.Errorf("checkpoint %d: %w", head, err)
	}
	if err := replaceFile(filepath.Join(l.opts.Dir, checkpointFile), msg, 0o644); err != nil {
		return fmt.Errorf("checkpoint %d: %w", head, err)
	}
	l.signed = head
	return nil
}

// checkCheckpoint refuses a log that is not an extension of what was signed.
func (l *Log) checkCheckpoint() error {
	path := filepath.Join(l.opts.Dir, checkpointFile)
	msg, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		if l.state.head > 0 {
			l.log.Warn("the log has no checkpoint: a loss at its end cannot be noticed", "head", l.state.head)
		}
		return nil
	}
	if err != nil {
		return err
	}
	size, root, err := parseCheckpoint(msg, l.keys.verifier)
	if err != nil {
		return fmt.Errorf("%s: %w: %w", path, ErrDamaged, err)
	}
	if size > l.state.head {
		return fmt.Errorf("the log ends at seq %d, its checkpoint says %d: the disk lost events that were acknowledged; restore a copy (%s): %w",
			l.state.head, size, path, ErrDamaged)
	}
	got, err := l.Root(size)
	if err != nil {
		return err
	}
	if got != root {
		return fmt.Errorf("the first %d events have root %s, the checkpoint says %s: history was changed; restore a copy (%s): %w",
			size, got, root, path, ErrDamaged)
	}
	l.signed = size
	return nil
}

// parseCheckpoint verifies and reads a checkpoint.
func parseCheckpoint(msg []byte, v note.Verifier) (event.Seq, event.Hash, error) {
	n, err := note.Open(msg, note.VerifierList(v))
	if err != nil {
		return 0, event.Hash{}, err
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) < 4 || lines[0] != v.Name() {
		return 0, event.Hash{}, fmt.Errorf("checkpoint is not one of %s", v.Name())
	}
	size, err := strconv.ParseUint(lines[1], 10, 63)
	if err != nil || strconv.FormatUint(size, 10) != lines[1] {
		return 0, event.Hash{}, fmt.Errorf("checkpoint size %.40q", lines[1])
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != len(event.Hash{}) {
		return 0, event.Hash{}, fmt.Errorf("checkpoint root %.60q", lines[2])
	}
	return event.Seq(size), event.Hash(root), nil
}

// replaceFile puts data in the place of a file, so that after a crash the old or the new is there, never a piece.
func replaceFile(path string, data []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path+".tmp", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	// If we crash now, the old file is in its place and the new one is overwritten at the next attempt.
	if err := os.Rename(path+".tmp", path); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	err = dir.Sync()
	if e := dir.Close(); err == nil {
		err = e
	}
	return err
}
