package eventlog

import "fmt"

// writable says why nothing may be written now, or nil.
func (l *Log) writable() error {
	if l.opts.ReadOnly {
		return fmt.Errorf("%w: it was opened for reading", ErrReadOnly)
	}
	if err := l.failure(); err != nil {
		return err
	}
	return enoughSpace(l.opts)
}

// enoughSpace refuses a disk that is nearly full: Badger writes through mapped files, and where no block is left for
// them the kernel kills the process, at the next start again.
func enoughSpace(o Options) error {
	free, err := o.free(o.Dir)
	if err != nil {
		return fmt.Errorf("free space of %s: %w", o.Dir, err)
	}
	if free < o.MinFree {
		return fmt.Errorf("%w: %s has %d MiB free, less than %d MiB; make room and writing goes on by itself",
			ErrReadOnly, o.Dir, free>>20, o.MinFree>>20)
	}
	return nil
}
