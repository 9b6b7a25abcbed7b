package letters

// Made outside this program, from doc.go.
const (
	templateHash = "29cf46c57299f4d259534fcd78f31fcb4928f987569effd7e1f82edae38d7aa2"
	promptHash   = "6d9f4c98fc90021f5cf179fb591aa9fd53e20c87f93daf4024f5c4fb303974b2"
)
