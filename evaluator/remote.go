package evaluator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"path/filepath"
	"time"

	"github.com/aobench/aobench/event"
)

// Remote is a server that speaks the dialect of llama-server: /props, /tokenize, /completion. The server has loaded its
// model itself; that it is the right one rests on its word, of which the file name is checked.
type Remote struct {
	URL            string        // for example http://127.0.0.1:8080
	Argv           []string      // how to start the child that looks into the model file; default: this program with ChildArg
	Answer         time.Duration // for one answer; default 2 minutes
	FlashAttention string        // what the operator says of the server, for the manifest; default "unknown"
	KV             string        // likewise
	GPU            string        // likewise; default none
}

// Open implements Engine. The model file is needed here too, to hash its tensors.
func (e Remote) Open(ctx context.Context, m Model) (Session, error) {
	e.Answer = cmp.Or(e.Answer, 2*time.Minute)
	s := &remoteSession{engine: e, client: newClient()}
	var props struct {
		Path     string `json:"model_path"`
		Build    string `json:"build_info"`
		Settings struct {
			Context uint32 `json:"n_ctx"`
		} `json:"default_generation_settings"`
	}
	if err := s.do(ctx, http.MethodGet, "/props", nil, &props); err != nil {
		return nil, err
	}
	if has, want := filepath.Base(props.Path), filepath.Base(m.Path); props.Path != "" && has != want {
		return nil, failf(event.EngineFailed, "server %s has loaded %q, the job is for %q: start it with that model", e.URL, has, want)
	}
	tensors, err := e.inspect(ctx, m)
	if err != nil {
		return nil, err
	}
	s.info = Info{
		Engine: "llama-server", Version: clip(props.Build, 100), GPU: e.GPU, Context: props.Settings.Context,
		FlashAttention: cmp.Or(e.FlashAttention, "unknown"), KV: cmp.Or(e.KV, "unknown"), Tensors: tensors,
	}
	return s, nil
}

// inspect reads the model file in a child, for its header is a stranger's too.
func (e Remote) inspect(ctx context.Context, m Model) (h event.Hash, err error) {
	p, err := startProcess(e.Argv)
	if err != nil {
		return h, &Failure{event.EngineFailed, err}
	}
	defer p.close()
	ctx, cancel := context.WithTimeout(ctx, defaultLoad)
	defer cancel()
	r, err := p.call(ctx, request{Inspect: &inspectRequest{m.Path, limits{Memory: inspectMemory}}})
	return r.Tensors, err
}

// inspectMemory is enough to read the header of any model that is in use: vocabularies have some 10^5 entries.
const inspectMemory = 2 << 30

type remoteSession struct {
	engine Remote
	client *http.Client
	info   Info
}

// Info implements Session.
func (s *remoteSession) Info() Info { return s.info }

// Close implements Session.
func (s *remoteSession) Close() error {
	s.client.CloseIdleConnections()
	return nil
}

// Tokenize implements Session.
func (s *remoteSession) Tokenize(ctx context.Context, text string) ([]int32, error) {
	return s.tokenize(ctx, text, false)
}

func (s *remoteSession) tokenize(ctx context.Context, text string, special bool) ([]int32, error) {
	in := map[string]any{"content": text, "add_special": special, "parse_special": false}
	var out struct {
		Tokens []int32 `json:"tokens"`
	}
	err := s.do(ctx, http.MethodPost, "/tokenize", in, &out)
	return out.Tokens, err
}

// letterBias lifts the letters above all other tokens, so that the server's answer holds them all: they are lifted
// alike, which leaves their softmax as it is.
const letterBias = 60

// Score implements Session. The server is told not to reuse computation of an earlier prompt, for what it would reuse
// depends on the questions before, and the bits of the answer with it.
func (s *remoteSession) Score(ctx context.Context, prefix, body string, letters []int32) ([]float64, error) {
	prompt, err := s.tokenize(ctx, prefix+body, true)
	if err != nil {
		return nil, err
	}
	bias := make([][2]int32, len(letters))
	for i, t := range letters {
		bias[i] = [2]int32{t, letterBias}
	}
	var out completion
	err = s.do(ctx, http.MethodPost, "/completion", map[string]any{
		"prompt": prompt, "n_predict": 1, "n_probs": len(letters), "temperature": 1, "samplers": []string{"temperature"},
		"post_sampling_probs": true, "logit_bias": bias, "cache_prompt": false, "stream": false, "seed": 1,
	}, &out)
	var refused *statusError
	if errors.As(err, &refused) && refused.tooLong() {
		return nil, ErrPromptTooLong
	}
	if err != nil {
		return nil, err
	}
	logs, err := out.logs(letters)
	if err != nil {
		return nil, &Failure{event.EngineFailed, fmt.Errorf("server %s: %w", s.engine.URL, err)}
	}
	return normalize(logs), nil
}

// completion is an answer of /completion, or of a server that answers in the shape of OpenAI's chat completions.
type completion struct {
	Probabilities []tokenProb `json:"completion_probabilities"`
	Choices       []struct {
		Logprobs struct {
			Content []tokenProb `json:"content"`
		} `json:"logprobs"`
	} `json:"choices"`
}

type tokenProb struct {
	ID          int32       `json:"id"`
	Prob        *float64    `json:"prob"`
	Logprob     *float64    `json:"logprob"`
	TopProbs    []tokenProb `json:"top_probs"`
	TopLogprobs []tokenProb `json:"top_logprobs"`
}

// logs returns the logarithm of the probability of each letter. A letter that is not in the answer is never guessed.
func (c completion) logs(letters []int32) ([]float64, error) {
	first := c.Probabilities
	if len(first) == 0 && len(c.Choices) > 0 {
		first = c.Choices[0].Logprobs.Content
	}
	if len(first) == 0 {
		return nil, errors.New("answer without probabilities")
	}
	got := map[int32]float64{}
	for _, t := range append(first[0].TopProbs, first[0].TopLogprobs...) {
		switch {
		case t.Logprob != nil:
			got[t.ID] = *t.Logprob
		case t.Prob != nil && *t.Prob >= 0:
			// A probability too small for the server's 32-bit floats comes as 0.
			got[t.ID] = math.Log(max(*t.Prob, math.SmallestNonzeroFloat32))
		}
	}
	out := make([]float64, len(letters))
	for i, id := range letters {
		lp, ok := got[id]
		if !ok {
			return nil, fmt.Errorf("letter token %d is not among the %d probabilities of the answer", id, len(got))
		}
		out[i] = lp
	}
	return out, nil
}
