package evaluator

import (
	"testing"

	"github.com/aobench/aobench/dataset"
	"github.com/aobench/aobench/evaluator/letters"
	"github.com/aobench/aobench/evaluator/tinygguf"
)

// BenchmarkQuestions measures what Run does for each question: the shared prefix is decoded once.
func BenchmarkQuestions(b *testing.B) { benchmark(b, letters.Prefix) }

// BenchmarkQuestionsUnshared is its limit from below: the whole prompt is decoded for each question.
func BenchmarkQuestionsUnshared(b *testing.B) { benchmark(b, "") }

func benchmark(b *testing.B, prefix string) {
	b.Run("generated", func(b *testing.B) {
		qs := questions(66)
		path := write(b, tinygguf.Generate(tinygguf.Spec{Questions: qs, Choices: tinygguf.RightOn(qs, nil)}))
		perSecond(b, path, qs, prefix)
	})
	b.Run("stories260K", func(b *testing.B) {
		perSecond(b, shared(b, "stories260K.gguf"), siqa(b, 50), prefix)
	})
}

func perSecond(b *testing.B, path string, qs []dataset.Question, prefix string) {
	s, err := engine(b).Open(b.Context(), Model{Path: path})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	tokens, err := letterTokens(b.Context(), s, 4)
	if err != nil {
		b.Fatal(err)
	}
	i := 0
	for b.Loop() {
		q := qs[i%len(qs)]
		i++
		body := letters.Body(q)
		if prefix == "" {
			body = letters.Prefix + body
		}
		if _, err := s.Score(b.Context(), prefix, body, tokens[:len(q.Choices)]); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(i)/b.Elapsed().Seconds(), "questions/s")
}
