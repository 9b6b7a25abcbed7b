package indexer

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/event"
)

func TestResolveSource(t *testing.T) {
	w := walletsOf(t)
	f := fakeNet{raw: map[event.ID]http.HandlerFunc{}}
	g := f.gateway(t)
	model := sign(t, w.user, ao.Draft{Data: []byte("weights"), Tags: []event.Tag{
		tag("Participant", w.scheduler.Address().String()), tag("Participant", pool.String()),
	}})
	nobody := sign(t, w.user, ao.Draft{Data: []byte("more weights"), Tags: []event.Tag{tag("Participant", "nobody"), tag("Participant", pool.String())}})
	process := sign(t, w.authority, ao.Draft{Tags: []event.Tag{tag("Type", "Process"), tag("Participant", pool.String())}, Data: []byte(" ")})
	lost, garbled := message(t, pool, 1), message(t, pool, 2)
	for _, it := range []event.Item{model, nobody, process, lost, garbled} {
		f.add(12, it)
	}
	f.raw[lost.ID] = http.NotFound
	f.raw[garbled.ID] = answer(200, "", "[]")
	for name, c := range map[string]struct {
		id   event.ID
		role event.Role
		want event.SourceResolved
	}{
		"model":          {model.ID, event.RoleModel, event.SourceResolved{Owner: w.user.Address(), Participant: w.scheduler.Address(), Size: 7}},
		"no participant": {nobody.ID, event.RoleModel, event.SourceResolved{Owner: w.user.Address(), Size: 12}},
		"process":        {process.ID, event.RoleProcess, event.SourceResolved{Owner: w.authority.Address(), Size: 1}},
		"unknown":        {stranger, event.RoleModel, event.SourceResolved{Reason: event.ModelUnfetchable}},
		"without data":   {lost.ID, event.RoleModel, event.SourceResolved{Reason: event.ModelUnfetchable}},
		"garbled":        {garbled.ID, event.RoleModel, event.SourceResolved{Reason: event.BadSignature}},
	} {
		c.want.Source, c.want.Role = c.id, c.role
		got, err := ResolveSource(t.Context(), g, c.id, c.role)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if d := cmp.Diff(c.want, got); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
	f.hook = answering(answer(403, "", "go away"))
	if r, err := ResolveSource(t.Context(), g, model.ID, event.RoleModel); err == nil || r.Reason != "" {
		t.Errorf("a gateway that gives no answer says %+v", r)
	}
}

func answering(h http.HandlerFunc) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, r *http.Request) bool {
		h(w, r)
		return true
	}
}
