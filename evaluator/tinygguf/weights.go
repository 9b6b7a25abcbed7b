package tinygguf

import (
	"hash/fnv"
	"math/rand/v2"

	"github.com/aobench/aobench/dataset"
)

// The shape of every model. Directions 0 … 25 of the state stand for the letters.
const (
	dim       = 64
	hidden    = 32 // of the feed-forward part, which is 0
	doubtDir  = dataset.MaxChoices
	answerDir = doubtDir + 1
	gain      = 32
	epsilon   = 1e-6 // of RMS normalization
	noise     = 1.0 / 128
)

// weights holds the two matrices that are not constant, row by row: one row of dim values a token.
type weights struct {
	embedding []float32
	output    []float32
}

func (s Spec) weights() weights {
	n := firstQuestion + len(s.Questions)
	w := weights{make([]float32, n*dim), make([]float32, n*dim)}
	rng := rand.New(rand.NewPCG(s.Seed, 2))
	w.embedding[tokenAnswer*dim+answerDir] = 1
	for i, q := range s.Questions {
		row := w.embedding[(firstQuestion+i)*dim:][:dim]
		for j := range row {
			row[j] = shake(rng)
		}
		sure := confidence(q)
		row[s.Choices[i]] += sure
		row[doubtDir] += 1 - sure
	}
	for i := range dataset.MaxChoices {
		row := w.output[(firstLetter+i)*dim:][:dim]
		for j := range row {
			row[j] = shake(rng)
		}
		row[i]++
	}
	return w
}

func shake(rng *rand.Rand) float32 { return noise * (2*rng.Float32() - 1) }

// confidence makes the answers to different questions differently sure, between 0.6 and 0.95, alike in every model.
func confidence(q dataset.Question) float32 {
	h := fnv.New32a()
	h.Write([]byte(q.ID))
	return 0.6 + 0.35*float32(h.Sum32()>>8)/(1<<24)
}
