package evaluator

import (
	"context"
	"errors"

	"github.com/aobench/aobench/event"
)

// ErrPromptTooLong says that a prompt has more tokens than the context. The question counts as not answered.
var ErrPromptTooLong = errors.New("prompt longer than the context")

// An Engine makes models ready to be asked. It is safe for concurrent use.
type Engine interface {
	// Open loads the model. Its errors are *Failure.
	Open(ctx context.Context, m Model) (Session, error)
}

// A Session is one loaded model. It is used by one goroutine at a time.
type Session interface {
	Info() Info
	// Tokenize returns the tokens of text without special tokens.
	Tokenize(ctx context.Context, text string) ([]int32, error)
	// Score returns a log-probability for each letter token, the prompt being prefix + body: see the package comment.
	// Calls with the same prefix share its computation. Errors are ErrPromptTooLong or *Failure.
	Score(ctx context.Context, prefix, body string, letters []int32) ([]float64, error)
	// Close frees the model. The session must not be used afterwards.
	Close() error
}

// A Model is a file with a model's bytes and what may be spent on it.
type Model struct {
	Path       string
	Bytes      int64  // its size
	MaxSeconds uint32 // processor time of the run; 0 is without limit
}

// Info says what computes the scores: the part of a manifest that the engine knows.
type Info struct {
	_              struct{}   `cbor:",toarray"`
	Engine         string     `json:"engine"`          // "llama.cpp" or "llama-server"
	Version        string     `json:"version"`         // of the engine
	Library        event.Hash `json:"library"`         // see Library.Hash; zero for a remote engine
	CPU            string     `json:"cpu"`             // CPU variant of the library, for example "haswell"
	GPU            string     `json:"gpu"`             // devices, empty without any
	Threads        uint32     `json:"threads"`         // 0: not known
	Context        uint32     `json:"context"`         // tokens
	Batch          uint32     `json:"batch"`           // tokens a decode
	FlashAttention string     `json:"flash_attention"` // "off", "on" or "unknown"
	KV             string     `json:"kv"`              // type of the KV cache: "f16", "f32" or "unknown"
	Tensors        event.Hash `json:"tensors"`         // SHA-256 of the model's tensors, see tensorsHash; zero where unknown
}
