//go:build !race

package projections

const (
	histories  = 5 // how many random ones
	everyEvent = 1 // how many events between two looks at them
)
