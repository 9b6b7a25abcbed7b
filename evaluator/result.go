package evaluator

import (
	"crypto/sha256"
	"fmt"
	"math"

	"github.com/aobench/aobench/event"
)

// None is the choice of a question that was not answered.
const None = 255

// A Manifest is everything that a score depends on. Two runs with the same manifest have the same evidence.
type Manifest struct {
	_             struct{}   `cbor:",toarray"`
	Version       uint8      `json:"version"` // 1
	Model         event.ID   `json:"model"`
	ModelSHA256   event.Hash `json:"model_sha256"`
	Dataset       event.ID   `json:"dataset"`
	DatasetSHA256 event.Hash `json:"dataset_sha256"`
	Order         event.Hash `json:"order"` // SHA-256 over the prompt hashes of the questions in the order asked
	Questions     uint32     `json:"questions"`
	Protocol      string     `json:"protocol"`
	Template      event.Hash `json:"template"`
	FewShot       []string   `json:"few_shot"` // ids of example questions, in order
	Letters       []int32    `json:"letters"`  // token of A, B, C …
	Engine        Info       `json:"engine"`
	Commit        string     `json:"commit"` // of this program
}

// Encode returns the manifest's bytes; their SHA-256 names it.
func (m Manifest) Encode() ([]byte, error) { return event.Marshal(m) }

// DecodeManifest reads what Encode wrote.
func DecodeManifest(b []byte) (m Manifest, err error) {
	if err := event.Unmarshal(b, &m); err != nil {
		return m, fmt.Errorf("decode manifest: %w", err)
	}
	return m, nil
}

// An Answer is what the model said to one question.
type Answer struct {
	_        struct{}   `cbor:",toarray"`
	Question string     `json:"question"` // its id
	Prompt   event.Hash `json:"prompt"`
	Logprobs []uint64   `json:"logprobs"` // one a choice: the bits of an IEEE 754 double; none where not answered
	Choice   uint8      `json:"choice"`   // index of the highest, the first of equal ones; None where not answered
	Label    uint8      `json:"label"`    // index of the right choice
}

// Logprob returns the log-probability of choice i.
func (a Answer) Logprob(i int) float64 { return math.Float64frombits(a.Logprobs[i]) }

// Evidence is every answer of a run, in the order asked. Log-probabilities are kept as bits, so that comparing bytes
// compares runs.
type Evidence struct {
	_        struct{}   `cbor:",toarray"`
	Version  uint8      `json:"version"`  // 1
	Manifest event.Hash `json:"manifest"` // SHA-256 of the manifest's bytes
	Answers  []Answer   `json:"answers"`
}

// Encode returns the evidence's bytes; their SHA-256 names it.
func (e Evidence) Encode() ([]byte, error) { return event.Marshal(e) }

// DecodeEvidence reads what Encode wrote.
func DecodeEvidence(b []byte) (e Evidence, err error) {
	if err := event.Unmarshal(b, &e); err != nil {
		return e, fmt.Errorf("decode evidence: %w", err)
	}
	return e, nil
}

// A Result is a finished run.
type Result struct {
	Manifest      Manifest
	ManifestBytes []byte // Manifest.Encode
	Evidence      Evidence
	EvidenceBytes []byte // Evidence.Encode
	Correct       int    // right answers
	Answered      int
	Total         int
	Choices       []byte     // one a question: the index chosen, None where not answered
	Tensors       event.Hash // equal for copies whose metadata alone differs; zero where unknown
}

// ManifestHash names the manifest.
func (r Result) ManifestHash() event.Hash { return sha256.Sum256(r.ManifestBytes) }

// EvidenceHash names the evidence.
func (r Result) EvidenceHash() event.Hash { return sha256.Sum256(r.EvidenceBytes) }
