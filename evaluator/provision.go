package evaluator

import (
	"context"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/aobench/aobench/evaluator/libffi"
)

// packageSHA512 is the integrity value of the package's archive in the registry.
const packageSHA512 = "5uCCDNqWCNfaAm8aR/Uzxbo4HBpKgNF91kCHPepKhgMgV2OAmatoefbOlMihsqCiH2Od35E/eUHQCFbfRBJuOg=="

const (
	maxArchive     = 64 << 20
	installTimeout = 5 * time.Minute
)

// DefaultDir is where Install puts libraries unless told otherwise: the user's cache.
func DefaultDir() (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("engine folder: %w: set HOME or XDG_CACHE_HOME", err)
	}
	return filepath.Join(cache, "aobench", "engine"), nil
}

// Install gets the engine's libraries by npm into a folder of dir, unless they are there, and returns them checked.
// progress is told in words what is being done.
func Install(ctx context.Context, dir string, progress func(string)) (Library, error) {
	if progress == nil {
		progress = func(string) {}
	}
	if err := supported(); err != nil {
		return Library{}, err
	}
	if l, err := Locate(dir); err == nil {
		return l, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Library{}, fmt.Errorf("install engine: %w", err)
	}
	tmp, err := os.MkdirTemp(dir, ".install-")
	if err != nil {
		return Library{}, fmt.Errorf("install engine: %w", err)
	}
	defer os.RemoveAll(tmp)
	progress("downloading " + packageName + "@" + packageVersion + " by npm (11 MB)")
	archive, err := npmPack(ctx, tmp)
	if err != nil {
		return Library{}, fmt.Errorf("install engine: %w", err)
	}
	progress("checking and unpacking the libraries")
	if err := unpack(archive, filepath.Join(tmp, "lib")); err != nil {
		return Library{}, fmt.Errorf("install engine: %w", err)
	}
	if err := place(filepath.Join(tmp, "lib"), filepath.Join(dir, packageVersion)); err != nil {
		return Library{}, fmt.Errorf("install engine: %w", err)
	}
	return Locate(dir)
}

// supported says what to do where the package does not fit.
func supported() error {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return fmt.Errorf("the embedded engine is provisioned for linux/amd64 only, this is %s/%s "+
			"(for linux/arm64 a package exists, @node-llama-cpp/linux-arm64, but was never tried): "+
			"set evaluate.lib to a folder with llama.cpp %s, or use an HTTP engine", runtime.GOOS, runtime.GOARCH, llamaVersion)
	}
	if !libffi.Found() {
		return errors.New("the embedded engine needs libffi.so.8: apt-get install libffi8")
	}
	return nil
}

// npmPack downloads the archive into dir and returns its bytes, which are what the registry has under that version for
// ever: the hash is built in, so neither the registry nor anything between has to be trusted.
func npmPack(ctx context.Context, dir string) ([]byte, error) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		return nil, fmt.Errorf("npm is not installed: apt-get install npm, or set evaluate.lib to a folder with llama.cpp %s (libllama.so, libggml.so …)", llamaVersion)
	}
	ctx, cancel := context.WithTimeout(ctx, installTimeout)
	defer cancel()
	var said tail
	cmd := exec.CommandContext(ctx, npm, "pack", "--ignore-scripts", "--pack-destination", dir, packageName+"@"+packageVersion)
	cmd.Dir = dir
	cmd.Stdout, cmd.Stderr = &said, &said
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("npm pack %s@%s: %w: %s", packageName, packageVersion, err, said.gist())
	}
	found, err := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if err != nil || len(found) != 1 {
		return nil, fmt.Errorf("npm pack %s@%s left %d archives", packageName, packageVersion, len(found))
	}
	return readArchive(found[0])
}

func readArchive(path string) ([]byte, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if st.Size() > maxArchive {
		return nil, fmt.Errorf("archive of %d bytes, at most %d", st.Size(), maxArchive)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	sum := sha512.Sum512(b)
	if got := base64.StdEncoding.EncodeToString(sum[:]); got != packageSHA512 {
		return nil, fmt.Errorf("archive %s has SHA-512 %s, want %s: not unpacked", filepath.Base(path), got, packageSHA512)
	}
	return b, nil
}

// place moves the finished folder to where Locate looks. If we crash before the rename, the next Install starts again;
// the folder never exists in part.
func place(from, to string) error {
	err := os.Rename(from, to)
	if err == nil {
		return nil
	}
	if _, err := Locate(filepath.Dir(to)); err == nil {
		return nil // another process was faster
	}
	if err := os.RemoveAll(to); err != nil { // damaged: Locate refused it
		return err
	}
	return os.Rename(from, to)
}

// Pin returns a library like l with the code for one processor only, in a folder beside it. Machines that must agree on
// every bit need the same variant.
func Pin(l Library, variant string) (Library, error) {
	have := l.CPUVariants()
	keep := "libggml-cpu-" + variant + ".so"
	dir := l.Dir + "-" + variant
	if _, err := os.Stat(filepath.Join(l.Dir, keep)); err != nil || strings.ContainsRune(variant, filepath.Separator) {
		return Library{}, fmt.Errorf("pin engine: no CPU variant %q, there are %s", variant, strings.Join(have, ", "))
	}
	if _, err := os.Stat(dir); errors.Is(err, os.ErrNotExist) {
		if err := copyVariant(l, dir, keep); err != nil {
			return Library{}, fmt.Errorf("pin engine: %w", err)
		}
	}
	p, err := readLibrary(dir)
	if err != nil {
		return Library{}, err
	}
	p.Version = l.Version
	for _, f := range p.Files {
		if !containsFile(l, f) {
			return Library{}, fmt.Errorf("pin engine: %s in %s is not that of %s: delete the folder", f.Name, dir, l.Dir)
		}
	}
	return p, nil
}

func containsFile(l Library, f LibraryFile) bool {
	for _, g := range l.Files {
		if f == g {
			return true
		}
	}
	return false
}
