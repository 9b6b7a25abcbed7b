package evaluator

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aobench/aobench/event"
)

// The bytes of manifests and evidence are hashed into scores: they are never regenerated.
func TestGoldenEncodings(t *testing.T) {
	m := Manifest{
		Version: 1, Model: event.ID{1}, ModelSHA256: event.Hash{2}, Dataset: event.ID{3}, DatasetSHA256: event.Hash{4}, Order: event.Hash{5},
		Questions: 2, Protocol: "letters/v1", Template: event.Hash{6}, FewShot: []string{}, Letters: []int32{319, 350},
		Engine: Info{Engine: "llama.cpp", Version: "v", Library: event.Hash{7}, CPU: "haswell", Threads: 2, Context: 2048, Batch: 512,
			FlashAttention: "off", KV: "f16", Tensors: event.Hash{8}},
		Commit: "abc",
	}
	e := Evidence{Version: 1, Manifest: event.Hash{9}, Answers: []Answer{
		{Question: "a", Prompt: event.Hash{10}, Logprobs: []uint64{0xbfe62e42fefa39ef, 0xbfe62e42fefa39ef}, Choice: 0, Label: 1},
		{Question: "b", Prompt: event.Hash{11}, Logprobs: []uint64{}, Choice: None, Label: 0},
	}}
	for _, c := range []struct {
		name   string
		encode func() ([]byte, error)
	}{{"manifest-v1", m.Encode}, {"evidence-v1", e.Encode}} {
		b, err := c.encode()
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join("testdata", c.name+".hex"))
		if err != nil {
			t.Fatal(err)
		}
		if got := hex.EncodeToString(b); got != strings.TrimSpace(string(want)) {
			t.Errorf("%s is\n%s", c.name, got)
		}
	}
}
