package tinygguf

import (
	"math"

	"github.com/aobench/aobench/dataset"
)

// Logits returns the logits of the letters of q's choices as the closed form of the package comment gives them. An
// engine differs from it by its rounding only.
func Logits(s Spec, q dataset.Question) []float64 { return s.weights().logits(s.Questions, q) }

// Answers returns the choice of the model for each question, by the closed form.
func Answers(s Spec, questions []dataset.Question) []int {
	s.check()
	w := s.weights()
	out := make([]int, len(questions))
	for i, q := range questions {
		logits := w.logits(s.Questions, q)
		for j, x := range logits {
			if x > logits[out[i]] {
				out[i] = j
			}
		}
	}
	return out
}

// Correct returns the number of questions that the model answers rightly, by the closed form.
func Correct(s Spec, questions []dataset.Question) int {
	n := 0
	for i, a := range Answers(s, questions) {
		if a == questions[i].Label {
			n++
		}
	}
	return n
}

func (w weights) logits(known []dataset.Question, q dataset.Question) []float64 {
	tokens := tokenize(known, q)
	h := make([]float64, dim)
	for _, t := range tokens {
		for j, x := range normal(row(w.embedding, t)) {
			h[j] += gain * x / float64(len(tokens))
		}
	}
	for j, x := range row(w.embedding, tokens[len(tokens)-1]) {
		h[j] += x
	}
	h = normal(h)
	out := make([]float64, len(q.Choices))
	for i := range out {
		for j, x := range row(w.output, firstLetter+i) {
			out[i] += x * h[j]
		}
	}
	return out
}

func row(m []float32, token int) []float64 {
	out := make([]float64, dim)
	for j := range out {
		out[j] = float64(m[token*dim+j])
	}
	return out
}

// normal is RMS normalization: x divided by the root of the mean of its squares (Zhang and Sennrich, 2019).
func normal(x []float64) []float64 {
	sum := 0.0
	for _, v := range x {
		sum += v * v
	}
	r := 1 / math.Sqrt(sum/float64(len(x))+epsilon)
	out := make([]float64, len(x))
	for i, v := range x {
		out[i] = v * r
	}
	return out
}
