// Package rewards divides a pot among ranked models with integers that always add up.
//
// A rule has a name with a version, for example "ArithmeticDecrease/v1". A version never changes: a period closed
// under v1 is recomputed under v1 for ever. All arithmetic is on integers, multiplying before dividing; the same input
// gives the same output on every machine.
package rewards
