package eventlog

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/options"
	"github.com/dgraph-io/badger/v4/table"
	"github.com/dgraph-io/ristretto/v2/z"
)

// checkTables verifies the checksums of all tables that Badger will open. Badger verifies them too, but in goroutines of
// its own: where a flipped bit makes a length wrong it does not return an error, it takes the process down with a nil
// pointer. The lock must be held, or tables could come and go.
func checkTables(dir string) error {
	f, err := os.Open(filepath.Join(dir, badger.ManifestFilename))
	if errors.Is(err, os.ErrNotExist) {
		return nil // a new log
	}
	if err != nil {
		return err
	}
	m, _, err := badger.ReplayManifestFile(f, 0, badgerOptions(dir).WithLogger(nil))
	_ = f.Close() // was only read
	if err != nil {
		return fmt.Errorf("%s: %w: %w", f.Name(), ErrDamaged, err)
	}
	for id, t := range m.Tables {
		name := table.NewFilename(id, dir)
		if err := checkTable(name, t.Compression); err != nil {
			return fmt.Errorf("%s: %w: %w", name, ErrDamaged, err)
		}
	}
	return nil
}

func checkTable(name string, c options.CompressionType) (err error) {
	file, err := z.OpenMmapFile(name, os.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true)) // reading a mapped file that is too short
	defer func() {
		if r := recover(); r != nil {
			text, _, _ := strings.Cut(strings.TrimSpace(fmt.Sprint(r)), "\n")
			err = fmt.Errorf("its lengths do not fit together: %s", text)
		}
	}()
	t, err := table.OpenTable(file, table.Options{ReadOnly: true, Compression: c})
	if err != nil {
		return err // the file was closed
	}
	if err := t.VerifyChecksum(); err != nil {
		return err
	}
	return file.Close(-1) // not t.DecrRef: the last reference deletes the file
}
