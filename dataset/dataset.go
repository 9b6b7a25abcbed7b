package dataset

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// Formats that Parse knows.
const (
	FormatSIQA    = "siqa"
	FormatChoices = "choices"
)

// Limits of a dataset. What exceeds one is refused.
const (
	MaxBytes     = 64 << 20 // of the file
	MaxQuestions = 100_000
	MaxText      = 32 << 10 // bytes of one text
	MinChoices   = 2
	MaxChoices   = 26 // a letter each
)

// ErrTooLarge says that a dataset exceeds MaxBytes or MaxQuestions; reading it again does not help.
var ErrTooLarge = errors.New("dataset too large")

// A Question is asked once and has one right answer.
type Question struct {
	ID      string   // unique in the set
	Context string   // may be empty
	Text    string   // the question itself
	Choices []string // MinChoices to MaxChoices, none empty
	Label   int      // index of the right choice
}

// A Set is a dataset in the order of its file.
type Set struct {
	Format    string // FormatSIQA or FormatChoices
	Questions []Question
}

// Parse reads a dataset in either format. A set has at least one question. Errors name the row, counted from 1.
func Parse(b []byte) (Set, error) {
	if len(b) > MaxBytes {
		return Set{}, fmt.Errorf("dataset of %d bytes, at most %d: %w", len(b), MaxBytes, ErrTooLarge)
	}
	if !utf8.Valid(b) {
		return Set{}, errors.New("dataset is not UTF-8")
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	if t, err := dec.Token(); err != nil || t != json.Delim('[') {
		return Set{}, errors.New("dataset is not a JSON array")
	}
	p := parser{seen: map[string]int{}}
	for dec.More() {
		if err := p.next(dec); err != nil {
			return Set{}, fmt.Errorf("dataset row %d: %w", len(p.set.Questions)+1, err)
		}
	}
	if _, err := dec.Token(); err != nil {
		return Set{}, fmt.Errorf("dataset ends after row %d: %w", len(p.set.Questions), err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return Set{}, errors.New("dataset has bytes after its array")
	}
	if len(p.set.Questions) == 0 {
		return Set{}, errors.New("dataset has no questions")
	}
	return p.set, nil
}

type parser struct {
	set  Set
	seen map[string]int // id to row number
}

func (p *parser) next(dec *json.Decoder) error {
	if len(p.set.Questions) == MaxQuestions {
		return fmt.Errorf("more than %d questions: %w", MaxQuestions, ErrTooLarge)
	}
	var r row
	if err := dec.Decode(&r); err != nil {
		return err
	}
	if p.set.Format == "" {
		p.set.Format = r.format()
	}
	if p.set.Format != r.format() {
		return fmt.Errorf("is of format %q, the rows before of %q", r.format(), p.set.Format)
	}
	n := len(p.set.Questions) + 1
	q, err := r.question(n)
	if err != nil {
		return err
	}
	if first, dup := p.seen[q.ID]; dup {
		return fmt.Errorf("id %q is that of row %d", q.ID, first)
	}
	p.seen[q.ID] = n
	p.set.Questions = append(p.set.Questions, q)
	return nil
}
