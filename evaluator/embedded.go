package evaluator

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"time"

	"github.com/aobench/aobench/event"
)

// ChildArg is the argument by which the program is asked to be the child: it must call ChildMain then.
const ChildArg = "evaluate-worker"

// Embedded is llama.cpp in a child process, a fresh one for each session. The zero values of its fields mean the
// defaults; Library is required.
type Embedded struct {
	Library Library
	Argv    []string      // how to start the child; default: this program with ChildArg
	Threads uint32        // default: one less than there are processors, at least one
	Context uint32        // tokens; default 2048
	Batch   uint32        // tokens a decode; default 512
	KV      string        // type of the KV cache, "f16" or "f32"; default "f16"
	Memory  uint64        // bytes of private memory for the child; default: 2 GiB and twice the model
	Load    time.Duration // for loading a model; default 10 minutes
	Answer  time.Duration // for one answer; default 2 minutes
}

const defaultLoad = 10 * time.Minute

func (e Embedded) withDefaults() Embedded {
	if e.Threads == 0 {
		e.Threads = uint32(max(1, runtime.NumCPU()-1))
	}
	if e.Context == 0 {
		e.Context = 2048
	}
	if e.Batch == 0 {
		e.Batch = 512
	}
	if e.KV == "" {
		e.KV = "f16"
	}
	if e.Load == 0 {
		e.Load = defaultLoad
	}
	if e.Answer == 0 {
		e.Answer = 2 * time.Minute
	}
	return e
}

// Open implements Engine.
func (e Embedded) Open(ctx context.Context, m Model) (Session, error) {
	e = e.withDefaults()
	if e.Library.Dir == "" {
		return nil, &Failure{event.EngineFailed, ErrNotInstalled}
	}
	now, err := readLibrary(e.Library.Dir) // again, before anything is loaded: the files may have changed meanwhile
	if err != nil || now.Hash() != e.Library.Hash() {
		return nil, failf(event.EngineFailed, "libraries in %s have changed since they were checked (%v): install again", e.Library.Dir, err)
	}
	p, err := startProcess(e.Argv)
	if err != nil {
		return nil, &Failure{event.EngineFailed, err}
	}
	s := &embeddedSession{engine: e, p: p}
	r, err := s.call(ctx, e.Load, request{Open: &openRequest{
		Libraries: e.Library.Dir, Model: m.Path, Limits: e.limits(m),
		Context: e.Context, Batch: e.Batch, Threads: e.Threads, KV: e.KV,
	}})
	if err != nil {
		return nil, s.openFailed(err)
	}
	if r.Info == nil {
		p.close()
		return nil, failf(event.EngineFailed, "evaluator child says nothing about itself")
	}
	s.info = *r.Info
	s.info.Version = e.Library.Version
	return s, nil
}

func (e Embedded) limits(m Model) limits {
	l := limits{Memory: e.Memory, Seconds: m.MaxSeconds}
	if l.Memory == 0 {
		l.Memory = 2<<30 + 2*uint64(m.Bytes)
	}
	return l
}

type embeddedSession struct {
	engine Embedded
	p      *process
	info   Info
}

func (s *embeddedSession) call(ctx context.Context, d time.Duration, r request) (reply, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, d, fmt.Errorf("no answer within %v", d))
	defer cancel()
	return s.p.call(ctx, r)
}

// openFailed ends the child and adds what it said. Want of memory is our trouble, whatever llama.cpp makes of it.
func (s *embeddedSession) openFailed(err error) error {
	s.p.close()
	if crashOf(err) != nil {
		return err
	}
	reason := ReasonOf(err)
	if s.p.stderr.outOfMemory() {
		reason = event.EngineFailed
	}
	var f *Failure
	if errors.As(err, &f) {
		err = f.Err
	}
	if said := s.p.stderr.gist(); said != "" {
		err = fmt.Errorf("%w: %s", err, said)
	}
	return &Failure{reason, err}
}

// Info implements Session.
func (s *embeddedSession) Info() Info { return s.info }

// Tokenize implements Session.
func (s *embeddedSession) Tokenize(ctx context.Context, text string) ([]int32, error) {
	r, err := s.call(ctx, s.engine.Answer, request{Tokenize: &tokenizeRequest{text}})
	return r.Tokens, err
}

// Score implements Session.
func (s *embeddedSession) Score(ctx context.Context, prefix, body string, letters []int32) ([]float64, error) {
	r, err := s.call(ctx, s.engine.Answer, request{Score: &scoreRequest{prefix, body, letters}})
	if err != nil {
		return nil, err
	}
	if r.TooLong {
		return nil, ErrPromptTooLong
	}
	if len(r.Logits) != len(letters) {
		return nil, failf(event.EngineFailed, "evaluator child gives %d logits for %d letters", len(r.Logits), len(letters))
	}
	logits := make([]float64, len(letters))
	for i, bits := range r.Logits {
		logits[i] = float64(math.Float32frombits(bits))
	}
	return normalize(logits), nil
}

// Close implements Session.
func (s *embeddedSession) Close() error {
	s.p.close()
	return nil
}
