package api

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/aobench/aobench/event"
)

// Cache-Control of the sorts of answers.
const (
	cacheForever = "public, max-age=31536000, immutable"
	cacheLive    = "public, max-age=2"
	cacheAsk     = "no-cache" // may be kept, must be asked about
	cacheNever   = "no-store"
)

// An answer is a response as bytes. It is not changed once it is made, so that many requests can share it.
type answer struct {
	status   int
	mime     string
	cache    string
	location string // of a redirect
	policy   string // Content-Security-Policy
	etag     string // strong: the same for the same bytes
	length   string
	body     []byte
}

// newAnswer returns a 200 with these bytes.
func newAnswer(mime, cache string, body []byte) *answer {
	sum := sha256.Sum256(body)
	return &answer{
		status: http.StatusOK, mime: mime, cache: cache, body: body, policy: policyNone,
		etag:   `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`,
		length: strconv.Itoa(len(body)),
	}
}

// jsonAnswer returns a 200 with v, indented by nothing and ended by a newline, for people with curl.
func jsonAnswer(cache string, v any) (*answer, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("render %T: %w", v, err)
	}
	return newAnswer("application/json", cache, append(b, '\n')), nil
}

func redirect(to string) *answer {
	return &answer{status: http.StatusTemporaryRedirect, location: to, cache: cacheAsk, policy: policyNone, length: "0"}
}

// forever reports whether the same request will always have the same bytes.
func (a *answer) forever() bool { return a.cache == cacheForever }

// keep reports whether the answer may be shown again while the state stays the same.
func (a *answer) keep() bool { return a.status == http.StatusOK && a.cache != cacheNever }

// send writes the answer, or 304 where the client has it.
func (a *answer) send(w http.ResponseWriter, r *http.Request, head event.Seq) int {
	h := w.Header()
	h.Set("Cache-Control", a.cache)
	if head > 0 {
		h.Set("Aobench-Head", strconv.FormatUint(uint64(head), 10))
	}
	if a.etag != "" {
		h.Set("Etag", a.etag)
		if sameTag(r.Header.Get("If-None-Match"), a.etag) {
			w.WriteHeader(http.StatusNotModified)
			return http.StatusNotModified
		}
	}
	if a.mime != "" {
		h.Set("Content-Type", a.mime)
	}
	if a.location != "" {
		h.Set("Location", a.location)
	}
	h.Set("Content-Security-Policy", a.policy)
	h.Set("Content-Length", a.length)
	w.WriteHeader(a.status)
	if r.Method != http.MethodHead {
		w.Write(a.body) // the client may have gone: there is nobody to tell
	}
	return a.status
}

// sameTag reports whether an If-None-Match names the tag (RFC 9110 §13.1.2: weak comparison).
func sameTag(header, tag string) bool {
	if header == tag {
		return true
	}
	for one := range strings.SplitSeq(header, ",") {
		one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
		if one == tag || one == "*" {
			return true
		}
	}
	return false
}
