package api

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// A Problem is why a request was not answered, as RFC 9457 has it, with what to do about it.
type Problem struct {
	Type   string `json:"type" format:"uri-reference" doc:"Names the sort of problem; stable" example:"/problems/beyond-head"`
	Title  string `json:"title" doc:"The sort of problem, for people" example:"Beyond the head"`
	Status int    `json:"status" doc:"The HTTP status" example:"404"`
	Detail string `json:"detail" doc:"What is wrong with this request" example:"seq 900 is beyond the head, which is 812"`
	Hint   string `json:"hint" doc:"What to do" example:"ask without at= for the newest answer"`
}

// Error implements error.
func (p *Problem) Error() string { return p.Detail }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// The sorts of problems. The last part of type is theirs and never changes.
var problems = map[string]struct {
	status int
	title  string
}{
	"bad-request":   {http.StatusUnprocessableEntity, "The request does not read"},
	"not-found":     {http.StatusNotFound, "There is no such thing"},
	"beyond-head":   {http.StatusNotFound, "Beyond the head"},
	"not-kept":      {http.StatusNotFound, "Not kept here"},
	"method":        {http.StatusMethodNotAllowed, "This is read-only"},
	"busy":          {http.StatusServiceUnavailable, "Too busy"},
	"internal":      {http.StatusInternalServerError, "Our fault"},
	"not-available": {http.StatusServiceUnavailable, "Not ready yet"},
}

func problem(kind, detail, hint string) *Problem {
	k := problems[kind]
	return &Problem{"/problems/" + kind, k.title, k.status, detail, hint}
}

func badRequest(detail, hint string) *Problem { return problem("bad-request", detail, hint) }

func notFound(detail, hint string) *Problem { return problem("not-found", detail, hint) }

func (p *Problem) answer() *answer {
	b, err := json.Marshal(p)
	if err != nil {
		b = []byte("{}") // strings and a number: cannot be
	}
	a := newAnswer("application/problem+json", cacheNever, append(b, '\n'))
	a.status, a.etag = p.Status, ""
	return a
}

// asProblem returns what is said to a client about err. Only problems are meant for strangers; the text of another error
// is for our log.
func asProblem(err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	if errors.Is(err, ErrNotFound) {
		return problem("not-kept", "the evidence of this run is not kept by this server", "ask a server that keeps it, or run it again with aobench evaluate")
	}
	return problem("internal", "the answer could not be made", "try again; if it stays, tell the operator, whose log says more")
}

// newHumaError makes huma's own refusals, which are about parameters, problems like all others.
func newHumaError(status int, msg string, errs ...error) huma.StatusError {
	if status >= http.StatusInternalServerError {
		return asProblem(errors.New(msg))
	}
	details := []string{}
	for _, err := range errs {
		if err != nil {
			details = append(details, cut(err.Error(), 200))
		}
	}
	return badRequest(msg+": "+strings.Join(details, "; "), "the parameters of every route are described at /v1/openapi.json")
}

// cut shortens what a stranger wrote before it is written back.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}

func init() {
	// huma's hook for errors is a variable of its package; only this package imports it.
	huma.NewError = newHumaError
}
