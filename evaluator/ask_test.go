package evaluator

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/aobench/aobench/dataset"
	"github.com/aobench/aobench/event"
)

// fake answers by a formula; one token a byte, plus shift.
type fake struct {
	tokens   func(text string) []int32
	logprobs []float64
	err      error
	closed   int
}

func (f *fake) Open(context.Context, Model) (Session, error) { return f, nil }
func (f *fake) Info() Info                                   { return Info{Engine: "fake"} }
func (f *fake) Close() error                                 { f.closed++; return nil }
func (f *fake) Tokenize(_ context.Context, text string) ([]int32, error) {
	if f.tokens != nil {
		return f.tokens(text), nil
	}
	return []int32{int32(text[len(text)-1])}, nil
}
func (f *fake) Score(_ context.Context, _, _ string, letters []int32) ([]float64, error) {
	return f.logprobs[:min(len(letters), len(f.logprobs))], f.err
}

func TestLetterTokens(t *testing.T) {
	most := dataset.Question{ID: "most", Text: "Which?", Choices: strings.Split(strings.Repeat("x,", 25)+"x", ","), Label: 25}
	_, job := tiny(t, questions(1), 1)
	job.Questions = []dataset.Question{most, job.Questions[0]}
	all := make([]float64, 26)
	all[25] = 1
	f := &fake{logprobs: all}
	r := run(t, f, job)
	if got := r.Manifest.Letters; len(got) != 26 || got[0] != 'A' || got[25] != 'Z' || r.Choices[0] != 25 || r.Choices[1] != 0 || f.closed != 1 {
		t.Errorf("letters %v, choices %v, closed %d times", got, r.Choices, f.closed)
	}
	f.tokens = func(text string) []int32 { return []int32{7, int32(text[len(text)-1]) / 2} } // A is 32, B and C are 33
	if _, err := Run(t.Context(), f, job, nil); ReasonOf(err) != event.ModelNotLoadable || !strings.Contains(err.Error(), "letters B and C") {
		t.Errorf("letters that are one token: %v", err)
	}
	f.tokens = func(string) []int32 { return nil }
	if _, err := Run(t.Context(), f, job, nil); ReasonOf(err) != event.ModelNotLoadable || !strings.Contains(err.Error(), "no token") {
		t.Errorf("no token: %v", err)
	}
}

func TestNonFinite(t *testing.T) {
	_, job := tiny(t, questions(3), 1)
	for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		_, err := Run(t.Context(), &fake{logprobs: []float64{bad, 0, 0, 0}}, job, nil)
		if ReasonOf(err) != event.NonFiniteOutput {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

func TestTies(t *testing.T) {
	_, job := tiny(t, questions(3), 1)
	r := run(t, &fake{logprobs: normalize([]float64{-3, -1, -1, -1})}, job)
	if string(r.Choices) != "\x01\x01\x01" {
		t.Errorf("choices %v, want the first of the equal ones", r.Choices)
	}
}

func TestProgressAndErrors(t *testing.T) {
	_, job := tiny(t, questions(3), 1)
	var seen []int
	f := &fake{logprobs: make([]float64, 4)}
	if _, err := Run(t.Context(), f, job, func(done, total int) { seen = append(seen, done*10+total) }); err != nil || len(seen) != 3 || seen[0] != 13 || seen[2] != 33 {
		t.Errorf("%v, progress %v", err, seen)
	}
	f.err = errors.New("out of order")
	if _, err := Run(t.Context(), f, job, nil); ReasonOf(err) != event.EngineFailed || !strings.Contains(err.Error(), `question 1 ("q0"): out of order`) {
		t.Errorf("error %v", err)
	}
}

func TestNormalize(t *testing.T) {
	for _, c := range [][]float64{{1, 2, 3}, {-1e4, 0}, {1e300, 1e300}, {-700, -700, -701}} {
		sum := 0.0
		for _, x := range normalize(c) {
			sum += math.Exp(x)
		}
		if math.Abs(sum-1) > 1e-12 {
			t.Errorf("%v: probabilities have the sum %v", c, sum)
		}
	}
	if got := normalize([]float64{math.NaN(), 1}); !math.IsNaN(got[0]) {
		t.Errorf("a NaN became %v", got)
	}
}
