package tinygguf

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/aobench/aobench/dataset"
	"github.com/aobench/aobench/demo/questions"
)

func demo(t testing.TB) []dataset.Question {
	t.Helper()
	s, err := dataset.Parse(questions.JSON())
	if err != nil {
		t.Fatal(err)
	}
	return s.Questions
}

// For any wish of choices the closed form gives those choices, and clearly: an engine's rounding cannot turn one.
func TestAnswersAreAsWished(t *testing.T) {
	all := demo(t)
	rapid.Check(t, func(t *rapid.T) {
		qs := all[:rapid.IntRange(1, len(all)).Draw(t, "questions")]
		s := Spec{Questions: qs, Seed: rapid.Uint64().Draw(t, "seed")}
		for range qs {
			s.Choices = append(s.Choices, rapid.IntRange(0, 2).Draw(t, "choice"))
		}
		if got := Answers(s, qs); !slices.Equal(got, s.Choices) {
			t.Fatalf("answers %v, want %v", got, s.Choices)
		}
		logits := Logits(s, qs[0])
		for i, x := range logits {
			if i != s.Choices[0] && logits[s.Choices[0]]-x < 1 {
				t.Fatalf("logits %v are too near to each other", logits)
			}
		}
	})
}

func TestVersions(t *testing.T) {
	qs := demo(t)
	s := Spec{Name: "a", Questions: qs, Choices: RightOnAny(qs, 30, 4), Seed: 1}
	better := Spec{Name: "a", Questions: qs, Choices: RightOnAny(qs, 40, 4), Seed: 1}
	if a, b := Correct(s, qs), Correct(better, qs); a != 30 || b != 40 {
		t.Errorf("%d and %d right, want 30 and 40", a, b)
	}
	for i, q := range qs {
		if s.Choices[i] == q.Label && better.Choices[i] != q.Label {
			t.Errorf("question %d: the better version has unlearned it", i)
		}
		if better.Choices[i] != q.Label && better.Choices[i] != s.Choices[i] {
			t.Errorf("question %d: the better version is wrong in another way", i)
		}
	}
	if n := Correct(s.Changed(2), qs); n != 28 {
		t.Errorf("changed: %d right, want 28", n)
	}
	if !slices.Equal(Answers(s.Perturbed(2), qs), Answers(s, qs)) {
		t.Error("perturbed: other answers")
	}
	if n := Correct(Spec{Questions: qs, Choices: RightOn(qs, []int{5, 7})}, qs); n != 2 {
		t.Errorf("%d right, want 2", n)
	}
}

func TestGenerate(t *testing.T) {
	qs := demo(t)
	s := Spec{Name: "a", Questions: qs, Choices: RightOn(qs, nil), Seed: 1}
	a := Generate(s)
	if !bytes.Equal(a, Generate(s)) {
		t.Error("equal specs give different bytes")
	}
	tail := func(b []byte) []byte { return b[len(b)-len(a)/2:] }
	if b := Generate(s.Renamed("b")); bytes.Equal(a, b) || !bytes.Equal(tail(a), tail(b)) {
		t.Error("renamed: want another head and the same tensors")
	}
	if b := Generate(s.Perturbed(2)); bytes.Equal(tail(a), tail(b)) {
		t.Error("perturbed: the same tensors")
	}
	if len(a) < 100<<10 || len(a) > 4<<20 {
		t.Errorf("model of %d bytes", len(a))
	}
	t.Logf("%d questions: %d bytes", len(qs), len(a))
}

func TestGeneratePanics(t *testing.T) {
	qs := demo(t)[:2]
	for _, choices := range [][]int{nil, {0}, {0, 3}, {0, -1}} {
		t.Run(fmt.Sprint(choices), func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			Generate(Spec{Questions: qs, Choices: choices})
		})
	}
}

func TestNormal(t *testing.T) {
	if got, want := normal([]float64{3, 4})[0], 3/math.Sqrt(12.5); math.Abs(got-want) > 1e-6 {
		t.Errorf("%v, want %v", got, want)
	}
}

func BenchmarkGenerate(b *testing.B) {
	qs := demo(b)
	s := Spec{Questions: qs, Choices: RightOn(qs, nil)}
	for b.Loop() {
		Generate(s)
	}
}
