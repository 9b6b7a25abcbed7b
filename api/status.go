package api

import (
	"github.com/aobench/aobench/event"
)

type statusBody struct {
	Stamp
	Status
	Version string     `json:"version" doc:"Of the program"`
	Network string     `json:"network" doc:"What the operator calls it"`
	Process event.ID   `json:"process" doc:"The pool process that the log follows"`
	Root    event.Hash `json:"root" doc:"RFC 6962 root over the events 1..seq"`
	State   event.Hash `json:"state" doc:"SHA-256 over everything in the state that decides money"`
	Window  window     `json:"window" doc:"How far AO has been read"`
	Lag     lag        `json:"lag"`
	Gaps    []uint64   `json:"gaps" doc:"Missing nonces below the highest known one; at most 100"`
	Dense   uint64     `json:"dense" doc:"No nonce below it is missing"`
	Pending int        `json:"pending" doc:"Messages that have no assignment yet"`
	Faults  []fault    `json:"faults" doc:"Events that should not be; at most the newest 20"`
	Pools   int        `json:"pools"`
}

type window struct {
	To   uint64 `json:"to" doc:"Highest height that is read completely"`
	Time when   `json:"time" doc:"That block's time: the clock by which days end"`
}

type lag struct {
	Events uint64 `json:"events" doc:"In the log and not in the state yet"`
	Blocks uint64 `json:"blocks" doc:"Heights between the window and the newest height known"`
}

type fault struct {
	Seq event.Seq `json:"seq"`
	Why string    `json:"why"`
}

func status(v *view, _ inNothing) (statusBody, error) {
	root, err := v.site.src.Root(v.Seq)
	if err != nil {
		return statusBody{}, err
	}
	b := statusBody{
		Stamp: v.stamp(), Status: v.site.src.Status(), Version: v.site.opts.Version, Network: v.Opened.Name, Process: v.Opened.Process,
		Root: root, State: v.State.Root(), Window: window{v.Window.To, when(v.Window.Time)}, Gaps: list(v.Stream.Gaps(100)),
		Dense: v.Stream.Dense, Pending: len(v.Stream.Waiting), Faults: []fault{}, Pools: len(v.Pools()),
	}
	b.Gateways, b.Waiting, b.NotReady = list(b.Gateways), list(b.Waiting), list(b.NotReady)
	b.Lag = lagOf(v, b.Status)
	for i := max(0, len(v.Faults)-20); i < len(v.Faults); i++ {
		b.Faults = append(b.Faults, fault{v.Faults[i].Seq, v.Faults[i].Why})
	}
	return b, nil
}

// list returns an empty list for none, which JSON shows as [] and not as null.
func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}

func lagOf(v *view, st Status) lag {
	var l lag
	if st.Head > v.Seq {
		l.Events = uint64(st.Head - v.Seq)
	}
	if tip := max(st.Tip, v.Window.Tip); tip > v.Window.To {
		l.Blocks = tip - v.Window.To
	}
	return l
}

type termsBody struct {
	Stamp
	Revision uint32      `json:"revision" doc:"How often terms were set"`
	Since    event.Seq   `json:"since" doc:"The event that set them"`
	Hash     event.Hash  `json:"hash" doc:"SHA-256 of their canonical bytes"`
	Terms    event.Terms `json:"terms" doc:"What the next period will get; an open period keeps its own"`
}

func terms(v *view, _ inAt) (termsBody, error) {
	if len(v.Terms) == 0 {
		return termsBody{}, notFound("no terms have been set"+v.atText(), "without terms no period can open")
	}
	t := v.Terms[len(v.Terms)-1]
	return termsBody{v.stamp(), t.Revision, t.Seq, t.Terms.Hash(), t.Terms}, nil
}
