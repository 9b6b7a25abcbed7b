package rewards

import (
	"math/big"

	"github.com/aobench/aobench/event"
)

// Allocate divides pot among the participants of the ranked models, best first. A participant of several models gets
// their sum, at the place of the best of them. Zero amounts are left out; the rest adds up to pot. With nobody ranked
// it returns nil: the pot is then a refund (see Refund).
func Allocate(r Rule, pot event.Amount, ranked []event.Address) []event.Payout {
	if len(ranked) == 0 {
		return nil
	}
	var out sums
	for i, share := range r.Shares(pot.Big(), len(ranked)) {
		out.add(ranked[i], share)
	}
	return out.payouts()
}

// A Deposit is what a funder paid into a pot.
type Deposit struct {
	From   event.Address
	Amount event.Amount
}

// Refund gives pot back to its funders in proportion to what each paid, rounded down; the remainder goes to the first.
// pot is the sum of the deposits unless something was lost on the way. Zero amounts are left out; the rest adds up to
// pot.
func Refund(pot event.Amount, deposits []Deposit) []event.Payout {
	total := new(big.Int)
	var paid sums
	for _, d := range deposits {
		total.Add(total, d.Amount.Big())
		paid.add(d.From, d.Amount.Big())
	}
	if total.Sign() == 0 {
		return nil
	}
	rest := pot.Big()
	shares := make([]*big.Int, len(paid.who))
	for i, n := range paid.sum {
		shares[i] = new(big.Int).Mul(pot.Big(), n)
		shares[i].Quo(shares[i], total)
		rest.Sub(rest, shares[i])
	}
	shares[0].Add(shares[0], rest)
	paid.sum = shares
	return paid.payouts()
}

// sums adds amounts up by address and keeps the order in which addresses came first.
type sums struct {
	who []event.Address
	sum []*big.Int
	at  map[event.Address]int
}

func (s *sums) add(who event.Address, n *big.Int) {
	if s.at == nil {
		s.at = map[event.Address]int{}
	}
	i, ok := s.at[who]
	if !ok {
		i = len(s.who)
		s.at[who] = i
		s.who = append(s.who, who)
		s.sum = append(s.sum, new(big.Int))
	}
	s.sum[i].Add(s.sum[i], n)
}

func (s *sums) payouts() []event.Payout {
	var out []event.Payout
	for i, who := range s.who {
		if s.sum[i].Sign() > 0 {
			out = append(out, event.Payout{To: who, Amount: event.AmountOf(s.sum[i])})
		}
	}
	return out
}
