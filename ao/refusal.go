package ao

import (
	"errors"
	"fmt"

	"github.com/aobench/aobench/event"
)

// What a caller can do about an error that is no *Refusal. Any other error is the query's own fault: asking again as
// before will not help.
var (
	// ErrTransient says that the other side could not be reached, was too slow, busy or broken: look again later.
	ErrTransient = errors.New("no answer for now")
	// ErrNotFound says that the other side does not have it, or not yet: data often follows its item by minutes.
	ErrNotFound = errors.New("not found")
	// ErrTooMany says that a listing is longer than its bound: ask for a narrower range of heights.
	ErrTooMany = errors.New("too many items")
)

// A Refusal says why bytes that were offered as an item are not one. Reason is from the closed list of package event;
// Detail is for people, at most 300 bytes, and holds nothing that a stranger wrote except in quotes.
type Refusal struct {
	Reason event.Reason
	Detail string
}

// Error implements error.
func (r *Refusal) Error() string { return string(r.Reason) + ": " + r.Detail }

func refuse(r event.Reason, format string, args ...any) *Refusal {
	d := fmt.Sprintf(format, args...)
	if len(d) > maxDetail {
		d = d[:maxDetail]
	}
	return &Refusal{Reason: r, Detail: d}
}

const maxDetail = 300 // bytes, as event.ItemRefused has it
