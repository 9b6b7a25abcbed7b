package libffi

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

const name = "libffi.so.8"

func init() {
	if runtime.GOOS == "linux" && !Found() {
		fmt.Fprintln(os.Stderr, name+" was not found. If the program ends here: apt-get install libffi8")
	}
}

// Found reports whether the dynamic linker will find libffi.so.8: see ld.so(8).
func Found() bool {
	if b, err := os.ReadFile("/etc/ld.so.cache"); err == nil && bytes.Contains(b, []byte(name+"\x00")) {
		return true
	}
	dirs := filepath.SplitList(os.Getenv("LD_LIBRARY_PATH"))
	for _, d := range append(dirs, "/lib64", "/usr/lib64", "/lib", "/usr/lib", "/usr/local/lib") {
		if strings.TrimSpace(d) == "" {
			continue
		}
		if _, err := os.Stat(filepath.Join(d, name)); err == nil {
			return true
		}
	}
	return false
}
