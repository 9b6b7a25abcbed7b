package api

import (
	"fmt"
	"math/big"

	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/projections"
)

// Stamp is the moment that a body is true at.
type Stamp struct {
	Seq   event.Seq `json:"seq" doc:"The newest event that the body knows of"`
	AsOf  when      `json:"as_of" doc:"When that was recorded"`
	Order string    `json:"order" enum:"nonce,height" doc:"How the process's messages were read; only nonce is allocated by"`
}

func (v *view) stamp() Stamp { return Stamp{v.Seq, when(v.Recorded), v.Stream.Order} }

// when is a time that JSON shows in RFC 3339.
type when event.Millis

// MarshalText implements encoding.TextMarshaler.
func (w when) MarshalText() ([]byte, error) { return []byte(event.Millis(w).String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler. Nothing is read; it says that JSON has a text here.
func (*when) UnmarshalText([]byte) error { return nil }

// Money is an amount with what it is an amount of.
type Money struct {
	Amount       event.Amount `json:"amount" doc:"Decimal digits, in the token's base unit" example:"1000000000000"`
	Token        event.ID     `json:"token" doc:"The token's process"`
	Ticker       string       `json:"ticker" doc:"As the operator's terms call it"`
	Denomination uint8        `json:"denomination" doc:"How many of the digits are decimals"`
}

func moneyOf(t event.Token, a event.Amount) Money {
	return Money{a, t.Process, t.Ticker, t.Denomination}
}

// String returns the amount in whole tokens, exact.
func (m Money) String() string { return decimals(m.Amount.Big(), int(m.Denomination)) + " " + m.Ticker }

// decimals writes n/10^places without trailing zeros and with thousands set apart.
func decimals(n *big.Int, places int) string {
	digits := n.String()
	for len(digits) <= places {
		digits = "0" + digits
	}
	whole, rest := digits[:len(digits)-places], digits[len(digits)-places:]
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	for len(rest) > 0 && rest[len(rest)-1] == '0' {
		rest = rest[:len(rest)-1]
	}
	if rest == "" {
		return whole
	}
	return whole + "." + rest
}

// ratio writes part/whole with six decimals, rounded half up, from integers alone; "" when there is no whole.
func ratio(part, whole uint32) string {
	if whole == 0 {
		return ""
	}
	n := (uint64(part)*2_000_000 + uint64(whole)) / (2 * uint64(whole))
	return fmt.Sprintf("%d.%06d", n/1_000_000, n%1_000_000)
}

// The phases of a period.
const (
	phaseOpen        = "open"        // it runs
	phaseEnded       = "ended"       // its time is over, its last batch or its messages are not complete
	phaseClosed      = "closed"      // pot and board are frozen
	phasePreliminary = "preliminary" // divided, and inside the challenge window
	phaseFinal       = "final"       // may be paid
)

func (v *view) phase(p *projections.Period) string {
	c := v.closing(p)
	switch {
	case c == nil && v.Window.Time < p.End:
		return phaseOpen
	case c == nil:
		return phaseEnded
	case c.Allocation == nil:
		return phaseClosed
	case c.FinalAt == 0:
		return phasePreliminary
	}
	return phaseFinal
}

func (v *view) closing(p *projections.Period) *projections.Closing {
	if l := v.Ledger(p.Pool, p.N); l != nil {
		return l.Closing
	}
	return nil
}

// period returns a period of a pool, the newest for n = 0; a problem where there is none at this moment.
func (v *view) period(pool event.ID, n uint32) (*projections.Period, error) {
	p := v.Pool(pool)
	if p == nil || len(p.Periods) == 0 {
		return nil, notFound("there is no pool "+pool.String()+v.atText(), "the pools are listed at /v1/pools")
	}
	if n == 0 {
		n = uint32(len(p.Periods))
	}
	q := v.Period(pool, n)
	if q == nil {
		return nil, notFound(fmt.Sprintf("pool %s has no period %d%s", pool, n, v.atText()), "its periods are listed at /v1/pools/"+pool.String())
	}
	return q, nil
}

func (v *view) atText() string {
	if v.past() {
		return " at " + v.at
	}
	return ""
}
