package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/aobench/aobench/projections"
	"github.com/go-chi/chi/v5"
)

// Options are what an operator may choose. The zero value is good.
type Options struct {
	Name    string        // what pages call the service; "aobench" if empty
	Version string        // of the program, shown in /v1/status and the OpenAPI document
	Log     *slog.Logger  // for what went wrong; slog.Default() if nil
	Timeout time.Duration // of one request; 10 s if 0
}

// A Site answers all requests of the public listener.
type Site struct {
	src     Source
	opts    Options
	router  http.Handler
	shelf   shelf
	past    past
	metrics *metrics
	pages   *pages
}

// New returns the public handler over src. It starts nothing and needs no closing.
func New(src Source, opts Options) *Site {
	if opts.Name == "" {
		opts.Name = "aobench"
	}
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	if opts.Timeout <= 0 {
		opts.Timeout = 10 * time.Second
	}
	s := &Site{src: src, opts: opts, metrics: newMetrics(), pages: loadPages()}
	s.past.slots = make(chan struct{}, maxFolds)
	r := chi.NewRouter()
	s.routePages(r)
	s.routeAPI(r)
	r.NotFound(func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, notFound("there is no page "+cut(r.URL.Path, 100), "start at / or read /v1/openapi.json"))
	})
	s.router = r
	return s
}

// ServeHTTP implements http.Handler.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begin := time.Now()
	h := w.Header()
	h["Access-Control-Allow-Origin"] = corsAll
	h["Access-Control-Expose-Headers"] = corsExpose
	h["X-Content-Type-Options"] = noSniff
	h["Referrer-Policy"] = noReferrer
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodOptions:
		h.Set("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
		h.Set("Access-Control-Allow-Headers", "*")
		h.Set("Access-Control-Max-Age", "86400")
		h.Set("Allow", "GET, HEAD, OPTIONS")
		w.WriteHeader(http.StatusNoContent)
		return
	default:
		h.Set("Allow", "GET, HEAD, OPTIONS")
		s.fail(w, r, problem("method", "this server only answers GET and HEAD", "to join or fund a pool send a message to its AO process"))
		return
	}
	// Most requests end here: the bytes were rendered before, from the state that is still the newest or for ever.
	if state := s.src.Live(); state != nil {
		if a := s.shelf.get(state, r.RequestURI); a != nil {
			s.metrics.done("kept", a.send(w, r, state.Seq), begin)
			return
		}
	}
	s.make(w, r, begin)
}

// make answers a request that has to be worked for, within the deadline.
func (s *Site) make(w http.ResponseWriter, r *http.Request, begin time.Time) {
	ctx, cancel := context.WithTimeout(r.Context(), s.opts.Timeout)
	defer cancel()
	r.Body = http.MaxBytesReader(w, r.Body, maxBodyBytes)
	rctx := chi.NewRouteContext()
	r = r.WithContext(context.WithValue(ctx, chi.RouteCtxKey, rctx))
	if r.Method == http.MethodHead {
		rctx.RouteMethod = http.MethodGet // HEAD is GET without the body, which send leaves out
	}
	w.Header().Set("Cache-Control", cacheNever) // unless the answer says otherwise
	sw := &statusWriter{ResponseWriter: w}
	defer func() {
		if v := recover(); v != nil {
			s.opts.Log.Error("request panicked", "target", cut(r.RequestURI, 200), "panic", v)
			if sw.status == 0 {
				s.fail(sw, r, errors.New("panic"))
			}
		}
		s.metrics.done(rctx.RoutePattern(), sw.status, begin)
	}()
	s.router.ServeHTTP(sw, r)
}

// serve makes an answer, keeps it if it may be kept, and sends it.
func (s *Site) serve(w http.ResponseWriter, r *http.Request, build func(context.Context, *projections.State) (*answer, error)) {
	state := s.src.Live()
	if state == nil {
		s.fail(w, r, problem("not-available", "the log is still being read", "try again in a moment"))
		return
	}
	a, err := build(r.Context(), state)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	if a.keep() {
		s.shelf.put(state, r.RequestURI, a)
	}
	a.send(w, r, state.Seq)
}

// fail sends why there is no answer: a page to people, a problem to programs.
func (s *Site) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := asProblem(err)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		p = problem("busy", "the answer took longer than "+s.opts.Timeout.String(), "try again later, or ask for less")
	case errors.Is(err, context.Canceled):
		return // the client has gone
	}
	if p.Status >= http.StatusInternalServerError {
		s.opts.Log.Error("request failed", "target", cut(r.RequestURI, 200), "error", err)
	}
	a := p.answer()
	if !strings.HasPrefix(r.URL.Path, "/v1") && strings.Contains(r.Header.Get("Accept"), "text/html") {
		a = s.pages.problem(s, p)
	}
	a.send(w, r, 0)
}

var (
	corsAll    = []string{"*"}
	corsExpose = []string{"Etag, Aobench-Head, Location"}
	noSniff    = []string{"nosniff"}
	noReferrer = []string{"no-referrer"}
)

type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
