package evaluator

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/aobench/aobench/dataset"
	"github.com/aobench/aobench/evaluator/letters"
	"github.com/aobench/aobench/evaluator/tinygguf"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == ChildArg {
		ChildMain()
	}
	if len(os.Args) > 1 && os.Args[1] == ownerArg {
		beOwner()
	}
	goleak.VerifyTestMain(m)
}

var engineLibrary = sync.OnceValues(func() (Library, error) {
	dir, err := DefaultDir()
	if err != nil {
		return Library{}, err
	}
	if l, err := Locate(dir); err == nil {
		return l, nil
	}
	if _, err := exec.LookPath("npm"); err != nil {
		return Library{}, err
	}
	return Install(context.Background(), dir, nil)
})

// engine returns the real engine, or skips the test where it cannot be had.
func engine(t testing.TB) Embedded {
	t.Helper()
	l, err := engineLibrary()
	if err != nil {
		t.Skip("the engine's libraries cannot be had here: ", err)
	}
	return Embedded{Library: l, Threads: 1}
}

// questions returns n different questions with 2 to 4 choices.
func questions(n int) []dataset.Question {
	out := make([]dataset.Question, n)
	for i := range out {
		k := 2 + i%3
		out[i] = dataset.Question{
			ID: fmt.Sprintf("q%d", i), Context: fmt.Sprintf("Robin counted to %d.", i), Text: "What came first?",
			Choices: []string{"Zero", "One", "Two", "It is Robin's secret"}[:k], Label: i % k,
		}
		if i%5 == 0 {
			out[i].Context = ""
			out[i].Text = fmt.Sprintf("Is %d – truly – a number?\nAnswer: say", i)
		}
	}
	return out
}

func write(t testing.TB, model []byte) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), "model.gguf")
	if err := os.WriteFile(p, model, 0o600); err != nil {
		t.Fatal(err)
	}
	return p
}

func tiny(t testing.TB, qs []dataset.Question, right int) (tinygguf.Spec, Job) {
	t.Helper()
	s := tinygguf.Spec{Name: "tiny", Questions: qs, Choices: tinygguf.RightOnAny(qs, right, 1)}
	return s, Job{ModelPath: write(t, tinygguf.Generate(s)), Questions: qs, Protocol: letters.Name}
}

// shared returns a file that lies beside the project on some machines, or skips the test.
func shared(t testing.TB, name string) string {
	t.Helper()
	p := filepath.Join("..", "..", "shared", "data", name)
	if _, err := os.Stat(p); err != nil {
		t.Skip(name + " is not beside the project")
	}
	return p
}

func siqa(t testing.TB, n int) []dataset.Question {
	t.Helper()
	b, err := os.ReadFile(shared(t, "siqa-dev.json"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := dataset.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return s.Questions[:n]
}
