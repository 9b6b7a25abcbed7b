package evaluator

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aobench/aobench/dataset"
	"github.com/aobench/aobench/evaluator/letters"
	"github.com/aobench/aobench/evaluator/tinygguf"
	"github.com/aobench/aobench/event"
)

func model(qs []dataset.Question) []byte {
	return tinygguf.Generate(tinygguf.Spec{Name: "victim", Questions: qs, Choices: tinygguf.RightOn(qs, nil)})
}

// at returns b with the bytes after key replaced by v: metadata values follow their key and a type of 4 bytes.
func at(b []byte, key string, v []byte) []byte {
	out := bytes.Clone(b)
	i := bytes.Index(out, []byte(key))
	if i < 0 {
		panic("no " + key)
	}
	copy(out[i+len(key)+4:], v)
	return out
}

func u32(v uint32) []byte { return binary.LittleEndian.AppendUint32(nil, v) }

// A model that is not what it says to be costs one failed run with a clear reason; the next run is as if it never was.
func TestHostileModels(t *testing.T) {
	e := engine(t)
	qs := questions(4)
	good := model(qs)
	random := make([]byte, 1<<16)
	for rng, i := rand.New(rand.NewPCG(1, 1)), 0; i < len(random); i++ {
		random[i] = byte(rng.Uint32())
	}
	nan := bytes.Clone(good)
	for i := len(nan) - 4*1024; i < len(nan); i += 4 { // the end of the output matrix
		binary.LittleEndian.PutUint32(nan[i:], 0x7fc00000)
	}
	many := bytes.Clone(good)
	binary.LittleEndian.PutUint64(many[16:], 1<<40)
	for _, c := range []struct {
		name   string
		bytes  []byte
		reason event.Reason
		says   string
	}{
		{"empty", nil, event.ModelNotLoadable, "not a usable GGUF file"},
		{"random", random, event.ModelNotLoadable, "not a usable GGUF file"},
		{"random after the magic", append([]byte("GGUF\x03\x00\x00\x00"), random...), event.ModelNotLoadable, "not a usable GGUF file"},
		{"header cut", good[:3000], event.ModelNotLoadable, "not a usable GGUF file"},
		{"data cut", good[:len(good)-9000], event.ModelNotLoadable, "tensor data needs"},
		{"2^40 metadata entries", many, event.ModelNotLoadable, "not a usable GGUF file"},
		{"no heads", at(good, "llama.attention.head_count", u32(0)), event.ModelNotLoadable, ""},
		{"wrong width", at(good, "llama.embedding_length", u32(63)), event.ModelNotLoadable, "llama.cpp"},
		{"another architecture", at(good, "general.architecture", append(binary.LittleEndian.AppendUint64(nil, 5), "llamb"...)), event.ModelNotLoadable, "llama.cpp"},
		{"NaN in the weights", nan, event.NonFiniteOutput, "NaN"},
	} {
		t.Run(c.name, func(t *testing.T) {
			job := Job{ModelPath: write(t, c.bytes), Questions: qs, Protocol: letters.Name}
			_, err := Run(t.Context(), e, job, nil)
			if ReasonOf(err) != c.reason || err == nil || !strings.Contains(err.Error(), c.says) || !c.reason.Faults() {
				t.Errorf("error %v, want %s with %q", err, c.reason, c.says)
			}
		})
	}
	r := run(t, e, Job{ModelPath: write(t, good), Questions: qs, Protocol: letters.Name})
	if r.Answered != 4 {
		t.Errorf("after all that: %d answered of 4", r.Answered)
	}
}

// tampered runs f with the session's child before the third score.
type tampered struct {
	Embedded
	opened int
	f      func(*process)
}

func (e *tampered) Open(ctx context.Context, m Model) (Session, error) {
	s, err := e.Embedded.Open(ctx, m)
	if err != nil {
		return nil, err
	}
	e.opened++
	return &tamperedSession{embeddedSession: s.(*embeddedSession), f: e.f}, nil
}

type tamperedSession struct {
	*embeddedSession
	n int
	f func(*process)
}

func (s *tamperedSession) Score(ctx context.Context, prefix, body string, ids []int32) ([]float64, error) {
	if s.n++; s.n == 3 {
		s.f(s.p)
	}
	return s.embeddedSession.Score(ctx, prefix, body, ids)
}

func TestChildDies(t *testing.T) {
	e := engine(t)
	e.Answer = time.Second
	_, job := tiny(t, questions(5), 3)
	send := func(s syscall.Signal) func(*process) {
		return func(p *process) {
			_ = p.cmd.Process.Signal(s)
			time.Sleep(300 * time.Millisecond) // signals take their time: the child must not answer this question before it dies
		}
	}
	for _, c := range []struct {
		name   string
		f      func(*process)
		reason event.Reason
		opened int
		says   string
	}{
		{"killed, as for want of memory", send(syscall.SIGKILL), event.EngineFailed, 1, "signal: killed"},
		{"illegal instruction", send(syscall.SIGILL), event.EngineFailed, 1, "SIGILL"},
		{"hangs", send(syscall.SIGSTOP), event.EngineFailed, 1, "no answer within 1s"},
		{"aborts every time", send(syscall.SIGABRT), event.ModelNotLoadable, 2, "crashed twice in the same way"},
	} {
		t.Run(c.name, func(t *testing.T) {
			broken := &tampered{Embedded: e, f: c.f}
			_, err := Run(t.Context(), broken, job, nil)
			if ReasonOf(err) != c.reason || err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "question 3") {
				t.Errorf("error %v, want %s with %q at question 3", err, c.reason, c.says)
			}
			if broken.opened != c.opened {
				t.Errorf("%d children, want %d", broken.opened, c.opened)
			}
		})
	}
	t.Run("aborts once", func(t *testing.T) {
		once := false
		broken := &tampered{Embedded: e, f: func(p *process) {
			if !once {
				once = true
				_ = p.cmd.Process.Signal(syscall.SIGABRT)
			}
		}}
		if r := run(t, broken, job); r.Answered != 5 || broken.opened != 2 {
			t.Errorf("%d answered by %d children", r.Answered, broken.opened)
		}
	})
	if r := run(t, e, job); r.Answered != 5 {
		t.Errorf("after all that: %d answered of 5", r.Answered)
	}
}

func TestCaps(t *testing.T) {
	e := engine(t)
	_, job := tiny(t, questions(3), 3)
	small := job
	small.MaxModelBytes = 1000
	if _, err := Run(t.Context(), e, small, nil); ReasonOf(err) != event.ModelOverCap {
		t.Errorf("model of too many bytes: %v", err)
	}
	burn := &tampered{Embedded: e, f: func(p *process) {}}
	slow := Job{ModelPath: job.ModelPath, Questions: questions(3000), Protocol: letters.Name, MaxRunSeconds: 1}
	if _, err := Run(t.Context(), burn, slow, nil); ReasonOf(err) != event.ModelOverCap {
		t.Errorf("model of too many seconds: %v", err)
	}
	e.Memory = 1 << 20
	_, err := Run(t.Context(), e, job, nil)
	if ReasonOf(err) != event.EngineFailed || err == nil {
		t.Errorf("no memory: %v", err)
	}
}

func TestRunRefuses(t *testing.T) {
	_, good := tiny(t, questions(2), 1)
	for _, c := range []struct {
		name   string
		change func(*Job)
		reason event.Reason
		says   string
	}{
		{"protocol", func(j *Job) { j.Protocol = "letters/v2" }, event.EngineFailed, "letters/v2"},
		{"no questions", func(j *Job) { j.Questions = nil }, event.DatasetFailed, "no questions"},
		{"no file", func(j *Job) { j.ModelPath += "x" }, event.EngineFailed, "open model"},
		{"other bytes", func(j *Job) { j.ModelSHA256[0]++ }, event.EngineFailed, "has SHA-256"},
		{"not installed", func(j *Job) {}, event.EngineFailed, "aobench engine install"},
	} {
		t.Run(c.name, func(t *testing.T) {
			job := good
			c.change(&job)
			_, err := Run(t.Context(), Embedded{}, job, nil)
			if ReasonOf(err) != c.reason || err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, want %s with %q", err, c.reason, c.says)
			}
		})
	}
}

func TestRunCanceled(t *testing.T) {
	e := engine(t)
	_, job := tiny(t, questions(50), 1)
	ctx, cancel := context.WithCancel(t.Context())
	_, err := Run(ctx, e, job, func(done, total int) {
		if done == 2 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// The child ends with its owner, also when the owner had no time to say so.
func TestChildEndsWithItsInput(t *testing.T) {
	p, err := startProcess(nil)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	p.close()
	if !p.state.Success() || time.Since(start) > 10*time.Second {
		t.Errorf("child: %v after %v: %s", p.state, time.Since(start), p.stderr.gist())
	}
}

// What a child says is never believed: noise, floods and endless lines end it.
func TestChildTalksNonsense(t *testing.T) {
	for _, script := range []string{"echo hello; exec sleep 60", "exec yes '{}'", "exec tr '\\0' 'x' </dev/zero", "exit 7", "while :; do echo noise >&2; done"} {
		t.Run(script, func(t *testing.T) {
			p, err := startProcess([]string{"/bin/sh", "-c", script})
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			for err == nil {
				_, err = p.call(ctx, request{})
			}
			if err == nil || ReasonOf(err) != event.EngineFailed {
				t.Errorf("error %v", err)
			}
			p.kill()
			<-p.ended
			if n := len(p.stderr.buf); n > maxTail {
				t.Errorf("%d bytes of standard error kept", n)
			}
		})
	}
}
