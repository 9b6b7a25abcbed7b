package dataset

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	const ok = `{"id":"a","question":"q","choices":["x","y"],"answer":1}`
	for _, c := range []struct{ name, in, want string }{
		{"ours", `[` + ok + `]`, ""},
		{"ours with a number for an id and more members", `[{"id":7,"context":"c","question":"q","choices":["x","y"],"answer":0,"note":1}]`, ""},
		{"siqa", `[{"context":"c","question":"q","answerA":"a","answerB":"b","answerC":"c","result":"3"}]`, ""},
		{"empty", ``, "not a JSON array"},
		{"object", `{}`, "not a JSON array"},
		{"no rows", `[]`, "no questions"},
		{"cut", `[` + ok, "ends after row 1"},
		{"trailing", `[` + ok + `] 1`, "bytes after its array"},
		{"second row", `[` + ok + `,{"id":"b"}]`, "row 2: question is missing"},
		{"same id", `[` + ok + `,` + ok + `]`, `row 2: id "a" is that of row 1`},
		{"mixed", `[` + ok + `,{"question":"q","answerA":"a","answerB":"b","answerC":"c","result":"3"}]`, "row 2: is of format"},
		{"no id", `[{"question":"q","choices":["x","y"],"answer":0}]`, "id is missing"},
		{"id is a list", `[{"id":[],"question":"q","choices":["x","y"],"answer":0}]`, "id is neither"},
		{"no answer", `[{"id":"a","question":"q","choices":["x","y"]}]`, "answer is missing"},
		{"answer out of range", `[{"id":"a","question":"q","choices":["x","y"],"answer":2}]`, "answer 2 of 2"},
		{"answer below range", `[{"id":"a","question":"q","choices":["x","y"],"answer":-1}]`, "answer -1"},
		{"one choice", `[{"id":"a","question":"q","choices":["x"],"answer":0}]`, "1 choices"},
		{"27 choices", `[{"id":"a","question":"q","choices":["x"` + strings.Repeat(`,"x"`, 26) + `],"answer":0}]`, "27 choices"},
		{"empty choice", `[{"id":"a","question":"q","choices":["x",""],"answer":0}]`, "choice 1 is empty"},
		{"NUL", `[{"id":"a","question":"q\u0000","choices":["x","y"],"answer":0}]`, "U+0000"},
		{"long", `[{"id":"a","question":"` + strings.Repeat("x", MaxText+1) + `","choices":["x","y"],"answer":0}]`, "at most"},
		{"siqa result", `[{"question":"q","answerA":"a","answerB":"b","answerC":"c","result":"4"}]`, `result is "4"`},
		{"siqa half", `[{"question":"q","answerA":"a","result":"1"}]`, "answerA, answerB"},
		{"not UTF-8", "[\xff]", "not UTF-8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Parse([]byte(c.in))
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestParseValues(t *testing.T) {
	got, err := Parse([]byte(`[{"id":"a","context":" Kim's “tea” ","question":"Why?","choices":["It's hot","no","ja — so"],"answer":2}]`))
	want := Set{FormatChoices, []Question{{"a", " Kim's “tea” ", "Why?", []string{"It's hot", "no", "ja — so"}, 2}}}
	if d := cmp.Diff(want, got); d != "" || err != nil {
		t.Errorf("%v\n%s", err, d)
	}
}

func TestTooLarge(t *testing.T) {
	if _, err := Parse(make([]byte, MaxBytes+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("bytes: %v", err)
	}
	row := `{"question":"q","answerA":"a","answerB":"b","answerC":"c","result":"1"},`
	if _, err := Parse([]byte("[" + strings.Repeat(row, MaxQuestions) + row[:len(row)-1] + "]")); !errors.Is(err, ErrTooLarge) {
		t.Errorf("rows: %v", err)
	}
}

func TestSIQA(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "shared", "data", "siqa-dev.json"))
	if err != nil {
		t.Skip("the Social IQa development set is not beside the project")
	}
	s, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Questions) != 1954 || s.Format != FormatSIQA {
		t.Fatalf("%d questions of format %q", len(s.Questions), s.Format)
	}
	want := Question{"0", "Tracy didn't go home that evening and resisted Riley's attacks.", "What does Tracy need to do before this?",
		[]string{"make a new plan", "Go home and see Riley", "Find somewhere to go"}, 2}
	if d := cmp.Diff(want, s.Questions[0]); d != "" {
		t.Error(d)
	}
	count := [3]int{}
	apostrophes := 0
	for _, q := range s.Questions {
		count[q.Label]++
		apostrophes += strings.Count(q.Context+q.Text+strings.Join(q.Choices, ""), "'")
	}
	if count != [3]int{643, 654, 657} {
		t.Errorf("labels %v", count)
	}
	if raw := strings.Count(string(b), "'"); apostrophes != raw {
		t.Errorf("%d apostrophes, the file has %d", apostrophes, raw)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`[{"id":"a","question":"q","choices":["x","y"],"answer":1}]`))
	f.Add([]byte(`[{"context":"c","question":"q","answerA":"a","answerB":"b","answerC":"c","result":"3","id":1}]`))
	f.Add([]byte(`[[[[`))
	f.Add([]byte(`[{"id":{}}]`))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Parse(b)
		if err != nil {
			return
		}
		if len(s.Questions) == 0 {
			t.Fatal("an empty set")
		}
		for _, q := range s.Questions {
			if err := q.check(); err != nil {
				t.Fatal(err)
			}
		}
	})
}
