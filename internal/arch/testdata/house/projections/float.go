package projections

var x float64

var y = 1e3
