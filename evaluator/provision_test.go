package evaluator

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// npm puts a program of that name, and nothing else, on the path.
func npm(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	if script != "" {
		if err := os.WriteFile(filepath.Join(dir, "npm"), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
}

func TestInstallFails(t *testing.T) {
	if err := supported(); err != nil {
		t.Skip(err)
	}
	for _, c := range []struct{ name, script, says string }{
		{"no npm", "", "evaluate.lib"},
		{"npm fails", "echo npm error 404 not found >&2; exit 1", "npm error 404 not found"},
		{"another archive", "echo x >x.tgz", "not unpacked"},
		{"no archive", "exit 0", "left 0 archives"},
		{"a huge archive", ": >x.tgz; exec /usr/bin/truncate -s 65M x.tgz", "at most"},
		{"npm hangs", "exec /bin/sleep 60", "npm pack"},
	} {
		t.Run(c.name, func(t *testing.T) {
			npm(t, c.script)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			dir := filepath.Join(t.TempDir(), "engine")
			_, err := Install(ctx, dir, nil)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, want %q", err, c.says)
			}
			if left, _ := os.ReadDir(dir); len(left) != 0 {
				t.Errorf("%v is left behind", left)
			}
		})
	}
}

func TestInstalled(t *testing.T) {
	l := engine(t).Library
	npm(t, "echo called >&2; exit 1")
	again, err := Install(t.Context(), filepath.Dir(l.Dir), func(s string) { t.Errorf("installs again: %s", s) })
	if err != nil || again.Hash() != l.Hash() {
		t.Errorf("installed libraries are not found: %v", err)
	}
	if v := l.CPUVariants(); !slices.Contains(v, "haswell") || !slices.Contains(v, "x64") || len(v) != 14 {
		t.Errorf("CPU variants %v", v)
	}
}

func TestLocate(t *testing.T) {
	if _, err := Locate(t.TempDir()); !errors.Is(err, ErrNotInstalled) {
		t.Errorf("nothing there: %v", err)
	}
	l := engine(t).Library
	dir := t.TempDir()
	to := filepath.Join(dir, filepath.Base(l.Dir))
	if err := os.CopyFS(to, os.DirFS(l.Dir)); err != nil {
		t.Fatal(err)
	}
	if _, err := Locate(dir); err != nil {
		t.Errorf("a copy: %v", err)
	}
	stranger := filepath.Join(to, "libggml-stranger.so")
	if err := os.WriteFile(stranger, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Locate(dir); err == nil || !strings.Contains(err.Error(), "libggml-stranger.so is not the one") {
		t.Errorf("a library too many: %v", err)
	}
	if own, err := OwnLibrary(to); err != nil || !strings.Contains(own.Version, "unpinned") {
		t.Errorf("the operator's own: %v", err)
	}
	if err := os.Remove(stranger); err != nil {
		t.Fatal(err)
	}
	before, err := Locate(dir)
	if err != nil {
		t.Fatal(err)
	}
	flip(t, filepath.Join(to, "libggml-base.so"))
	if _, err := Locate(dir); err == nil || !strings.Contains(err.Error(), "install again") {
		t.Errorf("a changed byte: %v", err)
	}
	// Changed after the check: found before anything is loaded.
	_, job := tiny(t, questions(1), 1)
	if _, err := Run(t.Context(), Embedded{Library: before}, job, nil); err == nil || !strings.Contains(err.Error(), "have changed") {
		t.Errorf("changed after the check: %v", err)
	}
}

func flip(t *testing.T, path string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestPin(t *testing.T) {
	e := engine(t)
	dir := t.TempDir()
	to := filepath.Join(dir, filepath.Base(e.Library.Dir))
	if err := os.CopyFS(to, os.DirFS(e.Library.Dir)); err != nil {
		t.Fatal(err)
	}
	l, err := Locate(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Pin(l, "z80"); err == nil || !strings.Contains(err.Error(), "haswell") {
		t.Errorf("no such variant: %v", err)
	}
	for range 2 { // the second time it is there
		if e.Library, err = Pin(l, "x64"); err != nil {
			t.Fatal(err)
		}
	}
	_, job := tiny(t, questions(3), 2)
	if r := run(t, e, job); r.Manifest.Engine.CPU != "x64" || r.Manifest.Engine.Version != l.Version || r.Correct != 2 {
		t.Errorf("info %+v, %d correct", r.Manifest.Engine, r.Correct)
	}
	flip(t, filepath.Join(e.Library.Dir, "libggml-cpu-x64.so"))
	if _, err := Pin(l, "x64"); err == nil || !strings.Contains(err.Error(), "delete the folder") {
		t.Errorf("a changed byte: %v", err)
	}
}

func TestUnpack(t *testing.T) {
	archive := func(names ...string) []byte {
		var b bytes.Buffer
		gz := gzip.NewWriter(&b)
		w := tar.NewWriter(gz)
		for _, n := range names {
			if err := w.WriteHeader(&tar.Header{Name: n, Mode: 0o755, Size: 1, Typeflag: tar.TypeReg}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write([]byte("x")); err != nil {
				t.Fatal(err)
			}
		}
		if err := errors.Join(w.Close(), gz.Close()); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	const in = "package/bins/linux-x64/"
	var all []string
	for line := range strings.Lines(pinnedSums) {
		all = append(all, in+strings.Fields(line)[1])
	}
	for _, c := range []struct {
		name, says string
		archive    []byte
	}{
		{"whole", "", archive(append(all, in+"../../../escaped.so", "/escaped.so", "escaped.so", in+"llama-addon.node")...)},
		{"a library missing", "1 libraries are not", archive(all[1:]...)},
		{"a name twice", "", archive(append(all, all[0])...)},
		{"not an archive", "unpack", []byte("nonsense")},
		{"cut", "unpack", archive(all...)[:60]},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "a", "b", "c", "d")
			if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
				t.Fatal(err)
			}
			err := unpack(c.archive, dir)
			if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("error %v, want %q", err, c.says)
			}
			if got, _ := os.ReadDir(dir); c.says == "" && len(got) != len(all)+len(shortNames) {
				t.Errorf("%d files, want %d", len(got), len(all)+len(shortNames))
			}
			for p := dir; len(p) > len(os.TempDir()); p = filepath.Dir(p) {
				if _, err := os.Stat(filepath.Join(p, "escaped.so")); err == nil {
					t.Errorf("escaped to %s", p)
				}
			}
		})
	}
}
