package event

import (
	"crypto/sha256"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// A Kind names what sort of fact a body states.
type Kind string

// The kinds. An existing kind's meaning and fields never change.
const (
	KindLogOpened          Kind = "log.opened"
	KindTermsSet           Kind = "terms.set"
	KindMessageObserved    Kind = "message.observed"
	KindAssignmentObserved Kind = "assignment.observed"
	KindItemRefused        Kind = "item.refused"
	KindWindowClosed       Kind = "window.closed"
	KindSourceResolved     Kind = "source.resolved"
	KindDatasetResolved    Kind = "dataset.resolved"
	KindBatchOpened        Kind = "batch.opened"
	KindRunScored          Kind = "run.scored"
	KindRunFailed          Kind = "run.failed"
	KindBatchClosed        Kind = "batch.closed"
	KindPeriodClosed       Kind = "period.closed"
	KindRewardsAllocated   Kind = "rewards.allocated"
	KindRewardsFinal       Kind = "rewards.final"
)

// A Body is what an event says. Kind and ID depend on nothing but the body, so the same fact learned twice has the same
// ID and enters the log once.
type Body interface {
	Kind() Kind
	ID() ID
}

var decoders = map[Kind]func([]byte) (Body, error){
	KindLogOpened:          decodeAs[LogOpened],
	KindTermsSet:           decodeAs[TermsSet],
	KindMessageObserved:    decodeAs[MessageObserved],
	KindAssignmentObserved: decodeAs[AssignmentObserved],
	KindItemRefused:        decodeAs[ItemRefused],
	KindWindowClosed:       decodeAs[WindowClosed],
	KindSourceResolved:     decodeAs[SourceResolved],
	KindDatasetResolved:    decodeAs[DatasetResolved],
	KindBatchOpened:        decodeAs[BatchOpened],
	KindRunScored:          decodeAs[RunScored],
	KindRunFailed:          decodeAs[RunFailed],
	KindBatchClosed:        decodeAs[BatchClosed],
	KindPeriodClosed:       decodeAs[PeriodClosed],
	KindRewardsAllocated:   decodeAs[RewardsAllocated],
	KindRewardsFinal:       decodeAs[RewardsFinal],
}

func decodeAs[T Body](raw []byte) (Body, error) {
	var v T
	if err := Unmarshal(raw, &v); err != nil {
		return nil, err
	}
	return v, nil
}

func decodeBody(k Kind, id ID, raw cbor.RawMessage) (Body, error) {
	if d, ok := decoders[k]; ok {
		return d(raw)
	}
	var v any // raw is only known to be well formed: it must also be something that Marshal writes
	if err := Unmarshal(raw, &v); err != nil {
		return nil, err
	}
	return Unknown{kind: k, id: id, Raw: append([]byte(nil), raw...)}, nil
}

// Unknown is a body of a kind that this binary does not know. Folds ignore it; its bytes are kept as they are.
type Unknown struct {
	kind Kind
	id   ID
	Raw  []byte // the body's CBOR
}

// Kind implements Body.
func (u Unknown) Kind() Kind { return u.kind }

// ID implements Body.
func (u Unknown) ID() ID { return u.id }

// derivedID is the identity of a fact that is not an Arweave item: the SHA-256 of the CBOR array [kind, parts…].
func derivedID(k Kind, parts ...any) ID {
	b, err := Marshal(append([]any{string(k)}, parts...))
	if err != nil {
		panic(fmt.Sprintf("event: id of %s: %v", k, err)) // parts are plain values: only a programming error gets here
	}
	return sha256.Sum256(b)
}
