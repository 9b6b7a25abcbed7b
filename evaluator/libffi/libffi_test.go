package libffi

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestFound(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("LD_LIBRARY_PATH", "/nowhere:"+dir)
	if !Found() {
		t.Error("not found on the path of the linker")
	}
	if got := split("a::b"); !slices.Equal(got, []string{"a", "", "b"}) {
		t.Errorf("split %q", got)
	}
	if contains("libffi.so.7", name) || !contains("x"+name, name) {
		t.Error("contains")
	}
}

// The message comes only while this package imports nothing that has to be initialized after the library's own imports.
func TestImports(t *testing.T) {
	deps := func(pkg string) []string {
		out, err := exec.Command("go", "list", "-deps", pkg).Output()
		if err != nil {
			t.Skip("go list does not run here: ", err)
		}
		return strings.Fields(string(out))
	}
	theirs := deps("github.com/jupiterrider/ffi")
	for _, d := range deps(".") {
		if !slices.Contains(theirs, d) && !strings.HasSuffix(d, "/evaluator/libffi") {
			t.Errorf("imports %s", d)
		}
	}
}
