package api

import (
	"context"
	"errors"
	"iter"

	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/projections"
)

// ErrNotFound is what a Source returns for a blob that is not kept; the caller answers 404.
var ErrNotFound = errors.New("not kept here")

// A Source is where answers come from. All methods may be called at any time from many goroutines.
type Source interface {
	// Live returns the newest state, settled. Nobody changes it any more: the owner swaps the pointer.
	Live() *projections.State
	// AsOf returns the state at a seq from 1 to that of Live. It may be slow; it stops when ctx is done.
	AsOf(ctx context.Context, seq event.Seq) (*projections.State, error)
	// Root returns the root of the log's tree over the events 1..seq.
	Root(seq event.Seq) (event.Hash, error)
	// Events yields the events after a seq in order, up to the head at the time of the call.
	Events(ctx context.Context, after event.Seq) iter.Seq2[event.Event, error]
	// Answers returns the evidence of a run by its hash; ErrNotFound where it is not kept.
	Answers(ctx context.Context, evidence event.Hash) ([]Answer, error)
	// Manifest returns the manifest of a run by its hash, as something that encoding/json can write; ErrNotFound where
	// it is not kept.
	Manifest(ctx context.Context, hash event.Hash) (any, error)
	// Status tells how the service is doing. It must be quick: it is asked for by health checks.
	Status() Status
}

// An Answer is what a model said to one question.
type Answer struct {
	Question string     `json:"question" doc:"The question's id in the dataset"`
	Prompt   event.Hash `json:"prompt" doc:"SHA-256 of the prompt's bytes"`
	Logprobs []float64  `json:"logprobs" doc:"One log-probability a choice; empty where it was not answered"`
	Choice   *int       `json:"choice" doc:"Index of the choice; null where it was not answered"`
	Label    int        `json:"label" doc:"Index of the right choice"`
}

// A Status is how the service is doing beside what its log says. The zero value is a service that is not ready.
type Status struct {
	Head     event.Seq `json:"head" doc:"Newest event in the log"`
	Tip      uint64    `json:"tip" doc:"Newest height that a gateway reported; 0 when none did"`
	Gateways []Gateway `json:"gateways" doc:"Where AO is read from"`
	Due      int       `json:"due" doc:"Runs that are due and not yet being done"`
	Running  int       `json:"running" doc:"Runs being done"`
	Waiting  []string  `json:"waiting" doc:"What keeps something from going on, in words"`
	Error    string    `json:"last_error" doc:"The newest error that has not been overcome; empty when all is well"`
	NotReady []string  `json:"not_ready" doc:"Why requests should not be sent here yet; empty when ready"`
	ReadOnly bool      `json:"read_only" doc:"Whether the log takes no more events, for example on a full disk"`
}

// A Gateway is one place that AO is read from.
type Gateway struct {
	URL   string `json:"url"`
	OK    bool   `json:"ok"`
	Error string `json:"error" doc:"The newest error that has not been overcome"`
}
