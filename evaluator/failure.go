package evaluator

import (
	"errors"
	"fmt"

	"github.com/aobench/aobench/event"
)

// A Failure says why a run gave no score. Its Reason decides whose fault it is: see event.Reason.Faults. Those that are
// not the model's are transient, the job may be tried again.
type Failure struct {
	Reason event.Reason
	Err    error
}

// Error implements error.
func (f *Failure) Error() string { return string(f.Reason) + ": " + f.Err.Error() }

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }

// ReasonOf returns the reason of a run that failed with err, event.EngineFailed where err is no Failure.
func ReasonOf(err error) event.Reason {
	var f *Failure
	if errors.As(err, &f) {
		return f.Reason
	}
	return event.EngineFailed
}

func failf(r event.Reason, format string, args ...any) *Failure {
	return &Failure{r, fmt.Errorf(format, args...)}
}
