package main

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"github.com/aobench/aobench/dataset"
	"github.com/aobench/aobench/evaluator"
	"github.com/aobench/aobench/event"
)

type evaluateCmd struct {
	Model     string `arg:"" help:"Model file (GGUF)." type:"existingfile"`
	Dataset   string `arg:"" help:"Dataset file." type:"existingfile"`
	ModelID   string `name:"model-id" help:"Arweave id of the model, for the manifest: with it and dataset-id the manifest is the service's to the byte." placeholder:"ID"`
	DatasetID string `name:"dataset-id" help:"Arweave id of the dataset, likewise." placeholder:"ID"`
	Protocol  string `help:"Evaluation protocol." default:"letters/v1"`
	Limit     int    `help:"Ask only the first N questions; 0: all." placeholder:"N"`
	Evidence  string `help:"Write every answer as JSON to this file; log-probabilities are the bits of a double, so that files compare." type:"path" placeholder:"FILE"`
	Output    string `help:"text or json." enum:"text,json" default:"text"`
	Lib       string `help:"Folder with the engine's libraries; empty: those that engine install puts there." type:"path"`
	Server    string `help:"URL of a llama-server that has loaded this model, to ask instead." placeholder:"URL"`
	Threads   int    `help:"Threads; 0: one fewer than there are cores."`
}

// Run implements the command.
func (c *evaluateCmd) Run(ctx context.Context) error {
	var model, data event.ID
	if err := errors.Join(model.UnmarshalText([]byte(c.ModelID)), data.UnmarshalText([]byte(c.DatasetID))); err != nil {
		return fmt.Errorf("%w: model-id or dataset-id: %w", errUsage, err)
	}
	b, err := os.ReadFile(c.Dataset)
	if err != nil {
		return err
	}
	set, err := dataset.Parse(b)
	if err != nil {
		return fmt.Errorf("dataset %s: %w", c.Dataset, err)
	}
	if c.Limit > 0 && c.Limit < len(set.Questions) {
		set.Questions = set.Questions[:c.Limit]
	}
	say := func(s string) { fmt.Fprintln(os.Stderr, "engine:", s) }
	var engine evaluator.Engine = evaluator.Remote{URL: c.Server}
	if c.Server == "" {
		if engine, err = openEngine(ctx, EvaluateConfig{Lib: c.Lib, Threads: c.Threads}, say); err != nil {
			return err
		}
	}
	progress, done := questionBar(len(set.Questions))
	res, err := evaluator.Run(ctx, engine, evaluator.Job{
		Model: model, ModelPath: c.Model, Dataset: data, DatasetSHA256: event.Hash(sha256.Sum256(b)), Questions: set.Questions, Protocol: c.Protocol, Commit: commit(),
	}, progress)
	done()
	if err != nil {
		return fmt.Errorf("evaluate %s: %w", c.Model, err)
	}
	if c.Evidence != "" {
		j, err := json.MarshalIndent(res.Evidence, "", " ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(c.Evidence, append(j, '\n'), 0o644); err != nil {
			return err
		}
	}
	if c.Output == "json" {
		return json.NewEncoder(os.Stdout).Encode(map[string]any{
			"correct": res.Correct, "answered": res.Answered, "total": res.Total, "tensors": res.Tensors,
			"manifest_sha256": res.ManifestHash(), "evidence_sha256": res.EvidenceHash(), "manifest": res.Manifest,
		})
	}
	m := res.Manifest
	fmt.Printf("correct   %d of %d answered of %d\nprotocol  %s\nengine    %s, %s, threads %d\nmodel     sha256 %s\ndataset   sha256 %s\nmanifest  %s\nevidence  %s\n",
		res.Correct, res.Answered, res.Total, m.Protocol, m.Engine.Version, m.Engine.CPU, m.Engine.Threads,
		m.ModelSHA256, m.DatasetSHA256, res.ManifestHash(), res.EvidenceHash())
	return nil
}

func questionBar(n int) (set func(done, total int), end func()) {
	if !term.IsTerminal(int(os.Stderr.Fd())) {
		return func(int, int) {}, func() {}
	}
	p := mpb.New(mpb.WithOutput(os.Stderr), mpb.WithWidth(48))
	bar := p.AddBar(int64(n), mpb.PrependDecorators(decor.CountersNoUnit("%d/%d questions ")), mpb.AppendDecorators(decor.AverageETA(decor.ET_STYLE_GO)), mpb.BarRemoveOnComplete())
	return func(done, _ int) { bar.SetCurrent(int64(done)) }, func() { bar.Abort(true); p.Wait() }
}
