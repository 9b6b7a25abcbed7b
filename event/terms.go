package event

import "crypto/sha256"

// Score sources: where a period's scores come from.
const (
	ScoresLog   = "log"   // runs of this service, recorded as RunScored
	ScoresChain = "chain" // Score-Response messages of the dataset process
)

// Terms is all configuration that decides money. A period takes the terms in force at the seq where its opening deposit
// was recorded and keeps them to its end. Times are in milliseconds.
type Terms struct {
	_               struct{}      `cbor:",toarray"`
	Tokens          []Token       `json:"tokens"`
	Authorities     []Valid       `json:"authorities"` // wallets whose From-Process counts
	Schedulers      []Valid       `json:"schedulers"`  // wallets whose assignments count
	Evaluator       Address       `json:"evaluator"`   // whose Score-Response is recorded
	Scores          string        `json:"scores"`      // ScoresLog or ScoresChain
	Protocol        string        `json:"protocol"`    // evaluation protocol, for example "letters/v1"
	Datasets        []DatasetTerm `json:"datasets"`
	Duration        Millis        `json:"duration"` // of a period
	Challenge       Millis        `json:"challenge"`
	MinDeposit      Amount        `json:"min_deposit"`
	CopyThreshold   uint32        `json:"copy_threshold"` // fewer differing choices make a copy; 0 means ceil(total/100)
	Depth           uint64        `json:"confirmation_depth"`
	MaxModelBytes   uint64        `json:"max_model_bytes"`
	MaxRunSeconds   uint32        `json:"max_run_seconds"`
	MaxJoinsEach    uint32        `json:"max_joins_each"`   // models per participant and period
	MaxJoinsPeriod  uint32        `json:"max_joins_period"` // models per period
	UnfetchableDays uint32        `json:"unfetchable_days"` // days after which a model that cannot be fetched is at fault
}

// A Token is a token process whose Credit-Notices count while From <= time < Until (Until 0: for ever).
type Token struct {
	_            struct{} `cbor:",toarray"`
	Process      ID       `json:"process"`
	Ticker       string   `json:"ticker"`
	Denomination uint8    `json:"denomination"` // decimals
	From         Millis   `json:"from"`
	Until        Millis   `json:"until"`
}

// A Valid is an address that counts while From <= time < Until (Until 0: for ever).
type Valid struct {
	_     struct{} `cbor:",toarray"`
	Who   Address  `json:"address"`
	From  Millis   `json:"from"`
	Until Millis   `json:"until"`
}

// At reports whether the address counts at t.
func (v Valid) At(t Millis) bool { return v.From <= t && (v.Until == 0 || t < v.Until) }

// At reports whether the token counts at t.
func (k Token) At(t Millis) bool { return k.From <= t && (k.Until == 0 || t < k.Until) }

// A DatasetTerm names the transaction that holds a pool's questions.
type DatasetTerm struct {
	_    struct{} `cbor:",toarray"`
	Pool ID       `json:"pool"`
	Tx   ID       `json:"tx"`
}

// Hash is the SHA-256 of the terms' CBOR: what two parties compare.
func (t Terms) Hash() Hash {
	b, err := Marshal(t)
	if err != nil {
		panic("event: terms: " + err.Error()) // plain values: only a programming error gets here
	}
	return sha256.Sum256(b)
}

// TermsSet puts terms in force from this seq on. Revision counts the changes of terms in a log from 1, so that going back
// to earlier terms is a new event too.
type TermsSet struct {
	_        struct{} `cbor:",toarray"`
	Revision uint32   `json:"revision"`
	Terms    Terms    `json:"terms"`
}

// Kind implements Body.
func (TermsSet) Kind() Kind { return KindTermsSet }

// ID implements Body.
func (t TermsSet) ID() ID { return derivedID(KindTermsSet, t.Revision) }
