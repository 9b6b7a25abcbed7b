//go:build race

package projections

// The detector makes looking some eight times as long.
const (
	histories  = 2
	everyEvent = 4
)
