package event

import "crypto/sha256"

// LogOpened is seq 1: which pool process this log follows and from which height. It never changes.
type LogOpened struct {
	_           struct{} `cbor:",toarray"`
	Process     ID       `json:"process"`
	FirstHeight uint64   `json:"first_height"`
	Name        string   `json:"name"` // what the operator calls the network, for people
}

// Kind implements Body.
func (LogOpened) Kind() Kind { return KindLogOpened }

// ID implements Body: a log is opened once.
func (LogOpened) ID() ID { return derivedID(KindLogOpened) }

// A RunKey names one model on one dataset by one protocol on one day.
type RunKey struct {
	_       struct{} `cbor:",toarray"`
	Pool    ID       `json:"pool"`
	Period  uint32   `json:"period"`
	Model   ID       `json:"model"`
	Dataset Hash     `json:"dataset"` // SHA-256 of the dataset's bytes
	Proto   string   `json:"protocol"`
	Day     Day      `json:"day"`
}

// Run returns the run's id: the SHA-256 of the CBOR array [pool, period, model, dataset, protocol, day].
func (k RunKey) Run() ID {
	b, err := Marshal(k)
	if err != nil {
		panic("event: run id: " + err.Error()) // plain values: only a programming error gets here
	}
	return sha256.Sum256(b)
}

// BatchOpened freezes who is evaluated for a pool's day. Seq of this event is what the batch saw.
type BatchOpened struct {
	_       struct{} `cbor:",toarray"`
	Pool    ID       `json:"pool"`
	Period  uint32   `json:"period"`
	Day     Day      `json:"day"`
	Cut     Millis   `json:"cut"`     // min(end of the day, end of the period): joins before it are members
	Members []ID     `json:"members"` // models, ascending
}

// Kind implements Body.
func (BatchOpened) Kind() Kind { return KindBatchOpened }

// ID implements Body: one batch per pool, period and day.
func (b BatchOpened) ID() ID { return derivedID(KindBatchOpened, b.Pool, b.Period, int32(b.Day)) }

// RunScored is the result of a run. Choices and Tensors let every fold find copies without fetching the evidence.
type RunScored struct {
	_        struct{} `cbor:",toarray"`
	Key      RunKey   `json:"key"`
	Correct  uint32   `json:"correct"`
	Answered uint32   `json:"answered"`
	Total    uint32   `json:"total"`
	Choices  []byte   `json:"choices"`  // one byte a question: the index chosen, 255 for none
	Tensors  Hash     `json:"tensors"`  // SHA-256 of the model's tensors without its metadata; zero where unknown
	Model    Hash     `json:"model"`    // SHA-256 of the model file
	Manifest Hash     `json:"manifest"` // SHA-256 of the manifest blob
	Evidence Hash     `json:"evidence"` // SHA-256 of the evidence blob
}

// Kind implements Body.
func (RunScored) Kind() Kind { return KindRunScored }

// ID implements Body: a run is scored once.
func (r RunScored) ID() ID { id := r.Key.Run(); return derivedID(KindRunScored, id) }

// RunFailed states that an attempt at a run gave no score. Fault says that the model itself is to blame (a closed list
// of reasons) and the run is over; without it the run is due again.
type RunFailed struct {
	_       struct{} `cbor:",toarray"`
	Key     RunKey   `json:"key"`
	Attempt uint32   `json:"attempt"` // 1, 2, 3 …
	Reason  Reason   `json:"reason"`
	Detail  string   `json:"detail"` // for people; at most 300 bytes
	Fault   bool     `json:"fault"`
}

// Kind implements Body.
func (RunFailed) Kind() Kind { return KindRunFailed }

// ID implements Body: an attempt fails once.
func (r RunFailed) ID() ID { return derivedID(KindRunFailed, r.Key.Run(), r.Attempt) }

// BatchClosed freezes the official board of a day. Root is the RFC 6962 root over its rows as the fold derives them.
type BatchClosed struct {
	_      struct{} `cbor:",toarray"`
	Pool   ID       `json:"pool"`
	Period uint32   `json:"period"`
	Day    Day      `json:"day"`
	Rows   uint32   `json:"rows"`
	Root   Hash     `json:"root"`
}

// Kind implements Body.
func (BatchClosed) Kind() Kind { return KindBatchClosed }

// ID implements Body.
func (b BatchClosed) ID() ID { return derivedID(KindBatchClosed, b.Pool, b.Period, int32(b.Day)) }

// PeriodClosed freezes pot and final board of a period.
type PeriodClosed struct {
	_      struct{} `cbor:",toarray"`
	Pool   ID       `json:"pool"`
	Period uint32   `json:"period"`
	Day    Day      `json:"day"` // whose official board is final
	Pot    Amount   `json:"pot"`
	Root   Hash     `json:"root"` // of that board
	Gaps   []uint64 `json:"gaps"` // nonces still missing when it was closed all the same; normally none
}

// Kind implements Body.
func (PeriodClosed) Kind() Kind { return KindPeriodClosed }

// ID implements Body.
func (p PeriodClosed) ID() ID { return derivedID(KindPeriodClosed, p.Pool, p.Period) }

// A Payout is an amount owed to somebody.
type Payout struct {
	_      struct{} `cbor:",toarray"`
	To     Address  `json:"to"`
	Amount Amount   `json:"amount"`
}

// RewardsAllocated states who gets how much of a closed period's pot. It is preliminary until RewardsFinal.
type RewardsAllocated struct {
	_       struct{} `cbor:",toarray"`
	Pool    ID       `json:"pool"`
	Period  uint32   `json:"period"`
	Rule    string   `json:"rule"`
	Payouts []Payout `json:"payouts"` // by rank of each participant's best model; zero amounts are not listed
	Refunds []Payout `json:"refunds"` // the pot given back to the funders where nobody is ranked
	Root    Hash     `json:"root"`    // RFC 6962 root over the CBOR of payouts then refunds
}

// Kind implements Body.
func (RewardsAllocated) Kind() Kind { return KindRewardsAllocated }

// ID implements Body.
func (r RewardsAllocated) ID() ID { return derivedID(KindRewardsAllocated, r.Pool, r.Period) }

// RewardsFinal states that the challenge window has passed; only now may anything be paid.
type RewardsFinal struct {
	_      struct{} `cbor:",toarray"`
	Pool   ID       `json:"pool"`
	Period uint32   `json:"period"`
}

// Kind implements Body.
func (RewardsFinal) Kind() Kind { return KindRewardsFinal }

// ID implements Body.
func (r RewardsFinal) ID() ID { return derivedID(KindRewardsFinal, r.Pool, r.Period) }
