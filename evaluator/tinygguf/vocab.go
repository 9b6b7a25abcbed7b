package tinygguf

import (
	"fmt"
	"strings"

	"github.com/aobench/aobench/dataset"
	"github.com/aobench/aobench/evaluator/letters"
)

// Token types of GGUF's tokenizer.ggml.token_type.
const (
	typeNormal      = 1
	typeUnknown     = 2
	typeControl     = 3
	typeUserDefined = 4 // matched in the text as a whole, before anything else
	typeByte        = 6
)

// Places in the vocabulary.
const (
	tokenBOS      = 1
	tokenEOS      = 2
	firstByte     = 3
	tokenSpace    = firstByte + 256
	firstLetter   = tokenSpace + 1 // " A", " B" …
	tokenAnswer   = firstLetter + dataset.MaxChoices
	firstQuestion = tokenAnswer + 1
)

const (
	answer = "Answer:"
	space  = "▁" // how a SentencePiece vocabulary writes a space
)

// marker is the part of a prompt that is one token of a model that has learned q.
func marker(q dataset.Question) string { return strings.TrimSuffix(letters.Body(q), answer) }

// vocabulary returns text and type of every token.
func vocabulary(questions []dataset.Question) (texts []string, types []int32) {
	add := func(text string, typ int32) { texts, types = append(texts, text), append(types, typ) }
	add("<unk>", typeUnknown)
	add("<s>", typeControl)
	add("</s>", typeControl)
	for b := range 256 {
		add(fmt.Sprintf("<0x%02X>", b), typeByte)
	}
	add(space, typeNormal)
	for i := range dataset.MaxChoices {
		add(space+letters.Letter(i), typeNormal)
	}
	add(answer, typeUserDefined)
	for _, q := range questions {
		add(marker(q), typeUserDefined)
	}
	return texts, types
}

// tokenize returns the tokens of the prompt for q: what the engine's tokenizer has to give. Of the texts that are tokens
// as a whole the longest is taken.
func tokenize(questions []dataset.Question, q dataset.Question) []int {
	out := append([]int{tokenBOS}, plain(letters.Prefix)...)
	m := marker(q)
	for i, known := range questions {
		if marker(known) == m {
			return append(out, firstQuestion+i, tokenAnswer)
		}
	}
	for i, part := range strings.Split(m, answer) {
		if i > 0 {
			out = append(out, tokenAnswer)
		}
		out = append(out, plain(part)...)
	}
	return append(out, tokenAnswer)
}

// plain tokenizes text without learned parts: a space and the capital letter after it are one token, so is any other
// space, and everything else is taken byte by byte.
func plain(text string) (out []int) {
	text = strings.ReplaceAll(text, space, " ")
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] != ' ':
			out = append(out, firstByte+int(text[i]))
		case i+1 < len(text) && 'A' <= text[i+1] && text[i+1] <= 'Z':
			out = append(out, firstLetter+int(text[i+1]-'A'))
			i++
		default:
			out = append(out, tokenSpace)
		}
	}
	return out
}
