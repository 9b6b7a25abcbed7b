package libffi

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFound(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("LD_LIBRARY_PATH", dir)
	if !Found() {
		t.Error("not found on the path of the linker")
	}
}
