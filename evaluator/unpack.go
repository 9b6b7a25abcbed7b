package evaluator

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// unpack writes the libraries that pinnedSums lists, and nothing else, from an npm archive into the new folder dir. Names
// of the archive are only compared, never used as paths.
func unpack(archive []byte, dir string) error {
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	gz, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	missing := map[string]bool{}
	for line := range strings.Lines(pinnedSums) {
		_, name, _ := strings.Cut(strings.TrimSpace(line), "  ")
		missing["package/bins/linux-x64/"+name] = true
	}
	for t := tar.NewReader(gz); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("unpack: %w", err)
		}
		if !missing[h.Name] || h.Typeflag != tar.TypeReg || h.Size > maxArchive {
			continue
		}
		delete(missing, h.Name)
		if err := writeNew(filepath.Join(dir, filepath.Base(h.Name)), io.LimitReader(t, maxArchive)); err != nil {
			return fmt.Errorf("unpack: %w", err)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("unpack: %d libraries are not in the archive", len(missing))
	}
	return linkShort(dir)
}

func linkShort(dir string) error {
	for short, long := range shortNames {
		if err := os.Symlink(long, filepath.Join(dir, short)); err != nil {
			return err
		}
	}
	return nil
}

func writeNew(path string, r io.Reader) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, r); err != nil {
		return errors.Join(err, f.Close())
	}
	return f.Close()
}

// copyVariant copies l without the CPU variants other than keep into dir, which exists wholly or not at all.
func copyVariant(l Library, dir, keep string) error {
	tmp, err := os.MkdirTemp(filepath.Dir(dir), ".pin-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	for _, f := range l.Files {
		if strings.HasPrefix(f.Name, "libggml-cpu-") && f.Name != keep {
			continue
		}
		if err := copyFile(filepath.Join(l.Dir, f.Name), filepath.Join(tmp, f.Name)); err != nil {
			return err
		}
	}
	if err := os.Chmod(tmp, 0o755); err != nil {
		return err
	}
	return os.Rename(tmp, dir)
}

func copyFile(from, to string) error {
	f, err := os.Open(from)
	if err != nil {
		return err
	}
	defer f.Close()
	return writeNew(to, f)
}
