package evaluator

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"

	"github.com/aobench/aobench/event"
)

// The parent and its child talk in JSON, one message a line, one answer to each request, in order. Neither believes the
// other further than maxMessage.
const maxMessage = 4 << 20

// A request asks the child for one thing: exactly one member is set.
type request struct {
	Open     *openRequest     `json:"open,omitempty"`
	Inspect  *inspectRequest  `json:"inspect,omitempty"`
	Tokenize *tokenizeRequest `json:"tokenize,omitempty"`
	Score    *scoreRequest    `json:"score,omitempty"`
}

type inspectRequest struct {
	Model  string `json:"model"`
	Limits limits `json:"limits"`
}

type openRequest struct {
	Libraries string `json:"libraries"` // folder
	Model     string `json:"model"`
	Limits    limits `json:"limits"`
	Context   uint32 `json:"context"`
	Batch     uint32 `json:"batch"`
	Threads   uint32 `json:"threads"`
	KV        string `json:"kv"`
}

// limits are set by the child on itself before it looks at the model; 0 is without limit.
type limits struct {
	Memory  uint64 `json:"memory"`  // bytes of private memory beyond what the child already has
	Seconds uint32 `json:"seconds"` // processor time
}

type tokenizeRequest struct {
	Text string `json:"text"`
}

type scoreRequest struct {
	Prefix  string  `json:"prefix"`
	Body    string  `json:"body"`
	Letters []int32 `json:"letters"`
}

type reply struct {
	Info    *Info      `json:"info,omitempty"`    // to open
	Tensors event.Hash `json:"tensors,omitzero"`  // to inspect
	Tokens  []int32    `json:"tokens,omitempty"`  // to tokenize
	Logits  []uint32   `json:"logits,omitempty"`  // to score: bits of floats, for JSON has no NaN
	TooLong bool       `json:"too_long,omitzero"` // to score
	Error   *wireError `json:"error,omitempty"`
}

type wireError struct {
	Reason event.Reason `json:"reason"`
	Text   string       `json:"text"`
}

func newLines(r io.Reader) *bufio.Scanner {
	s := bufio.NewScanner(r)
	s.Buffer(make([]byte, 0, 64<<10), maxMessage)
	return s
}

func writeLine(w io.Writer, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if len(b) >= maxMessage {
		return fmt.Errorf("message of %d bytes, at most %d", len(b), maxMessage)
	}
	_, err = w.Write(append(b, '\n'))
	return err
}
