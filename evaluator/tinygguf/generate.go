package tinygguf

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
	for _, m := range layer() {
		f.tensor("blk.0."+m.name+".weight", m.data, m.shape...)
	}
	f.tensor("output_norm.weight", constant(1, dim), dim)
	f.tensor("output.weight", w.output, dim, rows)
	return f.bytes()
}

type matrix struct {
	name  string
	data  []float32
	shape []int
}

// layer returns the weights of the one layer, see the package comment.
func layer() []matrix {
	square, wide, tall := []int{dim, dim}, []int{dim, hidden}, []int{hidden, dim}
	zero, none, one := constant(0, dim*dim), constant(0, dim*hidden), constant(1, dim)
	return []matrix{
		{"attn_norm", one, []int{dim}},
		{"attn_q", zero, square},
		{"attn_k", zero, square},
		{"attn_v", identity(1), square},
		{"attn_output", identity(gain), square},
		{"ffn_norm", one, []int{dim}},
		{"ffn_gate", none, wide},
		{"ffn_up", none, wide},
		{"ffn_down", none, tall},
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
