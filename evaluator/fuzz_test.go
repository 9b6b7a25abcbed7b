package evaluator

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/aobench/aobench/event"
)

// FuzzInspect feeds the reader of model files: whatever it gets it answers with a hash or with a reason.
func FuzzInspect(f *testing.F) {
	good := model(questions(1))
	f.Add(good[:500])
	f.Add(at(good, "general.architecture", binaryText("x")))
	f.Add([]byte("GGUF\x03\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		p := filepath.Join(t.TempDir(), "m.gguf")
		if err := os.WriteFile(p, b, 0o600); err != nil {
			t.Fatal(err)
		}
		h, err := inspect(p)
		if err != nil && ReasonOf(err) != event.ModelNotLoadable || err == nil && h.IsZero() {
			t.Errorf("hash %s, error %v", h, err)
		}
	})
}

func binaryText(s string) []byte { return append([]byte{byte(len(s)), 0, 0, 0, 0, 0, 0, 0}, s...) }

// FuzzCompletion feeds what a server may answer: a log-probability for each letter, or an error.
func FuzzCompletion(f *testing.F) {
	f.Add([]byte(`{"completion_probabilities":[{"top_probs":[{"id":1,"prob":0.5},{"id":2,"prob":0}]}]}`))
	f.Add([]byte(`{"choices":[{"logprobs":{"content":[{"top_logprobs":[{"id":1,"logprob":-1e308},{"id":2,"logprob":1e308}]}]}}]}`))
	f.Add([]byte(`{"completion_probabilities":[{"top_logprobs":[{}]}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var c completion
		if json.Unmarshal(b, &c) != nil {
			return
		}
		logs, err := c.logs([]int32{1, 2})
		if err != nil {
			return
		}
		for _, x := range normalize(logs) {
			if x > 1e-9 || math.IsNaN(x) && !math.IsInf(max(logs[0], logs[1]), 0) {
				t.Errorf("%v gives log-probability %v", logs, x)
			}
		}
	})
}

// FuzzDecode feeds the readers of manifests and evidence: what they accept is written back as the same value.
func FuzzDecode(f *testing.F) {
	m, err := Manifest{Version: 1, FewShot: []string{}, Letters: []int32{1, 2}}.Encode()
	if err != nil {
		f.Fatal(err)
	}
	e, err := Evidence{Version: 1, Answers: []Answer{{Question: "a", Logprobs: []uint64{1, 2}, Choice: 1}}}.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(m)
	f.Add(e)
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := DecodeManifest(b); err == nil {
			again, err := m.Encode()
			if err != nil {
				t.Fatal(err)
			}
			m2, err := DecodeManifest(again)
			if twice, _ := m2.Encode(); err != nil || !bytes.Equal(again, twice) {
				t.Errorf("manifest: %v", err)
			}
		}
		if e, err := DecodeEvidence(b); err == nil {
			again, err := e.Encode()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := DecodeEvidence(again); err != nil {
				t.Error(err)
			}
		}
	})
}
