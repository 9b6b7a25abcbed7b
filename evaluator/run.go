package evaluator

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"os"

	"github.com/aobench/aobench/dataset"
	"github.com/aobench/aobench/evaluator/letters"
	"github.com/aobench/aobench/event"
)

// A Job is one model to be asked one set of questions.
type Job struct {
	Model         event.ID
	ModelPath     string     // a file with the model's bytes, read only
	ModelSHA256   event.Hash // what the bytes must be; zero: whatever they are
	Dataset       event.ID
	DatasetSHA256 event.Hash
	Questions     []dataset.Question // in the order to ask
	Protocol      string             // letters.Name
	MaxModelBytes uint64             // 0: without limit
	MaxRunSeconds uint32             // processor time; 0: without limit
	Commit        string             // of this program, for the manifest
}

// Run does the job: progress is called after each question with the number done. Errors are *Failure, or the context's
// when that has ended. A crash of the engine is tried once more; if it happens again in the same way, at the same place,
// it is the model's fault.
func Run(ctx context.Context, e Engine, job Job, progress func(done, total int)) (Result, error) {
	if progress == nil {
		progress = func(int, int) {}
	}
	model, err := job.check()
	if err != nil {
		return Result{}, err
	}
	res, first := job.once(ctx, e, model, progress)
	if c := crashOf(first); c == nil || !c.blamable {
		return res, orContext(ctx, first)
	}
	res, second := job.once(ctx, e, model, progress)
	if crashOf(second).sameAs(crashOf(first)) {
		return Result{}, failf(event.ModelNotLoadable, "the engine crashed twice in the same way: %w", second)
	}
	return res, orContext(ctx, second)
}

// orContext prefers the context's end to the troubles it causes.
func orContext(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("evaluation stopped: %w", context.Cause(ctx))
	}
	return err
}

// check refuses what can be refused before an engine sees the model, and completes job.ModelSHA256.
func (job *Job) check() (Model, error) {
	if job.Protocol != letters.Name {
		return Model{}, failf(event.EngineFailed, "protocol %q is not known, want %q", job.Protocol, letters.Name)
	}
	if len(job.Questions) == 0 {
		return Model{}, failf(event.DatasetFailed, "no questions")
	}
	f, err := os.Open(job.ModelPath)
	if err != nil {
		return Model{}, failf(event.EngineFailed, "open model: %w", err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return Model{}, failf(event.EngineFailed, "open model: %w", err)
	}
	if job.MaxModelBytes > 0 && uint64(st.Size()) > job.MaxModelBytes {
		return Model{}, failf(event.ModelOverCap, "%d bytes, the terms allow %d", st.Size(), job.MaxModelBytes)
	}
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return Model{}, failf(event.EngineFailed, "read model: %w", err)
	}
	got := event.Hash(h.Sum(nil))
	if !job.ModelSHA256.IsZero() && got != job.ModelSHA256 {
		return Model{}, failf(event.EngineFailed, "model file has SHA-256 %s, want %s", got, job.ModelSHA256)
	}
	job.ModelSHA256 = got
	return Model{Path: job.ModelPath, Bytes: st.Size(), MaxSeconds: job.MaxRunSeconds}, nil
}

func (job *Job) once(ctx context.Context, e Engine, model Model, progress func(int, int)) (res Result, err error) {
	s, err := e.Open(ctx, model)
	if err != nil {
		return res, err
	}
	defer s.Close() // of a session whose answers are already here
	tokens, err := letterTokens(ctx, s, job.maxChoices())
	if err != nil {
		return res, err
	}
	answers := make([]Answer, 0, len(job.Questions))
	for i, q := range job.Questions {
		a, err := ask(ctx, s, q, tokens)
		if err != nil {
			return res, fmt.Errorf("question %d (%.60q): %w", i+1, q.ID, err)
		}
		answers = append(answers, a)
		progress(i+1, len(job.Questions))
	}
	return job.result(s.Info(), tokens, answers)
}

func (job *Job) maxChoices() int {
	k := 0
	for _, q := range job.Questions {
		k = max(k, len(q.Choices))
	}
	return k
}

func (job *Job) result(info Info, tokens []int32, answers []Answer) (res Result, err error) {
	order := sha256.New()
	for _, a := range answers {
		order.Write(a.Prompt[:])
		res.Choices = append(res.Choices, a.Choice)
		if a.Choice != None {
			res.Answered++
		}
		if a.Choice == a.Label {
			res.Correct++
		}
	}
	res.Total, res.Tensors = len(answers), info.Tensors
	res.Manifest = Manifest{
		Version: 1, Model: job.Model, ModelSHA256: job.ModelSHA256, Dataset: job.Dataset, DatasetSHA256: job.DatasetSHA256,
		Order: event.Hash(order.Sum(nil)), Questions: uint32(len(answers)), Protocol: job.Protocol,
		Template: letters.TemplateHash(), FewShot: []string{}, Letters: tokens, Engine: info, Commit: job.Commit,
	}
	if res.ManifestBytes, err = res.Manifest.Encode(); err != nil {
		return res, failf(event.EngineFailed, "encode manifest: %w", err)
	}
	res.Evidence = Evidence{Version: 1, Manifest: res.ManifestHash(), Answers: answers}
	if res.EvidenceBytes, err = res.Evidence.Encode(); err != nil {
		return res, failf(event.EngineFailed, "encode evidence: %w", err)
	}
	return res, nil
}
