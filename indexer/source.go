package indexer

import (
	"context"
	"errors"
	"fmt"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/event"
)

// Sources says who signed an item: *ao.Gateway.
type Sources interface {
	Source(context.Context, event.ID) (ao.Source, error)
}

// ResolveSource asks who stands behind a model or a process. What it returns without an error is a fact to record, with
// Attempt for the caller to set: either the owner, or a Reason why nobody is known (event.ModelUnfetchable: the gateway
// does not list it or has no data for it; any other: what it has does not verify). An error is no answer: ask again
// later, and record nothing.
func ResolveSource(ctx context.Context, gw Sources, id event.ID, role event.Role) (event.SourceResolved, error) {
	r := event.SourceResolved{Source: id, Role: role}
	src, err := gw.Source(ctx, id)
	var refusal *ao.Refusal
	switch {
	case err == nil:
	case errors.Is(err, ao.ErrNotFound):
		r.Reason = event.ModelUnfetchable
		return r, nil
	case errors.As(err, &refusal):
		r.Reason = refusal.Reason
		return r, nil
	default:
		return r, fmt.Errorf("resolve %s %s: %w", role, id, err)
	}
	r.Owner, r.Size = src.Owner, uint64(max(src.Size, 0))
	if role != event.RoleModel {
		return r, nil
	}
	for _, t := range src.Tags {
		if t.Name != "Participant" {
			continue
		}
		if a, err := event.ParseAddress(t.Value); err == nil {
			r.Participant = a
		}
		break // the first tag of a name is the one that counts
	}
	return r, nil
}
