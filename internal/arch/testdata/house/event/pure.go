package event

// Planted: a goroutine and, in event, an innocent float.
var x = 1.5

func f() {
	go f()
}
