package evaluator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aobench/aobench/event"
)

// scripted is a llama-server of the test: one token a byte, and letters with the given probabilities.
type scripted struct {
	props    string
	probs    string    // answer to /completion; default: computed from want
	want     []float64 // letter probabilities
	override map[string]func(http.ResponseWriter)
	prompts  []string
}

func (s *scripted) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f := s.override[r.URL.Path]; f != nil {
		f(w)
		return
	}
	var in struct {
		Content  string     `json:"content"`
		Special  bool       `json:"add_special"`
		Parse    *bool      `json:"parse_special"`
		Prompt   []rune     `json:"prompt"`
		Predict  int        `json:"n_predict"`
		Probs    int        `json:"n_probs"`
		Temp     float64    `json:"temperature"`
		Samplers []string   `json:"samplers"`
		Post     bool       `json:"post_sampling_probs"`
		Bias     [][2]int32 `json:"logit_bias"`
		Cache    *bool      `json:"cache_prompt"`
	}
	if r.Method == http.MethodPost {
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	}
	switch r.URL.Path {
	case "/props":
		fmt.Fprint(w, s.props)
	case "/tokenize":
		if in.Parse == nil || *in.Parse {
			http.Error(w, "parse_special", http.StatusBadRequest)
			return
		}
		tokens := []rune(in.Content)
		if in.Special {
			tokens = append([]rune{1}, tokens...)
		}
		json.NewEncoder(w).Encode(map[string]any{"tokens": tokens})
	case "/completion":
		ok := in.Predict == 1 && in.Probs == len(in.Bias) && in.Temp == 1 && in.Post && len(in.Samplers) == 1 && in.Samplers[0] == "temperature" &&
			in.Cache != nil && !*in.Cache && len(in.Prompt) > 0 && in.Prompt[0] == 1
		if !ok {
			http.Error(w, fmt.Sprintf("unexpected request %+v", in), http.StatusBadRequest)
			return
		}
		s.prompts = append(s.prompts, string(in.Prompt[1:]))
		if s.probs != "" {
			fmt.Fprint(w, s.probs)
			return
		}
		var top []map[string]any
		for i := len(in.Bias) - 1; i >= 0; i-- { // any order
			top = append(top, map[string]any{"id": in.Bias[i][0], "token": "x", "prob": s.want[i]})
		}
		json.NewEncoder(w).Encode(map[string]any{"content": "x", "completion_probabilities": []any{map[string]any{"id": 65, "prob": 1, "top_probs": top}}})
	default:
		http.NotFound(w, r)
	}
}

func serve(t *testing.T, s *scripted, job Job) Remote {
	t.Helper()
	if s.props == "" {
		s.props = fmt.Sprintf(`{"model_path":"/models/%s","build_info":"v0.5.0","default_generation_settings":{"n_ctx":4096}}`, filepath.Base(job.ModelPath))
	}
	srv := httptest.NewServer(s)
	t.Cleanup(srv.Close)
	return Remote{URL: srv.URL, Answer: 5 * time.Second, KV: "f16"}
}

func TestRemote(t *testing.T) {
	qs := questions(7)
	_, job := tiny(t, qs, 3)
	s := &scripted{want: []float64{0.2, 0.5, 0.2, 0.1}}
	r := run(t, serve(t, s, job), job)
	for i, a := range r.Evidence.Answers {
		if a.Choice != 1 || len(a.Logprobs) != len(qs[i].Choices) {
			t.Errorf("answer %d: %+v", i, a)
		}
	}
	// The probabilities of two choices are what they are among these two.
	if got, want := r.Evidence.Answers[0].Logprob(1), math.Log(0.5/0.7); math.Abs(got-want) > 1e-12 {
		t.Errorf("log-probability %v, want %v", got, want)
	}
	if !strings.HasPrefix(s.prompts[1], "Choose the best") || !strings.HasSuffix(s.prompts[1], "Answer:") {
		t.Errorf("prompt %q", s.prompts[1])
	}
	i := r.Manifest.Engine
	if i.Engine != "llama-server" || i.Version != "v0.5.0" || i.Context != 4096 || i.KV != "f16" || i.FlashAttention != "unknown" || r.Tensors.IsZero() {
		t.Errorf("info %+v", i)
	}
	if got := r.Manifest.Letters; got[0] != 'A' || got[3] != 'D' {
		t.Errorf("letters %v", got)
	}
}

func TestRemoteShapes(t *testing.T) {
	_, job := tiny(t, questions(1), 1) // two choices: tokens 65 and 66
	for _, c := range []struct{ name, body, want string }{
		{"log-probabilities", `{"completion_probabilities":[{"top_logprobs":[{"id":66,"logprob":-1},{"id":65,"logprob":-2}]}]}`, ""},
		{"chat shape", `{"choices":[{"logprobs":{"content":[{"top_logprobs":[{"id":66,"logprob":-1},{"id":65,"logprob":-2}]}]}}]}`, ""},
		{"a probability of 0", `{"completion_probabilities":[{"top_probs":[{"id":66,"prob":1},{"id":65,"prob":0}]}]}`, ""},
		{"a letter missing", `{"completion_probabilities":[{"top_probs":[{"id":66,"prob":1},{"id":67,"prob":0}]}]}`, "letter token 65"},
		{"a null", `{"completion_probabilities":[{"top_probs":[{"id":66,"prob":1},{"id":65,"prob":null}]}]}`, "letter token 65"},
		{"nothing", `{"content":"B"}`, "without probabilities"},
		{"no JSON", `<html>`, "invalid character"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := Run(t.Context(), serve(t, &scripted{probs: c.body}, job), job, nil)
			if c.want == "" {
				if err != nil || r.Choices[0] != 1 {
					t.Errorf("%v, choices %v", err, r.Choices)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || ReasonOf(err) != event.EngineFailed {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestRemoteHostile(t *testing.T) {
	_, job := tiny(t, questions(2), 1)
	hang := func() { time.Sleep(1500 * time.Millisecond) } // the server of a test closes after its handlers
	big := []byte(strings.Repeat(" ", 64<<10))
	for _, c := range []struct {
		name, path, want string
		answer           func(http.ResponseWriter)
	}{
		{"20 MB", "/completion", "longer than 1 MiB", func(w http.ResponseWriter) {
			for range 320 {
				if _, err := w.Write(big); err != nil {
					return
				}
			}
		}},
		{"hangs", "/completion", "no answer within", func(w http.ResponseWriter) { hang() }},
		{"drips", "/tokenize", "no answer within", func(w http.ResponseWriter) {
			w.Write([]byte(`{"tok`))
			w.(http.Flusher).Flush()
			hang()
		}},
		{"error", "/completion", "status 500: out of slots", func(w http.ResponseWriter) { http.Error(w, "out of slots", 500) }},
		{"redirect", "/props", "status 302", func(w http.ResponseWriter) { w.Header().Set("Location", "http://192.0.2.1/"); w.WriteHeader(302) }},
		{"another model", "/props", `has loaded "other.gguf"`, func(w http.ResponseWriter) { fmt.Fprint(w, `{"model_path":"/m/other.gguf"}`) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := serve(t, &scripted{want: []float64{1, 0, 0, 0}, override: map[string]func(http.ResponseWriter){c.path: c.answer}}, job)
			e.Answer = 500 * time.Millisecond
			_, err := Run(t.Context(), e, job, nil)
			if err == nil || !strings.Contains(err.Error(), c.want) || ReasonOf(err) != event.EngineFailed {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func TestRemotePromptTooLong(t *testing.T) {
	_, job := tiny(t, questions(2), 1)
	answer := func(w http.ResponseWriter) {
		http.Error(w, `{"error":{"code":400,"type":"exceed_context_size_error"}}`, http.StatusBadRequest)
	}
	r := run(t, serve(t, &scripted{override: map[string]func(http.ResponseWriter){"/completion": answer}}, job), job)
	if r.Answered != 0 || r.Total != 2 || r.Correct != 0 {
		t.Errorf("%d answered of %d, %d correct", r.Answered, r.Total, r.Correct)
	}
}

func TestRemoteCanceled(t *testing.T) {
	_, job := tiny(t, questions(2), 1)
	ctx, cancel := context.WithCancel(t.Context())
	answer := func(w http.ResponseWriter) { cancel(); time.Sleep(50 * time.Millisecond) }
	e := serve(t, &scripted{override: map[string]func(http.ResponseWriter){"/completion": answer}}, job)
	if _, err := Run(ctx, e, job, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
