package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/dataset"
	"github.com/aobench/aobench/evaluator"
	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/eventlog"
	"github.com/aobench/aobench/indexer"
	"github.com/aobench/aobench/projections"
	"github.com/aobench/aobench/scheduler"
)

// maxTrouble is how many failing jobs the status names.
const maxTrouble = 100

// maxDataset is the most bytes that a dataset may have.
const maxDataset = 64 << 20

// worker does the jobs that the scheduler hands out, and records what came of them.
type worker struct {
	log     *eventlog.Log
	gateway *ao.Gateway
	engine  evaluator.Engine // nil: this process does not evaluate
	dir     string           // for files by id
	state   func() *projections.State
	logger  *slog.Logger
	commit  string
	watch   func(runProgress) // told how runs go; may be nil

	mu     sync.Mutex
	errors map[string]string // newest trouble by job, for status
}

// runProgress is how far a run is.
type runProgress struct {
	Key         event.RunKey
	Done, Total int
}

func (w *worker) path(kind, name string) string { return filepath.Join(w.dir, kind, name) }

// handle does one job. What it returns as an error is not in the log: the job is due again when its lease runs out.
func (w *worker) handle(ctx context.Context, payload []byte) error {
	j, err := scheduler.DecodeJob(payload)
	if err != nil {
		return err
	}
	switch j.Task {
	case scheduler.TaskModel:
		err = w.source(ctx, j, event.RoleModel)
	case scheduler.TaskProcess:
		err = w.source(ctx, j, event.RoleProcess)
	case scheduler.TaskDataset:
		err = w.dataset(ctx, j)
	case scheduler.TaskRun:
		err = w.run(ctx, j)
	default:
		err = fmt.Errorf("job %s: this program does not know the task", j.Key())
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	w.note(j, err)
	return err
}

func (w *worker) note(j scheduler.Job, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.errors == nil {
		w.errors = map[string]string{}
	}
	delete(w.errors, j.Key())
	if err == nil {
		return
	}
	if len(w.errors) >= maxTrouble {
		clear(w.errors) // what still fails comes back
	}
	w.errors[j.Key()] = clip(err.Error(), 300)
}

// trouble returns the jobs that failed at their last try.
func (w *worker) trouble() map[string]string {
	w.mu.Lock()
	defer w.mu.Unlock()
	out := make(map[string]string, len(w.errors))
	for k, v := range w.errors {
		out[k] = v
	}
	return out
}

func (w *worker) source(ctx context.Context, j scheduler.Job, role event.Role) error {
	found, err := indexer.ResolveSource(ctx, w.gateway, j.Source, role)
	if err != nil {
		return fmt.Errorf("resolve %s %s: %w", role, j.Source, err)
	}
	found.Attempt = j.Attempt
	_, err = w.log.Append(ctx, found)
	return err
}

// dataset fetches a period's questions and binds their bytes.
func (w *worker) dataset(ctx context.Context, j scheduler.Job) error {
	var data bytes.Buffer
	if err := w.fetch(ctx, j.Source, &data, maxDataset); err != nil {
		return fmt.Errorf("fetch dataset %s: %w", j.Source, err)
	}
	b := data.Bytes()
	set, err := dataset.Parse(b)
	if err != nil {
		return fmt.Errorf("dataset %s: %w", j.Source, err)
	}
	sum := event.Hash(sha256.Sum256(b))
	if err := writeFile(w.path("datasets", sum.String()), b); err != nil {
		return err
	}
	// The file is there before the event: if we crash now, it is fetched and written once more.
	_, err = w.log.Append(ctx, event.DatasetResolved{
		Pool: j.Pool, Period: j.Period, Tx: j.Source, SHA256: sum, Questions: uint32(len(set.Questions)), Format: set.Format,
	})
	return err
}

// questions returns the dataset of a run, from disk or anew from Arweave, checked against the bytes that the period is
// bound to.
func (w *worker) questions(ctx context.Context, tx event.ID, sum event.Hash) ([]dataset.Question, error) {
	path := w.path("datasets", sum.String())
	b, err := os.ReadFile(path)
	if err != nil || sha256.Sum256(b) != sum {
		if b, err = w.gateway.Data(ctx, tx, maxDataset); err != nil {
			return nil, fmt.Errorf("fetch dataset %s: %w", tx, err)
		}
		if sha256.Sum256(b) != sum {
			return nil, fmt.Errorf("dataset %s: the gateway's bytes are not those that the period is bound to (%s)", tx, sum)
		}
		if err := writeFile(path, b); err != nil {
			return nil, err
		}
	}
	set, err := dataset.Parse(b)
	return set.Questions, err
}

func (w *worker) run(ctx context.Context, j scheduler.Job) error {
	if w.engine == nil {
		return errors.New("this process does not evaluate: set evaluate.on")
	}
	if done, err := w.done(j); done || err != nil {
		return err
	}
	res, err := w.evaluate(ctx, j)
	if ctx.Err() != nil {
		return ctx.Err() // we are stopping: that is no failure of the run
	}
	if err != nil {
		reason := evaluator.ReasonOf(err)
		w.logger.Warn("run failed", "model", j.Source, "day", j.Run.Day, "reason", reason, "err", err)
		_, err = w.log.Append(ctx, event.RunFailed{
			Key: j.Run, Attempt: j.Attempt, Reason: reason, Detail: clip(err.Error(), 300), Fault: reason.Faults(),
		})
		return err
	}
	for _, blob := range [][]byte{res.ManifestBytes, res.EvidenceBytes} {
		if _, err := w.log.PutBlob(ctx, blob); err != nil {
			return err
		}
	}
	// Manifest and evidence are in place. If we crash now, the run is done again and gives the same bytes.
	_, err = w.log.Append(ctx, event.RunScored{
		Key: j.Run, Correct: uint32(res.Correct), Answered: uint32(res.Answered), Total: uint32(res.Total),
		Choices: res.Choices, Tensors: res.Tensors, Model: res.Manifest.ModelSHA256,
		Manifest: res.ManifestHash(), Evidence: res.EvidenceHash(),
	})
	return err
}

// done reports whether the job needs no doing any more: its run is scored, this attempt has failed, or its period is
// closed. A doubled job, or one that waited behind a long run until its lease ran out, then costs nothing.
func (w *worker) done(j scheduler.Job) (bool, error) {
	if l := w.state().Ledger(j.Pool, j.Period); l != nil && l.Closing != nil {
		return true, nil
	}
	for _, b := range []event.Body{event.RunScored{Key: j.Run}, event.RunFailed{Key: j.Run, Attempt: j.Attempt}} {
		if _, ok, err := w.log.Lookup(b.ID()); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

func (w *worker) evaluate(ctx context.Context, j scheduler.Job) (evaluator.Result, error) {
	began := time.Now()
	l := w.state().Ledger(j.Pool, j.Period)
	if l == nil || l.Dataset == nil {
		return evaluator.Result{}, &evaluator.Failure{Reason: event.DatasetFailed, Err: errors.New("the period's dataset is not resolved yet")}
	}
	questions, err := w.questions(ctx, l.Dataset.Tx, j.Run.Dataset)
	if err != nil {
		return evaluator.Result{}, &evaluator.Failure{Reason: event.DatasetFailed, Err: err}
	}
	path, err := w.model(ctx, j.Source, j.Limits.ModelBytes)
	if err != nil {
		return evaluator.Result{}, err
	}
	res, err := evaluator.Run(ctx, w.engine, evaluator.Job{
		Model: j.Source, ModelPath: path, Dataset: l.Dataset.Tx, DatasetSHA256: j.Run.Dataset, Questions: questions,
		Protocol: j.Run.Proto, MaxModelBytes: j.Limits.ModelBytes, MaxRunSeconds: j.Limits.RunSeconds, Commit: w.commit,
	}, func(done, total int) {
		if w.watch != nil {
			w.watch(runProgress{j.Run, done, total})
		}
	})
	if err == nil {
		w.logger.Info("run scored", "model", j.Source, "day", j.Run.Day, "correct", res.Correct, "of", res.Total, "took", time.Since(began).Round(time.Millisecond))
	}
	return res, err
}

// model returns the path of the model's file, fetched and checked if it is not in the cache.
func (w *worker) model(ctx context.Context, id event.ID, limit uint64) (string, error) {
	path := w.path("models", id.String())
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return "", err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "fetch-*")
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name()) // gone already when it was renamed
	defer f.Close()
	if limit == 0 || limit > 1<<40 {
		limit = 1 << 40
	}
	if err := w.fetch(ctx, id, f, int64(limit)); err != nil {
		return "", err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return "", err
	}
	return path, os.Rename(f.Name(), path)
}

// fetch writes the data of an item to f, checked against the item's signature.
func (w *worker) fetch(ctx context.Context, id event.ID, f io.Writer, limit int64) error {
	node, err := w.gateway.Find(ctx, id)
	if err == nil {
		_, err = w.gateway.Fetch(ctx, node, f, limit)
	}
	var refused *ao.Refusal
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused) && refused.Reason == event.TooLarge:
		return &evaluator.Failure{Reason: event.ModelOverCap, Err: err}
	case errors.As(err, &refused), errors.Is(err, ao.ErrNotFound):
		return &evaluator.Failure{Reason: event.ModelUnfetchable, Err: err}
	}
	// The gateway is in trouble, or our disk: that is not held against the model.
	return &evaluator.Failure{Reason: event.EngineFailed, Err: err}
}

// writeFile writes b to path whole or not at all.
func writeFile(path string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "write-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(f.Name(), path)
}

func clip(s string, n int) string {
	if len(s) > n {
		s = s[:n]
	}
	return strings.ToValidUTF8(s, "") // the cut may be inside a character, and the log takes text only
}
