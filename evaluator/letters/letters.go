package letters

import (
	"crypto/sha256"
	"strings"

	"github.com/aobench/aobench/dataset"
	"github.com/aobench/aobench/event"
)

// Name is what manifests, terms and boards call the protocol.
const Name = "letters/v1"

// Prefix begins every prompt.
const Prefix = "Choose the best answer to each question. Reply with its letter.\n\n"

// template states the whole prompt in one text, for its hash. A change of any byte of a prompt needs a new protocol name.
const template = Prefix + "[Context: {context}\n]Question: {question}\n({letter}. {choice}\n)Answer:"

// TemplateHash is the SHA-256 of the template: what a manifest records beside Name.
func TemplateHash() event.Hash { return sha256.Sum256([]byte(template)) }

// Letter returns the letter of choice i, 0 <= i < dataset.MaxChoices.
func Letter(i int) string { return string(rune('A' + i)) }

// Probe returns the text whose last token stands for the letter of choice i.
func Probe(i int) string { return "Answer: " + Letter(i) }

// Body returns the part of q's prompt after Prefix.
func Body(q dataset.Question) string {
	var b strings.Builder
	if q.Context != "" {
		b.WriteString("Context: " + q.Context + "\n")
	}
	b.WriteString("Question: " + q.Text + "\n")
	for i, c := range q.Choices {
		b.WriteString(Letter(i) + ". " + c + "\n")
	}
	b.WriteString("Answer:")
	return b.String()
}

// PromptHash returns the SHA-256 of q's whole prompt.
func PromptHash(q dataset.Question) event.Hash { return sha256.Sum256([]byte(Prefix + Body(q))) }

// Choose returns the index of the highest log-probability, the first of equal ones.
func Choose(logprobs []float64) int {
	best := 0
	for i, x := range logprobs {
		if x > logprobs[best] {
			best = i
		}
	}
	return best
}
