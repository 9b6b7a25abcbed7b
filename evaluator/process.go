package evaluator

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/aobench/aobench/event"
)

// A process is a running child. One goroutine owns it: it starts the child, reads what it says and waits for its end.
type process struct {
	cmd     *exec.Cmd
	in      io.WriteCloser
	replies chan reply
	ended   chan struct{} // closed after the child is gone; state and stderr are complete then
	state   *os.ProcessState
	stderr  tail
}

// startProcess runs argv; none means this program with ChildArg. The child lives until close, kill or the end of this program.
func startProcess(argv []string) (*process, error) {
	if len(argv) == 0 {
		argv = []string{ownProgram, ChildArg}
	}
	p := &process{replies: make(chan reply, 1), ended: make(chan struct{})}
	p.cmd = exec.Command(argv[0], argv[1:]...)
	// Nothing of our environment goes to the code that reads a stranger's model: neither secrets nor switches that would
	// change scores.
	p.cmd.Env = []string{"LANG=C", "GGML_NO_BACKTRACE=1", "GOTRACEBACK=none"}
	p.cmd.Stderr = &p.stderr
	p.cmd.WaitDelay = 2 * time.Second
	p.cmd.SysProcAttr = ownedByUs()
	in, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.in = in
	started := make(chan error, 1)
	go p.own(out, started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start evaluator child %q: %w", argv, err)
	}
	return p, nil
}

func (p *process) own(out io.Reader, started chan<- error) {
	// The kernel sends Pdeathsig when the thread that started the child ends, so that thread has to be kept.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	err := p.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	lines := newLines(out)
	for lines.Scan() {
		var r reply
		if json.Unmarshal(lines.Bytes(), &r) != nil {
			break
		}
		select {
		case p.replies <- r:
			continue
		default: // it answers what nobody asked
		}
		break
	}
	// Either the child has closed its output, or it says what it must not: there is nothing more to learn from it.
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait() // its state says it all
	p.state = p.cmd.ProcessState
	close(p.ended)
}

// call sends one request and waits for its answer. When ctx ends first the child is killed: it cannot be used again.
func (p *process) call(ctx context.Context, req request) (reply, error) {
	stop := context.AfterFunc(ctx, p.kill) // also frees a write to a child that does not read
	defer stop()
	if err := writeLine(p.in, req); err != nil {
		p.kill()
		<-p.ended
		return reply{}, p.why(ctx)
	}
	select {
	case r := <-p.replies:
		if r.Error != nil {
			return r, &Failure{r.Error.Reason, fmt.Errorf("%s", r.Error.Text)}
		}
		return r, nil
	case <-p.ended:
		return reply{}, p.why(ctx)
	}
}

func (p *process) kill() { _ = p.cmd.Process.Kill() }

// close ends the child, by its own will if it has one left.
func (p *process) close() {
	_ = p.in.Close()
	select {
	case <-p.ended:
	case <-time.After(2 * time.Second):
		p.kill()
		<-p.ended
	}
}

// why says what the end of the child means. It is called after ended.
func (p *process) why(ctx context.Context) error {
	switch {
	case p.state.ExitCode() == exitOverCap:
		return failf(event.ModelOverCap, "processor time used up after %v", (p.state.UserTime() + p.state.SystemTime()).Round(time.Millisecond))
	case ctx.Err() != nil:
		return failf(event.EngineFailed, "no answer in time, child killed: %w", context.Cause(ctx))
	}
	said := p.stderr.gist()
	status := p.state.Sys().(syscall.WaitStatus)
	c := &crash{how: p.state.String(), said: said}
	// Killed from outside or by the kernel for want of memory, or a library made for another processor: not the model.
	killed := status.Signaled() && status.Signal() == syscall.SIGKILL
	c.blamable = !killed && !strings.Contains(said, "SIGILL") && !p.stderr.outOfMemory()
	return &Failure{event.EngineFailed, c}
}

// A tail keeps the last bytes written to it.
type tail struct {
	mu  sync.Mutex
	buf []byte
}

const maxTail = 16 << 10

// Write implements io.Writer; it never fails, for a child must not be stopped by what it says.
func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.buf = append(t.buf, b[max(0, len(b)-maxTail):]...)
	t.buf = t.buf[max(0, len(t.buf)-maxTail):]
	return len(b), nil
}

// gist returns the line that most likely tells what went wrong, at most 200 bytes, or nothing where none does.
func (t *tail) gist() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	best, rank := "", 0
	for line := range bytes.Lines(t.buf) {
		s := strings.TrimSpace(strings.ToValidUTF8(string(line), "?"))
		for i, word := range []string{"failed to", "unable to", "error", "error loading model", "GGML_ASSERT", "fatal error", "SIG"} {
			if i >= rank && strings.Contains(s, word) {
				best, rank = s, i+1
			}
		}
	}
	return clip(best, 200)
}

// outOfMemory reports whether something that was said is about a want of memory.
func (t *tail) outOfMemory() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for line := range bytes.Lines(t.buf) {
		// A line that quotes something quotes the model, whose author may have written anything.
		if bytes.ContainsAny(line, "'\"`") {
			continue
		}
		for _, word := range []string{"unable to allocate", "failed to allocate", "allocate memory", "bad_alloc", "out of memory"} {
			if bytes.Contains(line, []byte(word)) {
				return true
			}
		}
	}
	return false
}
