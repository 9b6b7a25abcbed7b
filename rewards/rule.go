package rewards

import "math/big"

// V1 is the name of the rule ArithmeticDecrease, version 1.
const V1 = "ArithmeticDecrease/v1"

// paidV1 is how many ranks V1 pays.
const paidV1 = 10

// A Rule divides a pot: Shares returns one amount per rank, first rank first, and their sum is the pot. n is how many
// models are ranked and at least 1.
type Rule struct {
	Name   string
	Shares func(pot *big.Int, n int) []*big.Int
}

var rules = map[string]Rule{
	V1: {V1, arithmeticDecreaseV1},
}

// Named returns the rule with this name and version.
func Named(name string) (Rule, bool) {
	r, ok := rules[name]
	return r, ok
}

// Asked returns the rule that a funder gets who writes this text into X-Allocation: the newest version of it.
func Asked(text string) (Rule, bool) {
	if text == "ArithmeticDecrease" {
		return rules[V1], true
	}
	return Named(text)
}

// arithmeticDecreaseV1 pays rank i of m = min(10, n) the floor of pot·(m−i+1) / (m(m+1)/2), so 10/55, 9/55 … 1/55
// where ten are ranked. What the floors leave over goes to rank 1.
func arithmeticDecreaseV1(pot *big.Int, n int) []*big.Int {
	m := min(paidV1, n)
	weights := big.NewInt(int64(m * (m + 1) / 2))
	shares := make([]*big.Int, n)
	rest := new(big.Int).Set(pot)
	for i := range shares {
		shares[i] = new(big.Int)
		if i < m {
			shares[i].Mul(pot, big.NewInt(int64(m-i)))
			shares[i].Quo(shares[i], weights)
			rest.Sub(rest, shares[i])
		}
	}
	shares[0].Add(shares[0], rest)
	return shares
}
