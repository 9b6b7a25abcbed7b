package evaluator

import (
	"context"
	"errors"
	"math"

	"github.com/aobench/aobench/dataset"
	"github.com/aobench/aobench/evaluator/letters"
	"github.com/aobench/aobench/event"
)

// letterTokens returns the tokens that stand for the first k letters, see package letters.
func letterTokens(ctx context.Context, s Session, k int) ([]int32, error) {
	tokens := make([]int32, k)
	seen := map[int32]int{}
	for i := range k {
		t, err := s.Tokenize(ctx, letters.Probe(i))
		if err != nil {
			return nil, err
		}
		if len(t) == 0 {
			return nil, failf(event.ModelNotLoadable, "its tokenizer has no token for %q", letters.Probe(i))
		}
		tokens[i] = t[len(t)-1]
		if j, dup := seen[tokens[i]]; dup {
			return nil, failf(event.ModelNotLoadable, "its tokenizer has one token (%d) for the letters %s and %s: %s needs different ones",
				tokens[i], letters.Letter(j), letters.Letter(i), letters.Name)
		}
		seen[tokens[i]] = i
	}
	return tokens, nil
}

func ask(ctx context.Context, s Session, q dataset.Question, tokens []int32) (Answer, error) {
	a := Answer{Question: q.ID, Prompt: letters.PromptHash(q), Logprobs: []uint64{}, Choice: None, Label: uint8(q.Label)}
	lp, err := s.Score(ctx, letters.Prefix, letters.Body(q), tokens[:len(q.Choices)])
	if errors.Is(err, ErrPromptTooLong) {
		return a, nil
	}
	if err != nil {
		return a, err
	}
	for i, x := range lp {
		// Never compare a NaN: every comparison with it is false, and the first choice would win by accident.
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return a, failf(event.NonFiniteOutput, "log-probability of %s is %v", letters.Letter(i), x)
		}
		a.Logprobs = append(a.Logprobs, math.Float64bits(x))
	}
	a.Choice = uint8(letters.Choose(lp))
	return a, nil
}

// normalize turns logits, or logarithms of any common multiple of the probabilities, into log-probabilities whose
// probabilities have the sum 1. Infinite and NaN values stay visible in the result.
func normalize(logits []float64) []float64 {
	top := math.Inf(-1)
	for _, x := range logits {
		top = max(top, x)
	}
	sum := 0.0
	for _, x := range logits {
		sum += math.Exp(x - top)
	}
	out := make([]float64, len(logits))
	for i, x := range logits {
		out[i] = x - top - math.Log(sum)
	}
	return out
}
