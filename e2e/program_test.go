package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

var binDir string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "aobench-e2e-")
	if err != nil {
		panic(err)
	}
	binDir = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// binary builds cmd/aobench once and returns its path.
func binary(t *testing.T) string {
	t.Helper()
	path, err := build()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var build = sync.OnceValues(func() (string, error) {
	path := filepath.Join(binDir, "aobench")
	out, err := exec.Command("go", "build", "-o", path, "../cmd/aobench").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// A program is a process with a process group of its own.
type program struct {
	cmd    *exec.Cmd
	name   string
	stdout bytes.Buffer
	stderr tail
	done   chan struct{} // closed when it has ended
	err    error         // how, once done
}

// tail keeps the newest bytes written to it.
type tail struct {
	mu sync.Mutex
	b  []byte
}

// Write implements io.Writer.
func (w *tail) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.b = append(w.b, p...)
	if n := len(w.b) - 16<<10; n > 0 {
		w.b = w.b[n:]
	}
	return len(p), nil
}

func (w *tail) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return string(w.b)
}

// start runs a program; when the test ends, its whole process group is killed.
func start(t *testing.T, stdin io.Reader, name string, args ...string) *program {
	t.Helper()
	return startIn(t, "", stdin, name, args...)
}

// startIn does as start does, in a folder; "" is that of this package.
func startIn(t *testing.T, dir string, stdin io.Reader, name string, args ...string) *program {
	t.Helper()
	p := &program{cmd: exec.Command(name, args...), name: filepath.Base(name) + " " + strings.Join(args, " "), done: make(chan struct{})}
	p.cmd.Dir = dir
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = stdin, &p.stdout, &p.stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	p.cmd.WaitDelay = 10 * time.Second // for a child that keeps a pipe open
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // there may be nobody left
		<-p.done
	})
	return p
}

// kill ends the program as a power failure would, but not its children.
func (p *program) kill() {
	p.cmd.Process.Kill() // it may have ended
	<-p.done
}

// wait waits for the end and fails the test if that takes too long or is not a success.
func (p *program) wait(t *testing.T, limit time.Duration) {
	t.Helper()
	select {
	case <-p.done:
	case <-time.After(limit):
		t.Fatalf("%s: still running after %s\n%s", p.name, limit, &p.stderr)
	}
	if p.err != nil {
		t.Fatalf("%s: %v\n%s", p.name, p.err, &p.stderr)
	}
}

// stop asks the program to end.
func (p *program) stop(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	p.wait(t, 20*time.Second)
}

// alone fails the test when something of the program's process group outlives it by more than a few seconds.
func (p *program) alone(t *testing.T) {
	t.Helper()
	for range 50 {
		if syscall.Kill(-p.cmd.Process.Pid, 0) == syscall.ESRCH {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Errorf("%s has left processes behind", p.name)
}

var client = http.Client{Timeout: 20 * time.Second}

// get reads a JSON answer; any other status than 200 is an error.
func get(ctx context.Context, url string, v any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 16<<20))
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %.300s", url, resp.Status, b)
	}
	return json.Unmarshal(b, v)
}

// until asks again and again until ok, and fails the test when that takes too long or the program has ended.
func (p *program) until(t *testing.T, limit time.Duration, what string, ok func() (bool, error)) {
	t.Helper()
	var last error
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		done, err := ok()
		if done {
			return
		}
		last = err
		select {
		case <-p.done:
			t.Fatalf("%s ended before %s: %v\n%s", p.name, what, p.err, &p.stderr)
		default:
		}
	}
	t.Fatalf("%s: no %s after %s: %v\n%s", p.name, what, limit, last, &p.stderr)
}
