package api

import (
	"fmt"
	"strings"

	"github.com/aobench/aobench/event"
)

// maxPageBytes is about where a page of events ends, whatever its limit says.
const maxPageBytes = 4 << 20

type eventList struct {
	Stamp
	Events []eventBody `json:"events"`
	Next   *event.Seq  `json:"next" doc:"The after= of the next page; null at the head"`
}

type eventBody struct {
	Seq      event.Seq  `json:"seq"`
	ID       event.ID   `json:"id"`
	Kind     event.Kind `json:"kind"`
	Recorded when       `json:"recorded"`
	Body     any        `json:"body,omitempty" doc:"By kind; in JSON"`
	CBOR     []byte     `json:"cbor,omitempty" doc:"The event's canonical bytes, base64, instead of body"`
}

// events lists the log. The page ends at the seq of the state, so that it does not know more than its stamp says.
func events(v *view, in inEvents) (eventList, error) {
	out := eventList{Stamp: v.stamp(), Events: []eventBody{}}
	raw := in.Format == "cbor" || (in.Format == "" && strings.Contains(in.Accept, "application/cbor"))
	size := 0
	for e, err := range v.site.src.Events(v.ctx, event.Seq(in.After)) {
		if err != nil {
			return out, fmt.Errorf("events after %d: %w", in.After, err)
		}
		if e.Seq > v.Seq {
			break
		}
		if len(out.Events) >= in.Limit || size >= maxPageBytes {
			next := out.Events[len(out.Events)-1].Seq
			out.Next = &next
			break
		}
		b, err := event.Encode(e)
		if err != nil {
			return out, err
		}
		size += len(b)
		one := eventBody{Seq: e.Seq, ID: e.ID, Kind: e.Kind, Recorded: when(e.Recorded), Body: e.Body}
		if raw {
			one.Body, one.CBOR = nil, b
		}
		out.Events = append(out.Events, one)
	}
	return out, nil
}
