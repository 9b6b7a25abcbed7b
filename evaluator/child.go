package evaluator

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/aobench/aobench/event"
)

// ChildMain is the whole program of the child process: it answers the requests on standard input until that ends, and
// does not return. The program must call it when its arguments are those given to Embedded.
func ChildMain() {
	out, err := takeStdout()
	if err == nil {
		err = harden()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "error: evaluator child:", err)
		os.Exit(3)
	}
	requests := make(chan request)
	go readRequests(os.Stdin, requests)
	c := &child{}
	for req := range requests {
		if err := writeLine(out, c.answer(req)); err != nil {
			fmt.Fprintln(os.Stderr, "error: evaluator child: write answer:", err)
			os.Exit(3)
		}
	}
	os.Exit(0)
}

// readRequests ends the process as soon as its owner is gone, also in the middle of a computation.
func readRequests(r io.Reader, requests chan<- request) {
	lines := newLines(r)
	for lines.Scan() {
		var req request
		if err := json.Unmarshal(lines.Bytes(), &req); err != nil {
			fmt.Fprintln(os.Stderr, "error: evaluator child: read request:", err)
			os.Exit(3)
		}
		requests <- req
	}
	os.Exit(0)
}

// child holds what the process has loaded.
type child struct {
	model *llamaModel
}

func (c *child) answer(req request) (r reply) {
	defer func() {
		if v := recover(); v != nil { // a bug of ours or of a parser, seen before the engine crashed
			r = reply{Error: &wireError{event.EngineFailed, fmt.Sprintf("panic: %v", v)}}
		}
	}()
	r, err := c.do(req)
	if err != nil {
		return reply{Error: &wireError{ReasonOf(err), plain(err)}}
	}
	return r
}

// plain is the text of err without the reason in front.
func plain(err error) string {
	if f, ok := err.(*Failure); ok {
		return f.Err.Error()
	}
	return err.Error()
}

func (c *child) do(req request) (reply, error) {
	switch {
	case req.Inspect != nil:
		if err := limit(req.Inspect.Limits); err != nil {
			return reply{}, err
		}
		t, err := inspect(req.Inspect.Model)
		return reply{Tensors: t}, err
	case req.Open != nil:
		if err := limit(req.Open.Limits); err != nil {
			return reply{}, err
		}
		info, err := c.open(*req.Open)
		return reply{Info: &info}, err
	case c.model == nil:
		return reply{}, failf(event.EngineFailed, "no model is open")
	case req.Tokenize != nil:
		t, err := c.model.tokenize(req.Tokenize.Text, false)
		return reply{Tokens: t}, err
	case req.Score != nil:
		return c.model.score(*req.Score)
	}
	return reply{}, failf(event.EngineFailed, "unknown request")
}

func (c *child) open(o openRequest) (Info, error) {
	tensors, err := inspect(o.Model)
	if err != nil {
		return Info{}, err
	}
	m, err := loadLlama(o)
	if err != nil {
		return Info{}, err
	}
	c.model = m
	info, err := m.info(o)
	info.Tensors = tensors
	return info, err
}
