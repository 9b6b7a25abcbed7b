package evaluator

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/hybridgroup/yzma/pkg/llama"

	"github.com/aobench/aobench/event"
)

// Sequences of the KV cache: one keeps the shared prefix, in the other each question follows it.
const (
	prefixSeq   = llama.SeqId(0)
	questionSeq = llama.SeqId(1)
)

// llamaModel is a loaded model in the child process. Its C memory is freed by the end of the process.
type llamaModel struct {
	vocab   llama.Vocab
	nVocab  int
	ctx     llama.Context
	mem     llama.Memory
	batch   llama.Batch
	context int
	size    int // tokens a decode

	prefix string        // text in prefixSeq
	shared []llama.Token // its tokens
}

// loadLlama loads the libraries, then the model, and makes a context whose every setting that can move a bit is fixed.
func loadLlama(o openRequest) (*llamaModel, error) {
	if err := llama.Load(o.Libraries); err != nil {
		return nil, failf(event.EngineFailed, "load llama.cpp from %s: %w", o.Libraries, err)
	}
	llama.Init()
	if llama.GGMLBackendDeviceCount() == 0 {
		return nil, failf(event.EngineFailed, "no libggml-cpu of %s suits this processor", o.Libraries)
	}
	m, err := llama.ModelLoadFromFile(o.Model, llama.ModelDefaultParams())
	if err != nil {
		return nil, failf(event.ModelNotLoadable, "llama.cpp: %w", err)
	}
	if llama.ModelHasEncoder(m) || !llama.ModelHasDecoder(m) {
		return nil, failf(event.ModelNotLoadable, "not a decoder-only language model")
	}
	params, err := contextParams(o)
	if err != nil {
		return nil, err
	}
	ctx, err := llama.InitFromModel(m, params)
	if err != nil {
		return nil, failf(event.ModelNotLoadable, "llama.cpp makes no context: %w", err)
	}
	l := &llamaModel{vocab: llama.ModelGetVocab(m), ctx: ctx, context: int(o.Context), size: int(o.Batch)}
	l.nVocab = int(llama.VocabNTokens(l.vocab))
	if l.mem, err = llama.GetMemory(ctx); err != nil || l.mem == 0 || l.nVocab <= 0 {
		return nil, failf(event.ModelNotLoadable, "not a language model: no memory or no vocabulary")
	}
	l.batch = llama.BatchInit(int32(o.Batch), 0, 1)
	return l, nil
}

func contextParams(o openRequest) (llama.ContextParams, error) {
	p := llama.ContextDefaultParams()
	p.NCtx, p.NBatch, p.NUbatch, p.NSeqMax = o.Context, o.Batch, o.Batch, 2
	p.NThreads, p.NThreadsBatch = int32(o.Threads), int32(o.Threads)
	p.FlashAttentionType = llama.FlashAttentionTypeDisabled
	p.KVUnified = 1 // without it copying a part of a sequence aborts the process
	switch o.KV {
	case "f16":
		p.TypeK, p.TypeV = llama.GGMLTypeF16, llama.GGMLTypeF16
	case "f32":
		p.TypeK, p.TypeV = llama.GGMLTypeF32, llama.GGMLTypeF32
	default:
		return p, failf(event.EngineFailed, "KV type %q, want f16 or f32", o.KV)
	}
	return p, nil
}

// tokenize never gives text a chance to name special tokens; special adds those that every prompt of the model begins with.
func (l *llamaModel) tokenize(text string, special bool) ([]int32, error) {
	if strings.IndexByte(text, 0) >= 0 { // yzma hands a nil pointer to C then
		return nil, failf(event.DatasetFailed, "text holds the character U+0000")
	}
	tokens := llama.Tokenize(l.vocab, text, special, false)
	out := make([]int32, len(tokens))
	for i, t := range tokens {
		out[i] = int32(t)
	}
	return out, nil
}

// score decodes prefix + body and returns the logits of the letters after it.
func (l *llamaModel) score(r scoreRequest) (reply, error) {
	for _, t := range r.Letters {
		if t < 0 || int(t) >= l.nVocab {
			return reply{}, failf(event.EngineFailed, "letter token %d is not in the vocabulary", t)
		}
	}
	ids, err := l.tokenize(r.Prefix+r.Body, true)
	if err != nil {
		return reply{}, err
	}
	if err := l.share(r.Prefix); errors.Is(err, ErrPromptTooLong) {
		return reply{TooLong: true}, nil
	} else if err != nil {
		return reply{}, err
	}
	// Where prefix and body meet, tokens may merge: what is shared is what both texts begin with. This depends on the
	// question alone, never on the questions before it. One token at least has to be decoded.
	k := 0
	for k < min(len(l.shared), len(ids)-1) && int32(l.shared[k]) == ids[k] {
		k++
	}
	if len(ids) == 0 || len(l.shared)-k+len(ids) > l.context {
		return reply{TooLong: true}, nil
	}
	if k, err = l.fork(k); err != nil {
		return reply{}, err
	}
	if err := l.decode(ids[k:], k, questionSeq, true); err != nil {
		return reply{}, err
	}
	return l.logits(r.Letters)
}

// share makes prefixSeq hold the tokens of prefix; an empty one shares nothing.
func (l *llamaModel) share(prefix string) error {
	if prefix == l.prefix {
		return nil
	}
	var ids []int32
	if prefix != "" {
		var err error
		if ids, err = l.tokenize(prefix, true); err != nil {
			return err
		}
	}
	if len(ids) > l.context {
		return ErrPromptTooLong
	}
	l.prefix, l.shared = "", nil
	if err := llama.MemoryClear(l.mem, true); err != nil {
		return failf(event.EngineFailed, "clear memory: %w", err)
	}
	if err := l.decode(ids, 0, prefixSeq, false); err != nil {
		return err
	}
	for _, id := range ids {
		l.shared = append(l.shared, llama.Token(id))
	}
	l.prefix = prefix
	return nil
}

// fork makes questionSeq hold the first k tokens of prefixSeq and nothing else, and returns k; or 0 for the kinds of
// model whose memory cannot be cut.
func (l *llamaModel) fork(k int) (int, error) {
	_, err := llama.MemorySeqRm(l.mem, questionSeq, -1, -1)
	if err == nil && k > 0 {
		err = llama.MemorySeqCp(l.mem, prefixSeq, questionSeq, -1, -1)
	}
	if err == nil && k > 0 && k < len(l.shared) {
		var ok bool
		if ok, err = llama.MemorySeqRm(l.mem, questionSeq, llama.Pos(k), -1); err == nil && !ok {
			k = 0
			_, err = llama.MemorySeqRm(l.mem, questionSeq, -1, -1)
		}
	}
	if err != nil {
		return 0, failf(event.EngineFailed, "share prefix: %w", err)
	}
	return k, nil
}

// decode computes tokens from position pos on, in batches; last asks for the logits after the last one.
func (l *llamaModel) decode(ids []int32, pos int, seq llama.SeqId, last bool) error {
	for i := 0; i < len(ids); {
		if err := l.batch.Clear(); err != nil {
			return failf(event.EngineFailed, "clear batch: %w", err)
		}
		for n := 0; n < l.size && i < len(ids); n++ {
			logits := last && i == len(ids)-1
			if err := l.batch.Add(llama.Token(ids[i]), llama.Pos(pos+i), []llama.SeqId{seq}, logits); err != nil {
				return failf(event.EngineFailed, "fill batch: %w", err)
			}
			i++
		}
		if rc, err := llama.Decode(l.ctx, l.batch); err != nil || rc != 0 {
			return failf(event.EngineFailed, "llama.cpp: decode of %d tokens gave %d, error %v", l.batch.NTokens, rc, err)
		}
	}
	return nil
}

// logits returns the last logits of the given tokens. A NaN anywhere means that the model computes nonsense.
func (l *llamaModel) logits(tokens []int32) (reply, error) {
	row, err := llama.GetLogitsIth(l.ctx, -1, l.nVocab)
	if err != nil || row == nil {
		return reply{}, failf(event.EngineFailed, "llama.cpp gives no logits, error %v", err)
	}
	for i, x := range row {
		if x != x {
			return reply{}, failf(event.NonFiniteOutput, "logit of token %d is NaN", i)
		}
	}
	out := make([]uint32, len(tokens))
	for i, t := range tokens {
		if math.IsInf(float64(row[t]), 0) {
			return reply{}, failf(event.NonFiniteOutput, "logit of letter token %d is %v", t, row[t])
		}
		out[i] = math.Float32bits(row[t])
	}
	return reply{Logits: out}, nil
}

// info names what computes the scores. It is read after loading: the libraries that are mapped now are those in use.
func (l *llamaModel) info(o openRequest) (Info, error) {
	lib, err := mappedLibrary(o.Libraries)
	if err != nil {
		return Info{}, failf(event.EngineFailed, "look at own libraries: %w", err)
	}
	return Info{
		Engine: "llama.cpp", Library: lib.Hash(), CPU: lib.cpuVariant(), GPU: gpus(), Threads: o.Threads,
		Context: o.Context, Batch: o.Batch, FlashAttention: "off", KV: o.KV,
	}, nil
}

func gpus() string {
	var names []string
	for i := range llama.GGMLBackendDeviceCount() {
		d := llama.GGMLBackendDeviceGet(i)
		if t := llama.GGMLBackendDevType(d); t != llama.GGMLBackendDeviceTypeCPU && t != llama.GGMLBackendDeviceTypeACCEL {
			names = append(names, fmt.Sprintf("%s (%s)", llama.GGMLBackendDeviceDescription(d), llama.GGMLBackendDeviceName(d)))
		}
	}
	return strings.Join(names, ", ")
}
