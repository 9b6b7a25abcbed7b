package evaluator

import "errors"

// A crash is the end of a child that nobody wanted.
type crash struct {
	how      string // signal or exit status
	said     string // the telling line of its standard error
	blamable bool   // the model may be the cause
}

// Error implements error.
func (c *crash) Error() string {
	if c.said == "" {
		return "engine ended: " + c.how
	}
	return "engine ended: " + c.how + ": " + c.said
}

func crashOf(err error) *crash {
	var c *crash
	if errors.As(err, &c) {
		return c
	}
	return nil
}

func (c *crash) sameAs(d *crash) bool { return c != nil && d != nil && *c == *d }
