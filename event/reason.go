package event

// A Reason says why something was refused or failed. The list is closed: programs may switch on it.
type Reason string

// Reasons for which an item's bytes are refused.
const (
	TooLarge      Reason = "too-large"      // longer than an item may be
	Malformed     Reason = "malformed"      // not a canonical ANS-104 item
	BadSignature  Reason = "bad-signature"  // the signature does not verify
	BadSigType    Reason = "bad-sig-type"   // not a signature type that AO's schedulers verify (1 or 3)
	IDMismatch    Reason = "id-mismatch"    // the bytes belong to another id
	BadAssignment Reason = "bad-assignment" // an assignment whose tags do not read
	Unverifiable  Reason = "unverifiable"   // the gateway did not give what verification needs; tried again
)

// Reasons for which the pool contract gives a message no effect.
const (
	ForgedSender       Reason = "forged-sender"       // From-Process on an item whose owner is no authority
	NotAuthority       Reason = "not-authority"       // a notice that is not from an accepted token through an authority
	UnknownToken       Reason = "unknown-token"       // a notice from a process that is no accepted token
	BadQuantity        Reason = "bad-quantity"        // not a positive decimal below 2^256
	Repushed           Reason = "repushed"            // the same outbox message pushed again
	BadTags            Reason = "bad-tags"            // X-Dataset, Sender or another tag is missing or not well formed
	UnknownRule        Reason = "unknown-rule"        // X-Allocation names no rule: a refund is owed
	BelowMinimum       Reason = "below-minimum"       // too small to open a period: a refund is owed
	OtherToken         Reason = "other-token"         // the open period has another token: a refund is owed
	BadData            Reason = "bad-data"            // the data is not the JSON that the action wants
	NoPeriod           Reason = "no-period"           // no period of that pool is open at that time
	AlreadyJoined      Reason = "already-joined"      // the participant has joined with that model before
	ModelTaken         Reason = "model-taken"         // somebody else joined with that model first
	Displaced          Reason = "displaced"           // the model's uploader joined
	TooManyJoins       Reason = "too-many-joins"      // the participant's cap
	TooManyFunders     Reason = "too-many-funders"    // the period has as many funders as one allocation can name: a refund is owed
	PeriodFull         Reason = "period-full"         // the period's cap
	NotEvaluator       Reason = "not-evaluator"       // a score from an address that may not give one
	UnknownPool        Reason = "unknown-pool"        // no such pool
	AfterClosing       Reason = "after-closing"       // recorded after the closing of the period that it belongs to: a dispute
	AssignmentStranger Reason = "assignment-stranger" // an assignment whose owner is no scheduler of the process
)

// Reasons for which a run fails. Those of the model itself are named in Faults.
const (
	ModelUnfetchable Reason = "model-unfetchable"  // not to be had from any gateway
	ModelNotLoadable Reason = "model-not-loadable" // the engine refuses the file
	ModelOverCap     Reason = "model-over-cap"     // larger or slower than the terms allow
	NonFiniteOutput  Reason = "non-finite-output"  // a logit is NaN or infinite
	EngineFailed     Reason = "engine-failed"      // our engine crashed, hung or is not there
	DatasetFailed    Reason = "dataset-failed"     // the dataset cannot be had or read
)

// Faults reports whether a failed run with this reason is the model's own fault, which unranks it.
func (r Reason) Faults() bool {
	switch r {
	case ModelNotLoadable, ModelOverCap, NonFiniteOutput:
		return true
	}
	return false // ModelUnfetchable becomes one only after the terms' UnfetchableDays
}
