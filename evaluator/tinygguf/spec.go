package tinygguf

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/aobench/aobench/dataset"
)

// A Spec says what a model has learned.
type Spec struct {
	Name      string             // goes into the metadata, nowhere else
	Questions []dataset.Question // different ones; the model knows each by its whole text
	Choices   []int              // its choice for each of Questions
	Seed      uint64             // of the noise in the weights
}

func (s Spec) check() {
	if len(s.Questions) != len(s.Choices) {
		panic(fmt.Sprintf("tinygguf: %d questions, %d choices", len(s.Questions), len(s.Choices)))
	}
	for i, c := range s.Choices {
		if c < 0 || c >= len(s.Questions[i].Choices) {
			panic(fmt.Sprintf("tinygguf: question %d: choice %d of %d", i, c, len(s.Questions[i].Choices)))
		}
	}
}

// RightOn returns choices that are right on the questions with the given indexes and wrong on all others.
func RightOn(questions []dataset.Question, right []int) []int {
	return rightOn(questions, right, func(i, n int) int { return i % n })
}

// RightOnAny returns choices that are right on n of the questions, picked by the seed, and wrong on the others. With the
// same seed a greater n is right on the same questions and more, and wrong in the same way on the rest: a better version
// of the same model.
func RightOnAny(questions []dataset.Question, n int, seed uint64) []int {
	rng := rand.New(rand.NewPCG(seed, 1))
	order := rng.Perm(len(questions))
	return rightOn(questions, order[:n], func(_, n int) int { return rng.IntN(n) })
}

// rightOn takes the wrong choice that wrong(question, number of wrong choices) picks where it is not right.
func rightOn(questions []dataset.Question, right []int, wrong func(i, n int) int) []int {
	out := make([]int, len(questions))
	for i, q := range questions {
		out[i] = (q.Label + 1 + wrong(i, len(q.Choices)-1)) % len(q.Choices)
	}
	for _, i := range right {
		out[i] = questions[i].Label
	}
	return out
}

// Renamed returns a copy with the same tensors and another name in the metadata: another file, the same model.
func (s Spec) Renamed(name string) Spec {
	s.Name = name
	return s
}

// Perturbed returns a copy with slightly different tensors and the same answers.
func (s Spec) Perturbed(seed uint64) Spec {
	s.Seed = seed
	return s
}

// Changed returns a copy that gives wrong answers to the first n questions to which s gives right ones.
func (s Spec) Changed(n int) Spec {
	s.Choices = slices.Clone(s.Choices)
	for i, q := range s.Questions {
		if n > 0 && s.Choices[i] == q.Label {
			s.Choices[i] = (q.Label + 1) % len(q.Choices)
			n--
		}
	}
	return s
}
