package evaluator

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aobench/aobench/dataset"
	"github.com/aobench/aobench/evaluator/letters"
	"github.com/aobench/aobench/evaluator/tinygguf"
)

func run(t testing.TB, e Engine, job Job) Result {
	t.Helper()
	r, err := Run(context.Background(), e, job, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The engine says what the closed form says: for questions that the model has learned and for others.
func TestClosedForm(t *testing.T) {
	for _, c := range []struct {
		kv        string
		tolerance float64
	}{{"f32", 1e-4}, {"f16", 2e-2}} {
		t.Run(c.kv, func(t *testing.T) {
			e := engine(t)
			e.KV = c.kv
			qs := questions(60)
			spec, job := tiny(t, qs[:50], 33)
			job.Questions = qs
			r := run(t, e, job)
			worst := 0.0
			for i, want := range tinygguf.Answers(spec, qs) {
				a := r.Evidence.Answers[i]
				if int(a.Choice) != want || r.Choices[i] != a.Choice {
					t.Errorf("question %d: choice %d, want %d", i, a.Choice, want)
				}
				for j, lp := range normalize(tinygguf.Logits(spec, qs[i])) {
					worst = max(worst, math.Abs(lp-a.Logprob(j)))
				}
			}
			if worst > c.tolerance || worst == 0 {
				t.Errorf("largest difference of a log-probability %g, want at most %g and not 0", worst, c.tolerance)
			}
			if r.Correct != tinygguf.Correct(spec, qs) || r.Answered != 60 || r.Total != 60 {
				t.Errorf("%d correct of %d of %d, want %d of 60 of 60", r.Correct, r.Answered, r.Total, tinygguf.Correct(spec, qs))
			}
			if n := tinygguf.Correct(spec, qs[:50]); n != 33 {
				t.Errorf("closed form: %d right, want 33", n)
			}
		})
	}
}

func TestManifest(t *testing.T) {
	e := engine(t)
	_, job := tiny(t, questions(5), 3)
	job.Model[0], job.Dataset[0], job.DatasetSHA256[0], job.Commit = 1, 2, 3, "abc"
	r := run(t, e, job)
	m, err := DecodeManifest(r.ManifestBytes)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(r.Manifest, m, cmp.AllowUnexported(Manifest{}, Info{})); d != "" {
		t.Error(d)
	}
	ev, err := DecodeEvidence(r.EvidenceBytes)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(r.Evidence, ev, cmp.AllowUnexported(Evidence{}, Answer{})); d != "" {
		t.Error(d)
	}
	i := m.Engine
	if i.Engine != "llama.cpp" || i.Library.IsZero() || i.CPU == "" || i.Threads != 1 || i.FlashAttention != "off" || i.KV != "f16" ||
		i.Context != 2048 || i.Batch != 512 || i.Version != e.Library.Version || i.Tensors.IsZero() || i.Tensors != r.Tensors {
		t.Errorf("engine info %+v", i)
	}
	if m.Model != job.Model || m.Dataset != job.Dataset || m.DatasetSHA256 != job.DatasetSHA256 || m.Commit != "abc" || m.ModelSHA256.IsZero() ||
		m.Protocol != letters.Name || m.Template != letters.TemplateHash() || m.Questions != 5 || len(m.Letters) != 4 || ev.Manifest != r.ManifestHash() {
		t.Errorf("manifest %+v", m)
	}
	t.Logf("%s, CPU %s, library %s", i.Version, i.CPU, i.Library)
}

// Nothing that may differ between two runs of a job moves a bit: not time, threads nor the order of the questions.
func TestDeterminism(t *testing.T) {
	e := engine(t)
	t.Run("generated", func(t *testing.T) {
		_, job := tiny(t, questions(40), 20)
		sameBits(t, e, job)
	})
	t.Run("stories260K on Social IQa", func(t *testing.T) {
		job := Job{ModelPath: shared(t, "stories260K.gguf"), Questions: siqa(t, 50), Protocol: letters.Name}
		sameBits(t, e, job)
	})
}

func sameBits(t *testing.T, e Embedded, job Job) {
	first := run(t, e, job)
	again := run(t, e, job)
	if !slices.Equal(first.EvidenceBytes, again.EvidenceBytes) || !slices.Equal(first.ManifestBytes, again.ManifestBytes) {
		t.Error("a second run gives other evidence")
	}
	if first.Answered != len(job.Questions) {
		t.Errorf("%d answered of %d", first.Answered, len(job.Questions))
	}
	job.Questions = job.Questions[:12] // the real model takes its time
	first = run(t, e, job)
	e.Threads = 2
	two := run(t, e, job)
	if d := cmp.Diff(byQuestion(first), byQuestion(two), cmp.AllowUnexported(Answer{})); d != "" {
		t.Errorf("2 threads give other evidence than 1:\n%s", d)
	}
	if first.ManifestHash() == two.ManifestHash() {
		t.Error("the manifest does not show the number of threads")
	}
	e.Threads = 1
	job.Questions = slices.Clone(job.Questions)
	rand.New(rand.NewPCG(7, 7)).Shuffle(len(job.Questions), func(i, j int) {
		job.Questions[i], job.Questions[j] = job.Questions[j], job.Questions[i]
	})
	shuffled := run(t, e, job)
	if d := cmp.Diff(byQuestion(first), byQuestion(shuffled), cmp.AllowUnexported(Answer{})); d != "" {
		t.Errorf("another order of questions gives other evidence:\n%s", d)
	}
	if first.Manifest.Order == shuffled.Manifest.Order {
		t.Error("the manifest does not show the order")
	}
}

func byQuestion(r Result) map[string]Answer {
	out := map[string]Answer{}
	for _, a := range r.Evidence.Answers {
		out[a.Question] = a
	}
	return out
}

// Sharing the prefix is an optimization: the whole prompt decoded at once says the same.
func TestSharedPrefix(t *testing.T) {
	e := engine(t)
	_, job := tiny(t, questions(10), 5)
	s, err := e.Open(t.Context(), Model{Path: job.ModelPath})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	tokens, err := letterTokens(t.Context(), s, 4)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range job.Questions {
		a, err := s.Score(t.Context(), letters.Prefix, letters.Body(q), tokens)
		if err != nil {
			t.Fatal(err)
		}
		b, err := s.Score(t.Context(), "", letters.Prefix+letters.Body(q), tokens)
		if err != nil {
			t.Fatal(err)
		}
		for i := range a {
			if math.Abs(a[i]-b[i]) > 1e-3 {
				t.Errorf("%s: shared %v, unshared %v", q.ID, a, b)
			}
		}
	}
}

func TestTensorsHash(t *testing.T) {
	e := engine(t)
	qs := questions(6)
	spec, _ := tiny(t, qs, 3)
	hash := func(s tinygguf.Spec) Result {
		return run(t, e, Job{ModelPath: write(t, tinygguf.Generate(s)), Questions: qs, Protocol: letters.Name})
	}
	original, renamed, perturbed := hash(spec), hash(spec.Renamed(strings.Repeat("another name ", 9))), hash(spec.Perturbed(9))
	if original.Tensors != renamed.Tensors || original.Manifest.ModelSHA256 == renamed.Manifest.ModelSHA256 {
		t.Error("a copy with another name has to be another file with the same tensors")
	}
	if original.Tensors == perturbed.Tensors || !slices.Equal(original.Choices, perturbed.Choices) {
		t.Error("a perturbed copy has to have other tensors and the same choices")
	}
	if slices.Equal(original.EvidenceBytes, perturbed.EvidenceBytes) {
		t.Error("a perturbed copy has to have other log-probabilities")
	}
}

func TestPromptTooLong(t *testing.T) {
	e := engine(t)
	e.Context = 256
	qs := questions(4)
	_, job := tiny(t, qs, 4)
	long := dataset.Question{ID: "long", Text: string(slices.Repeat([]byte("why "), 200)), Choices: []string{"a", "b"}}
	job.Questions = []dataset.Question{qs[0], long, qs[1]}
	r := run(t, e, job)
	if r.Answered != 2 || r.Total != 3 || r.Choices[1] != None || len(r.Evidence.Answers[1].Logprobs) != 0 || r.Choices[2] == None {
		t.Errorf("answered %d of %d, choices %v", r.Answered, r.Total, r.Choices)
	}
	if r.Correct != 2 {
		t.Errorf("%d correct, want 2", r.Correct)
	}
}
