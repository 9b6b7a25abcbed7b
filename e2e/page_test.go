//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestPage looks at the demo's pages with a real browser.
func TestPage(t *testing.T) {
	shots := os.Getenv("AOBENCH_SCREENSHOTS")
	if shots == "" {
		shots = t.TempDir()
	}
	addr := freeAddr(t)
	p := start(t, nil, binary(t), "demo", "--data", t.TempDir(), "--listen", addr)
	s := site("http://" + addr)
	var pool string
	p.until(t, 4*time.Minute, "a final allocation", func() (bool, error) {
		var pools struct {
			Pools []struct {
				Pool   string
				Newest struct{ Phase string }
			}
		}
		if err := get(t.Context(), string(s)+"/v1/pools", &pools); err != nil || len(pools.Pools) == 0 {
			return false, err
		}
		pool = pools.Pools[0].Pool
		return pools.Pools[0].Newest.Phase == "final", nil
	})
	var board struct {
		Rows []struct{ Model string }
	}
	if err := get(t.Context(), string(s)+"/v1/pools/"+pool+"/leaderboard", &board); err != nil {
		t.Fatal(err)
	}
	page := string(s) + "/pools/" + pool
	dom := browse(t, "--dump-dom", page)
	want := []string{"950", "forged-sender", "<svg", "copy"}
	for _, r := range board.Rows {
		want = append(want, r.Model)
	}
	for _, w := range want {
		if !strings.Contains(dom, w) {
			t.Errorf("the page does not say %q", w)
		}
	}
	if strings.Contains(dom, "<script") {
		t.Error("the page has a script")
	}
	for name, look := range map[string][]string{
		"board.png":       {"--window-size=1100,1560", page},
		"board-phone.png": {"--window-size=390,1800", page},
		"board-dark.png":  {"--window-size=1100,1560", "--blink-settings=preferredColorScheme=0", page},
		"history.png":     {"--window-size=1100,900", page + "/history"},
		"pools.png":       {"--window-size=1100,700", string(s) + "/"},
	} {
		file := filepath.Join(shots, name)
		browse(t, append([]string{"--hide-scrollbars", "--screenshot=" + file}, look...)...)
		if info, err := os.Stat(file); err != nil || info.Size() < 10_000 {
			t.Errorf("%s: no picture: %v", name, err)
		}
	}
	p.stop(t)
	p.alone(t)
}

// browse runs a headless Chromium that asks nobody else, and returns what it prints.
func browse(t *testing.T, args ...string) string {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("chromium is not installed: run e2e/run, which installs it")
	}
	args = append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--user-data-dir=" + t.TempDir(),
	}, args...)
	p := start(t, nil, path, args...)
	p.wait(t, time.Minute)
	return p.stdout.String()
}
