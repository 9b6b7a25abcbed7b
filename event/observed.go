package event

// A Tag is one name and value of an item, in the order in which the owner signed them.
type Tag struct {
	_     struct{} `cbor:",toarray"`
	Name  string   `json:"name"`
	Value string   `json:"value"`
}

// An Item is a verified ANS-104 data item: its signed bytes, and the same as fields so that a fold need not parse. Who
// audits a log parses Signed again and compares.
type Item struct {
	_       struct{} `cbor:",toarray"`
	ID      ID       `json:"id"`      // SHA-256 of the signature
	SigType uint8    `json:"sigtype"` // 1 Arweave RSA-PSS, 3 Ethereum
	Owner   Address  `json:"owner"`   // address of the key that signed
	Target  ID       `json:"target"`  // zero where the item has none
	Tags    []Tag    `json:"tags"`
	Digest  []byte   `json:"digest"` // the 48-byte SHA-384 deep hash that was signed; equal content of one owner has equal digests
	Signed  []byte   `json:"signed"` // the binary item up to its data
	Data    []byte   `json:"data"`   // the data; empty where Blob holds it
	Blob    *Blob    `json:"blob"`   // nil unless the data is longer than MaxInlineData
}

// MaxInlineData is the most data, in bytes, that an item keeps inside its event.
const MaxInlineData = 32 << 10

// A Blob stands for data kept outside the event. Size and SHA384 let the item's signature be verified without it.
type Blob struct {
	_      struct{} `cbor:",toarray"`
	SHA256 Hash     `json:"sha256"`
	SHA384 []byte   `json:"sha384"`
	Size   uint64   `json:"size"`
}

// First returns the value of the first tag with exactly this name.
func (it *Item) First(name string) (string, bool) {
	for i := range it.Tags {
		if it.Tags[i].Name == name {
			return it.Tags[i].Value, true
		}
	}
	return "", false
}

// Tag returns the value of the first tag with exactly this name, or "".
func (it *Item) Tag(name string) string {
	v, _ := it.First(name)
	return v
}

// A Block is where a gateway saw an item.
type Block struct {
	_      struct{} `cbor:",toarray"`
	Height uint64   `json:"height"`
	Time   Millis   `json:"time"` // the block's timestamp
	ID     string   `json:"id"`   // 64 base64url characters, or "" where the gateway gave none
}

// MessageObserved states that a verified message is on Arweave. Its ID is the item's.
type MessageObserved struct {
	_     struct{} `cbor:",toarray"`
	Item  Item     `json:"item"`
	Block Block    `json:"block"`
}

// Kind implements Body.
func (MessageObserved) Kind() Kind { return KindMessageObserved }

// ID implements Body.
func (m MessageObserved) ID() ID { return m.Item.ID }

// AssignmentObserved states that a verified assignment is on Arweave. Whether its owner is a scheduler that counts is
// for the fold to say. Its ID is the assignment item's.
type AssignmentObserved struct {
	_         struct{} `cbor:",toarray"`
	Item      Item     `json:"item"`
	Block     Block    `json:"block"`
	Process   ID       `json:"process"`
	Message   ID       `json:"message"` // the process itself on its own assignment
	Nonce     uint64   `json:"nonce"`
	Time      Millis   `json:"time"`       // the scheduler's clock
	HashChain []byte   `json:"hash_chain"` // as the scheduler wrote it, decoded; empty where absent
}

// Kind implements Body.
func (AssignmentObserved) Kind() Kind { return KindAssignmentObserved }

// ID implements Body.
func (a AssignmentObserved) ID() ID { return a.Item.ID }

// ItemRefused states that bytes offered as an item were not accepted, and why. What the contract refuses is not here:
// the fold derives it.
type ItemRefused struct {
	_      struct{} `cbor:",toarray"`
	Item   ID       `json:"item"`   // the id that the gateway gave
	Reason Reason   `json:"reason"` // from the closed list
	Detail string   `json:"detail"` // for people; at most 300 bytes
	Action string   `json:"action"` // the Action tag as the gateway showed it, unverified; at most 100 bytes
	Block  Block    `json:"block"`
}

// Kind implements Body.
func (ItemRefused) Kind() Kind { return KindItemRefused }

// ID implements Body: one refusal per item and reason.
func (r ItemRefused) ID() ID { return derivedID(KindItemRefused, r.Item, string(r.Reason)) }

// WindowClosed states that every query was answered for all heights From..To, and that those heights are buried by the
// confirmation depth. Windows follow each other without gaps.
type WindowClosed struct {
	_    struct{} `cbor:",toarray"`
	From uint64   `json:"from"`
	To   uint64   `json:"to"`
	Time Millis   `json:"time"` // timestamp of block To: the clock by which days end
	Tip  uint64   `json:"tip"`  // the gateway's height when the window was closed
}

// Kind implements Body.
func (WindowClosed) Kind() Kind { return KindWindowClosed }

// ID implements Body: a window from a height is closed once.
func (w WindowClosed) ID() ID { return derivedID(KindWindowClosed, w.From) }

// A Role says what a source is asked for.
type Role string

// The roles of a source.
const (
	RoleModel   Role = "model"   // a model file
	RoleProcess Role = "process" // an AO process, asked for its owner
)

// SourceResolved states who stands behind an Arweave id: the signer of the item or transaction, checked by its
// signature. A source that cannot be found has a Reason and no Owner, and may be resolved later under another Attempt.
type SourceResolved struct {
	_           struct{} `cbor:",toarray"`
	Source      ID       `json:"source"`
	Role        Role     `json:"role"`
	Owner       Address  `json:"owner"`
	Participant Address  `json:"participant"` // the item's Participant tag, where it is an address
	Size        uint64   `json:"size"`        // data bytes
	Reason      Reason   `json:"reason"`      // "" when found
	Attempt     uint32   `json:"attempt"`     // 1, 2, 3 …
}

// Kind implements Body.
func (SourceResolved) Kind() Kind { return KindSourceResolved }

// ID implements Body.
func (r SourceResolved) ID() ID {
	return derivedID(KindSourceResolved, r.Source, string(r.Role), r.Attempt)
}

// DatasetResolved binds the bytes of a pool's dataset for one period, before its first run.
type DatasetResolved struct {
	_         struct{} `cbor:",toarray"`
	Pool      ID       `json:"pool"`
	Period    uint32   `json:"period"`
	Tx        ID       `json:"tx"`
	SHA256    Hash     `json:"sha256"`
	Questions uint32   `json:"questions"`
	Format    string   `json:"format"`
}

// Kind implements Body.
func (DatasetResolved) Kind() Kind { return KindDatasetResolved }

// ID implements Body: a period has one dataset.
func (d DatasetResolved) ID() ID { return derivedID(KindDatasetResolved, d.Pool, d.Period) }
