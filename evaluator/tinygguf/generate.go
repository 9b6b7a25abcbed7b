package tinygguf

import (
	"fmt"
)

// Generate returns the model as a GGUF file. Equal specs give equal bytes. It panics when Choices does not fit Questions.
func Generate(s Spec) []byte {
	s.check()
	texts, types := vocabulary(s.Questions)
	scores := make([]float32, len(texts))
	for i := range scores {
		scores[i] = -float32(i)
	}
	var f file
	f.text("general.architecture", "llama")
	f.text("general.name", s.Name)
	for _, kv := range []struct {
		key   string
		value uint32
	}{
		{"general.file_type", 0},
		{"llama.context_length", 4096},
		{"llama.embedding_length", dim},
		{"llama.block_count", 1},
		{"llama.feed_forward_length", hidden},
		{"llama.attention.head_count", 1},
		{"llama.attention.head_count_kv", 1},
		{"llama.rope.dimension_count", dim},
		{"llama.vocab_size", uint32(len(texts))},
		{"tokenizer.ggml.bos_token_id", tokenBOS},
		{"tokenizer.ggml.eos_token_id", tokenEOS},
		{"tokenizer.ggml.unknown_token_id", 0},
	} {
		f.uint32(kv.key, kv.value)
	}
	f.float32("llama.attention.layer_norm_rms_epsilon", epsilon)
	f.text("tokenizer.ggml.model", "llama")
	f.texts("tokenizer.ggml.tokens", texts)
	f.float32s("tokenizer.ggml.scores", scores)
	f.int32s("tokenizer.ggml.token_type", types)
	f.bool("tokenizer.ggml.add_bos_token", true)
	f.bool("tokenizer.ggml.add_space_prefix", false)
	w := s.weights()
	rows := len(texts)
	f.tensor("token_embd.weight", w.embedding, dim, rows)
	for name, values := range layer() {
		f.tensor(fmt.Sprintf("blk.0.%s.weight", name), values.data, values.shape...)
	}
	f.tensor("output_norm.weight", constant(1, dim), dim)
	f.tensor("output.weight", w.output, dim, rows)
	return f.bytes()
}

type matrix struct {
	data  []float32
	shape []int
}

// layer yields the weights of the one layer, see the package comment.
func layer() func(yield func(string, matrix) bool) {
	zero := matrix{constant(0, dim*dim), []int{dim, dim}}
	one := matrix{constant(1, dim), []int{dim}}
	up := matrix{constant(0, dim*hidden), []int{dim, hidden}}
	list := []struct {
		name string
		m    matrix
	}{
		{"attn_norm", one}, {"attn_q", zero}, {"attn_k", zero},
		{"attn_v", matrix{identity(1), []int{dim, dim}}}, {"attn_output", matrix{identity(gain), []int{dim, dim}}},
		{"ffn_norm", one}, {"ffn_gate", up}, {"ffn_up", up}, {"ffn_down", matrix{constant(0, hidden*dim), []int{hidden, dim}}},
	}
	return func(yield func(string, matrix) bool) {
		for _, e := range list {
			if !yield(e.name, e.m) {
				return
			}
		}
	}
}

func constant(v float32, n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = v
	}
	return out
}

func identity(v float32) []float32 {
	out := make([]float32, dim*dim)
	for i := range dim {
		out[i*dim+i] = v
	}
	return out
}
