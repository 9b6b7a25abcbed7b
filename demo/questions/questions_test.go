package questions

import (
	"testing"

	"github.com/aobench/aobench/dataset"
)

func TestQuestions(t *testing.T) {
	set, err := dataset.Parse(JSON())
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Questions) < 66 || set.Format != dataset.FormatChoices {
		t.Errorf("%d questions of format %s", len(set.Questions), set.Format)
	}
	labels := map[int]int{}
	texts := map[string]bool{}
	for _, q := range set.Questions {
		labels[q.Label]++
		if len(q.Choices) != 3 || q.Context == "" || texts[q.Context] {
			t.Errorf("%s: %d choices, context %q", q.ID, len(q.Choices), q.Context)
		}
		texts[q.Context] = true
	}
	if labels[0] != labels[1] || labels[1] != labels[2] {
		t.Errorf("the right choices are not balanced: %v", labels)
	}
	JSON()[0] = 'x'
	if JSON()[0] != '[' {
		t.Error("a caller can change the questions")
	}
}
