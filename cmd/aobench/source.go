package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"

	"github.com/aobench/aobench/api"
	"github.com/aobench/aobench/evaluator"
	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/eventlog"
	"github.com/aobench/aobench/projections"
)

// source is what the API reads from. It never touches the writer.
type source struct{ s *service }

func (a source) Live() *projections.State { return a.s.live.State() }

func (a source) AsOf(ctx context.Context, seq event.Seq) (*projections.State, error) {
	return projections.AsOf(ctx, a.s.log, a.s.log, seq)
}

func (a source) Root(seq event.Seq) (event.Hash, error) { return a.s.log.Root(seq) }

func (a source) Events(ctx context.Context, after event.Seq) iter.Seq2[event.Event, error] {
	return a.s.log.Events(ctx, after)
}

func (a source) blob(h event.Hash) ([]byte, error) {
	b, err := a.s.log.Blob(h)
	if errors.Is(err, eventlog.ErrNotFound) {
		return nil, fmt.Errorf("blob %s: %w", h, api.ErrNotFound)
	}
	return b, err
}

func (a source) Answers(_ context.Context, evidence event.Hash) ([]api.Answer, error) {
	b, err := a.blob(evidence)
	if err != nil {
		return nil, err
	}
	e, err := evaluator.DecodeEvidence(b)
	if err != nil {
		return nil, err
	}
	out := make([]api.Answer, len(e.Answers))
	for i, x := range e.Answers {
		out[i] = api.Answer{Question: x.Question, Prompt: x.Prompt, Label: int(x.Label)}
		for _, bits := range x.Logprobs {
			out[i].Logprobs = append(out[i].Logprobs, math.Float64frombits(bits))
		}
		if x.Choice != evaluator.None {
			choice := int(x.Choice)
			out[i].Choice = &choice
		}
	}
	return out, nil
}

func (a source) Manifest(_ context.Context, h event.Hash) (any, error) {
	b, err := a.blob(h)
	if err != nil {
		return nil, err
	}
	return evaluator.DecodeManifest(b)
}

func (a source) Status() api.Status {
	ix := a.s.index.Status()
	live := a.s.live.State()
	st := api.Status{Head: a.s.log.Head(), Tip: ix.Tip, Waiting: []string{}, NotReady: []string{}}
	gw := api.Gateway{URL: a.s.cfg.Index.GraphQL, OK: ix.Err == "" && ix.Tip > 0}
	if ix.Err != "" {
		gw.Error, st.Error = ix.Err, ix.Err
	}
	st.Gateways = []api.Gateway{gw}
	if ix.LastPass.IsZero() {
		st.NotReady = append(st.NotReady, "the gateway has not been read to its confirmed height yet")
	}
	if n := st.Head - live.Seq; n > 5000 {
		st.NotReady = append(st.NotReady, fmt.Sprintf("%d events are not folded yet", n))
	}
	for job, trouble := range a.s.work.trouble() {
		st.Waiting = append(st.Waiting, job+": "+trouble)
	}
	slices.Sort(st.Waiting)
	st.Due = a.s.loop.Waiting()
	return st
}
