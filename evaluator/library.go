package evaluator

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aobench/aobench/event"
)

// The libraries that this program is made for. yzma passes C structures by value: with libraries of another version it
// would corrupt memory without a word, so the versions are changed together or not at all.
const (
	packageName    = "@node-llama-cpp/linux-x64"
	packageVersion = "3.22.1"
	llamaVersion   = "v0.5.0"
)

// pinnedSums holds the SHA-256 of every library of the package, as sha256sum prints them.
//
//go:embed libraries.txt
var pinnedSums string

// shortNames are the names by which the libraries are loaded, and what they stand for.
var shortNames = map[string]string{"libllama.so": "libllama." + llamaVersion + ".so", "libggml.so": "libggml." + llamaVersion + ".so"}

// ErrNotInstalled says that the engine's libraries are not there yet: Install gets them.
var ErrNotInstalled = errors.New("engine not installed: run aobench engine install")

// A Library is a folder with the shared libraries of llama.cpp.
type Library struct {
	Dir     string
	Version string // "llama.cpp v0.5.0 (package version)"; "unpinned" for an operator's own
	Files   []LibraryFile
}

// A LibraryFile is one shared library.
type LibraryFile struct {
	Name   string
	SHA256 event.Hash
}

// Hash is the SHA-256 of the lines that sha256sum prints for the files in the order of their names.
func (l Library) Hash() event.Hash {
	var b strings.Builder
	for _, f := range l.Files {
		fmt.Fprintf(&b, "%s  %s\n", f.SHA256, f.Name)
	}
	return sha256.Sum256([]byte(b.String()))
}

// CPUVariants lists the processors for which the library has code of its own.
func (l Library) CPUVariants() []string {
	var out []string
	for _, f := range l.Files {
		if v, ok := strings.CutPrefix(f.Name, "libggml-cpu-"); ok {
			out = append(out, strings.TrimSuffix(v, ".so"))
		}
	}
	return out
}

func (l Library) cpuVariant() string { return strings.Join(l.CPUVariants(), "+") }

// Locate returns the libraries that Install put under dir, every byte checked against the sums built into this program.
// It returns ErrNotInstalled where there are none.
func Locate(dir string) (Library, error) {
	l, err := readLibrary(filepath.Join(dir, packageVersion))
	if err != nil {
		return l, err
	}
	l.Version = "llama.cpp " + llamaVersion + " (" + packageName + " " + packageVersion + ")"
	return l, l.check()
}

// OwnLibrary returns the libraries of a folder that the operator answers for: they are recorded, not checked. They must
// be of the version that this program is made for, for example those of a sibling package with CUDA.
func OwnLibrary(dir string) (Library, error) {
	l, err := readLibrary(dir)
	l.Version = "llama.cpp (unpinned)"
	return l, err
}

// check compares every library with the built-in sums. A library that is not in the list is refused too: llama.cpp loads
// every back-end that it finds in the folder.
func (l Library) check() error {
	want := map[string]string{}
	for line := range strings.Lines(pinnedSums) {
		if sum, name, ok := strings.Cut(strings.TrimSpace(line), "  "); ok {
			want[name] = sum
		}
	}
	for _, f := range l.Files {
		name := cmp.Or(shortNames[f.Name], f.Name)
		if want[name] != f.SHA256.String() {
			return fmt.Errorf("library %s is not the one this program is made for (SHA-256 %s): delete %s and install again", f.Name, f.SHA256, l.Dir)
		}
	}
	return nil
}

func readLibrary(dir string) (Library, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Library{}, err
	}
	if _, err := os.Stat(filepath.Join(dir, "libllama.so")); errors.Is(err, os.ErrNotExist) {
		return Library{}, fmt.Errorf("libraries in %s: %w", dir, ErrNotInstalled)
	}
	paths, err := filepath.Glob(filepath.Join(dir, "*.so")) // sorted; no special characters are lost but in odd folders
	if err != nil {
		return Library{}, err
	}
	return hashFiles(dir, paths)
}

func hashFiles(dir string, paths []string) (Library, error) {
	l := Library{Dir: dir}
	for _, p := range paths {
		sum, err := hashFile(p)
		if err != nil {
			return Library{}, fmt.Errorf("read library: %w", err)
		}
		l.Files = append(l.Files, LibraryFile{filepath.Base(p), sum})
	}
	slices.SortFunc(l.Files, func(a, b LibraryFile) int { return cmp.Compare(a.Name, b.Name) })
	return l, nil
}

func hashFile(path string) (h event.Hash, err error) {
	f, err := os.Open(path)
	if err != nil {
		return h, err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return h, err
	}
	return event.Hash(sum.Sum(nil)), nil
}

// mappedLibrary returns the libraries of dir that this process has loaded, by their real names.
func mappedLibrary(dir string) (Library, error) {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return Library{}, err
	}
	f, err := os.Open("/proc/self/maps")
	if err != nil {
		return Library{}, err
	}
	defer f.Close()
	seen := map[string]bool{}
	var paths []string
	for s := bufio.NewScanner(f); s.Scan(); {
		i := strings.IndexByte(s.Text(), '/')
		if i < 0 {
			continue
		}
		p := s.Text()[i:]
		if filepath.Dir(p) == dir && strings.HasSuffix(p, ".so") && !seen[p] {
			seen[p] = true
			paths = append(paths, p)
		}
	}
	return hashFiles(dir, paths)
}
