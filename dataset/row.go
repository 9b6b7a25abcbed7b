package dataset

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// row holds the members of both formats; pointers tell absent from empty.
type row struct {
	ID       json.RawMessage `json:"id"`
	Context  string          `json:"context"`
	Question *string         `json:"question"`

	Choices []string `json:"choices"`
	Answer  *int     `json:"answer"`

	A      *string `json:"answerA"`
	B      *string `json:"answerB"`
	C      *string `json:"answerC"`
	Result *string `json:"result"`
}

func (r *row) format() string {
	if r.A != nil || r.B != nil || r.C != nil || r.Result != nil {
		return FormatSIQA
	}
	return FormatChoices
}

func (r *row) question(n int) (Question, error) {
	if r.Question == nil {
		return Question{}, errors.New("question is missing")
	}
	q := Question{Context: r.Context, Text: *r.Question}
	fill := r.choices
	if r.format() == FormatSIQA {
		fill = r.siqa
	}
	if err := fill(&q); err != nil {
		return q, err
	}
	id, err := r.id(n)
	if err != nil {
		return q, err
	}
	q.ID = id
	return q, q.check()
}

func (r *row) siqa(q *Question) error {
	if r.A == nil || r.B == nil || r.C == nil || r.Result == nil {
		return errors.New("answerA, answerB, answerC or result is missing")
	}
	q.Choices = []string{*r.A, *r.B, *r.C}
	switch *r.Result {
	case "1", "2", "3":
		q.Label = int((*r.Result)[0] - '1')
		return nil
	}
	return fmt.Errorf("result is %.20q, want 1, 2 or 3", *r.Result)
}

func (r *row) choices(q *Question) error {
	if r.Answer == nil {
		return errors.New("answer is missing")
	}
	q.Choices, q.Label = r.Choices, *r.Answer
	return nil
}

// id returns the row's id as text. Rows of Social IQa may have none: their place is their id then.
func (r *row) id(n int) (string, error) {
	if len(r.ID) == 0 || string(r.ID) == "null" {
		if r.format() == FormatSIQA {
			return strconv.Itoa(n - 1), nil
		}
		return "", errors.New("id is missing")
	}
	var s string
	if json.Unmarshal(r.ID, &s) == nil {
		return s, nil
	}
	var i int64
	if err := json.Unmarshal(r.ID, &i); err != nil {
		return "", errors.New("id is neither a text nor a whole number")
	}
	return strconv.FormatInt(i, 10), nil
}

func (q *Question) check() error {
	if k := len(q.Choices); k < MinChoices || k > MaxChoices {
		return fmt.Errorf("%d choices, want %d to %d", k, MinChoices, MaxChoices)
	}
	if q.Label < 0 || q.Label >= len(q.Choices) {
		return fmt.Errorf("answer %d of %d choices, counted from 0", q.Label, len(q.Choices))
	}
	if q.ID == "" || q.Text == "" {
		return errors.New("id or question is empty")
	}
	for i, c := range q.Choices {
		if c == "" {
			return fmt.Errorf("choice %d is empty", i)
		}
	}
	for _, s := range append([]string{q.ID, q.Context, q.Text}, q.Choices...) {
		if len(s) > MaxText {
			return fmt.Errorf("a text of %d bytes, at most %d", len(s), MaxText)
		}
		if strings.IndexByte(s, 0) >= 0 {
			return errors.New("a text holds the character U+0000") // C code downstream would end the text there
		}
	}
	return nil
}
