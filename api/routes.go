package api

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"

	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/projections"
	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/go-chi/chi/v5"
)

// An input is the parameters of a route.
type input interface{ subject() subject }

type (
	inAt struct {
		At string `query:"at" maxLength:"64" doc:"The past: seq:N is immutable; height:N, day:YYYY-MM-DD and time:RFC3339 redirect to the seq they mean" example:"seq:812"`
	}
	inPool struct {
		Pool event.ID `path:"pool" doc:"The pool's id: 43 base64url characters"`
		At   string   `query:"at" maxLength:"64" doc:"The past: seq:N, height:N, day:YYYY-MM-DD or time:RFC3339"`
	}
	inPeriod struct {
		Pool event.ID `path:"pool" doc:"The pool's id: 43 base64url characters"`
		N    uint32   `path:"n" minimum:"1" doc:"The funding period: 1, 2, 3 …"`
		At   string   `query:"at" maxLength:"64" doc:"The past: seq:N, height:N, day:YYYY-MM-DD or time:RFC3339"`
	}
	inBoard struct {
		Pool  event.ID `path:"pool" doc:"The pool's id: 43 base64url characters"`
		At    string   `query:"at" maxLength:"64" doc:"The past: seq:N, height:N, day:YYYY-MM-DD or time:RFC3339"`
		Board string   `query:"board" enum:"live,official" doc:"official: the newest closed day's. Without it: live while the period runs, final once it is closed"`
	}
	inPeriodBoard struct {
		Pool  event.ID `path:"pool" doc:"The pool's id: 43 base64url characters"`
		N     uint32   `path:"n" minimum:"1" doc:"The funding period: 1, 2, 3 …"`
		At    string   `query:"at" maxLength:"64" doc:"The past: seq:N, height:N, day:YYYY-MM-DD or time:RFC3339"`
		Board string   `query:"board" enum:"live,official" doc:"official: the newest closed day's. Without it: live while the period runs, final once it is closed"`
	}
	inModel struct {
		Pool  event.ID `path:"pool" doc:"The pool's id: 43 base64url characters"`
		Model event.ID `path:"model" doc:"The model's id: 43 base64url characters"`
		At    string   `query:"at" maxLength:"64" doc:"The past: seq:N, height:N, day:YYYY-MM-DD or time:RFC3339"`
	}
	inPeriodModel struct {
		Pool  event.ID `path:"pool" doc:"The pool's id: 43 base64url characters"`
		N     uint32   `path:"n" minimum:"1" doc:"The funding period: 1, 2, 3 …"`
		Model event.ID `path:"model" doc:"The model's id: 43 base64url characters"`
		At    string   `query:"at" maxLength:"64" doc:"The past: seq:N, height:N, day:YYYY-MM-DD or time:RFC3339"`
	}
	inRun struct {
		Run event.ID `path:"run" doc:"The run's id: 43 base64url characters"`
	}
	inAddress struct {
		Address string `path:"address" maxLength:"43" doc:"43 base64url characters or an EIP-55 address" example:"0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"` // huma would take an event.Address for the text itself
		At      string `query:"at" maxLength:"64" doc:"The past: seq:N, height:N, day:YYYY-MM-DD or time:RFC3339"`
	}
	inPage struct {
		After uint64 `query:"after" maximum:"9223372036854775807" doc:"Only what has a higher seq: the next of the page before"`
		Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"At most so many"`
	}
	inEvents struct {
		After  uint64 `query:"after" maximum:"9223372036854775807" doc:"Only events after this seq: the next of the page before"`
		Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"At most so many; a page ends earlier after 4 MB"`
		Format string `query:"format" enum:"json,cbor" doc:"cbor: the canonical bytes, base64, as the tree hashes them"`
		Accept string `header:"Accept" doc:"application/cbor means format=cbor"`
	}
	inNothing struct{}
)

func (in inAt) subject() subject     { return subject{at: in.At} }
func (in inPool) subject() subject   { return subject{at: in.At, pool: in.Pool} }
func (in inPeriod) subject() subject { return subject{at: in.At, pool: in.Pool, period: in.N} }
func (in inBoard) subject() subject  { return subject{at: in.At, pool: in.Pool, boards: true} }
func (in inPeriodBoard) subject() subject {
	return subject{at: in.At, pool: in.Pool, period: in.N, boards: true}
}
func (in inModel) subject() subject       { return subject{at: in.At, pool: in.Pool} }
func (in inPeriodModel) subject() subject { return subject{at: in.At, pool: in.Pool, period: in.N} }
func (in inAddress) subject() subject     { return subject{at: in.At} }
func (inRun) subject() subject            { return subject{} }
func (inPage) subject() subject           { return subject{} }
func (inEvents) subject() subject         { return subject{} }
func (inNothing) subject() subject        { return subject{} }

// A door is where routes are registered.
type door struct {
	api  huma.API
	site *Site
}

// get registers a route whose body is made by f from a view. fresh routes are about more than the state and are made anew
// for every request.
func get[I input, B any](d door, fresh bool, path, id, summary string, f func(*view, I) (B, error)) {
	schema := d.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[B](), true, id)
	op := huma.Operation{
		Method: http.MethodGet, Path: path, OperationID: id, Summary: summary,
		RejectUnknownQueryParameters: true,
		Errors:                       []int{http.StatusNotFound, http.StatusServiceUnavailable},
		Responses: map[string]*huma.Response{
			"200": {Description: "OK", Content: map[string]*huma.MediaType{"application/json": {Schema: schema}}},
			"304": {Description: "The client has it: If-None-Match named its ETag"},
		},
	}
	if reflect.TypeFor[I]() != reflect.TypeFor[inNothing]() {
		if _, ok := reflect.TypeFor[I]().FieldByName("At"); ok {
			op.Responses["307"] = &huma.Response{Description: "at= means the seq that Location names"}
		}
	}
	huma.Register(d.api, op, func(_ context.Context, in *I) (*huma.StreamResponse, error) {
		return &huma.StreamResponse{Body: func(hc huma.Context) {
			r, w := humachi.Unwrap(hc)
			d.site.serve(w, r, func(ctx context.Context, live *projections.State) (*answer, error) {
				v, elsewhere, err := d.site.look(ctx, r, live, (*in).subject())
				if err != nil || elsewhere != nil {
					return elsewhere, err
				}
				body, err := f(v, *in)
				if err != nil {
					return nil, err
				}
				cache := v.cache()
				if fresh {
					cache = cacheNever
				}
				return jsonAnswer(cache, body)
			})
		}}, nil
	})
}

func (s *Site) routeAPI(r chi.Router) {
	config := huma.Config{
		OpenAPI: &huma.OpenAPI{OpenAPI: "3.1.0", Info: &huma.Info{
			Title: s.opts.Name, Version: "v1",
			Description: "Pools, boards, rewards and the events that they are derived from. Every body names the seq that it is true at; amounts are decimal strings in the token's base unit.",
		}},
		Formats:       huma.DefaultFormats,
		DefaultFormat: "application/json",
	}
	d := door{humachi.New(r, config), s}
	get(d, true, "/v1/status", "status", "How the service is doing", status)
	get(d, false, "/v1/pools", "pools", "All pools", pools)
	get(d, false, "/v1/pools/{pool}", "pool", "A pool and its funding periods", poolOf)
	get(d, false, "/v1/pools/{pool}/periods/{n}", "period", "A funding period", periodOf)
	get(d, false, "/v1/pools/{pool}/leaderboard", "leaderboard", "The board of the pool's newest period", func(v *view, in inBoard) (leaderboard, error) {
		return boardOf(v, in.Pool, 0, in.Board)
	})
	get(d, false, "/v1/pools/{pool}/periods/{n}/leaderboard", "period-leaderboard", "The board of a period", func(v *view, in inPeriodBoard) (leaderboard, error) {
		return boardOf(v, in.Pool, in.N, in.Board)
	})
	get(d, false, "/v1/pools/{pool}/history", "history", "Rank and score of every model on every closed day", func(v *view, in inPool) (history, error) {
		return historyOf(v, in.Pool, 0)
	})
	get(d, false, "/v1/pools/{pool}/periods/{n}/history", "period-history", "Rank and score of every model on every closed day of a period", func(v *view, in inPeriod) (history, error) {
		return historyOf(v, in.Pool, in.N)
	})
	get(d, false, "/v1/pools/{pool}/rewards", "rewards", "Who gets what", func(v *view, in inPool) (rewardsBody, error) {
		return rewardsOf(v, in.Pool, 0)
	})
	get(d, false, "/v1/pools/{pool}/periods/{n}/rewards", "period-rewards", "Who gets what of a period's pot", func(v *view, in inPeriod) (rewardsBody, error) {
		return rewardsOf(v, in.Pool, in.N)
	})
	get(d, false, "/v1/pools/{pool}/models/{model}", "model", "A model in the pool's newest period", func(v *view, in inModel) (model, error) {
		return modelOf(v, in.Pool, 0, in.Model)
	})
	get(d, false, "/v1/pools/{pool}/periods/{n}/models/{model}", "period-model", "A model in a period", func(v *view, in inPeriodModel) (model, error) {
		return modelOf(v, in.Pool, in.N, in.Model)
	})
	get(d, false, "/v1/terms", "terms", "The terms that the next period will get", terms)
	get(d, false, "/v1/participants/{address}", "participant", "Models and money of an address", participantOf)
	get(d, false, "/v1/runs/{run}", "run", "A run, its score and its manifest", runOf)
	get(d, false, "/v1/runs/{run}/answers", "answers", "What the model said to every question of a run", answersOf)
	get(d, false, "/v1/batches", "batches", "All batches in the order they were opened", batches)
	get(d, false, "/v1/refused", "refused", "What had no effect, and why", refused)
	get(d, true, "/v1/events", "events", "The log itself", events)
	d.document(r)
}

// document serves the OpenAPI document, which is made once.
func (d door) document(r chi.Router) {
	b, err := json.Marshal(d.api.OpenAPI())
	if err != nil {
		panic("api: openapi: " + err.Error()) // depends on nothing but this program
	}
	a := newAnswer("application/openapi+json", cacheAsk, b)
	r.Get("/v1/openapi.json", func(w http.ResponseWriter, r *http.Request) { a.send(w, r, 0) })
}
