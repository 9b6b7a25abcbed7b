package questions

import (
	"bytes"
	_ "embed"
)

//go:embed questions.json
var questions []byte

// JSON returns the questions as the bytes of a dataset transaction. The caller owns them.
func JSON() []byte { return bytes.Clone(questions) }
