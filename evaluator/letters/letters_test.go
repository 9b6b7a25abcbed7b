package letters

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/aobench/aobench/dataset"
)

// The prompts of testdata are never regenerated: scores of different days are comparable only while they hold.
func TestGoldenPrompts(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("testdata", "questions.json"))
	if err != nil {
		t.Fatal(err)
	}
	set, err := dataset.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range set.Questions {
		want, err := os.ReadFile(filepath.Join("testdata", q.ID+".prompt"))
		if err != nil {
			t.Fatal(err)
		}
		if got := Prefix + Body(q); got != string(want) {
			t.Errorf("%s: prompt is\n%q, want\n%q", q.ID, got, want)
		}
	}
}

func TestGoldenHashes(t *testing.T) {
	if got := TemplateHash().String(); got != templateHash {
		t.Errorf("template hash %s, want %s", got, templateHash)
	}
	q := dataset.Question{Context: "c", Text: "q", Choices: []string{"x", "y"}}
	if got := PromptHash(q).String(); got != promptHash {
		t.Errorf("prompt hash %s, want %s", got, promptHash)
	}
}

func TestChoose(t *testing.T) {
	for _, c := range []struct {
		in   []float64
		want int
	}{
		{[]float64{-1, -2, -3}, 0}, {[]float64{-2, -1, -3}, 1}, {[]float64{-3, -1, -1}, 1}, {[]float64{-1, -1, -1}, 0},
	} {
		if got := Choose(c.in); got != c.want {
			t.Errorf("%v: %d, want %d", c.in, got, c.want)
		}
	}
}

func TestProbe(t *testing.T) {
	got := fmt.Sprintf("%q %q", Probe(0), Probe(25))
	if want := `"Answer: A" "Answer: Z"`; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
