package devnet

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/graph-gophers/graphql-go"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/event"
)

// uploadsAtOnce bounds the memory that bodies of uploads take together.
const uploadsAtOnce = 16

// A gateway answers HTTP for a Net.
type gateway struct {
	net     *Net
	schema  *graphql.Schema
	uploads chan struct{}
}

// Handler returns what the devnet serves: a gateway (/graphql, /raw/{id}, /{id}, /info, /block/...), a message unit
// (POST /), a bundler (POST /tx), and the clock (/devnet).
func (n *Net) Handler() http.Handler {
	g := &gateway{net: n, schema: newSchema(n), uploads: make(chan struct{}, uploadsAtOnce)}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /graphql", g.graphql)
	mux.HandleFunc("GET /raw/{id}", g.data)
	mux.HandleFunc("GET /{id}", g.data)
	mux.HandleFunc("GET /info", g.info)
	mux.HandleFunc("GET /block/current", g.currentBlock)
	mux.HandleFunc("GET /block/height/{height}", g.blockAt)
	mux.HandleFunc("POST /{$}", g.message)
	mux.HandleFunc("POST /tx", g.upload)
	mux.HandleFunc("POST /bundler/tx", g.upload)
	mux.HandleFunc("GET /{$}", g.status)
	mux.HandleFunc("GET /devnet", g.status)
	mux.HandleFunc("POST /devnet/mine", g.mine)
	mux.HandleFunc("POST /devnet/advance", g.advance)
	return openToBrowsers(mux)
}

// openToBrowsers lets pages of any origin read and post, as public gateways and message units do.
func openToBrowsers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		if r.Method == http.MethodOptions {
			h.Set("Access-Control-Allow-Methods", "GET, POST")
			h.Set("Access-Control-Allow-Headers", "*")
			w.WriteHeader(http.StatusNoContent)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (g *gateway) graphql(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Query         string         `json:"query"`
		OperationName string         `json:"operationName"`
		Variables     map[string]any `json:"variables"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxQuery)).Decode(&q); err != nil {
		fail(w, http.StatusBadRequest, fmt.Errorf("read query: %w", err))
		return
	}
	answer(w, http.StatusOK, g.schema.Exec(r.Context(), q.Query, q.OperationName, q.Variables))
}

// data serves the data of an item, also in ranges.
func (g *gateway) data(w http.ResponseWriter, r *http.Request) {
	id, err := event.ParseID(r.PathValue("id"))
	if err != nil {
		fail(w, http.StatusNotFound, errors.New("not an id"))
		return
	}
	it, content, err := g.net.open(id)
	if err != nil {
		fail(w, http.StatusInternalServerError, err)
		return
	}
	if content == nil {
		fail(w, http.StatusNotFound, fmt.Errorf("no item %s", id))
		return
	}
	defer content.Close()
	kind := it.Tag("Content-Type")
	if kind == "" {
		kind = "application/octet-stream"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("ETag", `"`+id.String()+`"`)
	http.ServeContent(w, r, "", time.Time{}, content)
}

func (g *gateway) info(w http.ResponseWriter, _ *http.Request) {
	b, count := g.net.tip()
	answer(w, http.StatusOK, map[string]any{
		"network": "aobench.devnet", "version": 5, "height": b.height, "current": b.String(), "blocks": count, "peers": 0,
	})
}

func (g *gateway) currentBlock(w http.ResponseWriter, _ *http.Request) {
	b, _ := g.net.tip()
	answer(w, http.StatusOK, headerOf(b))
}

func (g *gateway) blockAt(w http.ResponseWriter, r *http.Request) {
	height, err := strconv.ParseUint(r.PathValue("height"), 10, 64)
	if err != nil {
		fail(w, http.StatusBadRequest, errors.New("want a height"))
		return
	}
	b := g.net.blockAt(height)
	if b == nil {
		fail(w, http.StatusNotFound, fmt.Errorf("no block of height %d", height))
		return
	}
	answer(w, http.StatusOK, headerOf(b))
}

// headerOf is a block as a node shows it; its timestamp is in seconds.
func headerOf(b *block) map[string]any {
	return map[string]any{
		"height": b.height, "timestamp": b.time / 1000, "indep_hash": b.String(), "previous_block": base64url(b.prev[:]),
	}
}

// message is the message unit: a signed item in, 202 out.
func (g *gateway) message(w http.ResponseWriter, r *http.Request) {
	it, ok := g.read(w, r, MaxMessage)
	if !ok {
		return
	}
	if err := g.net.Post(it); err != nil {
		fail(w, statusOf(err), err)
		return
	}
	answer(w, http.StatusAccepted, map[string]string{"message": "Processing DataItem", "id": it.ID.String()})
}

// upload is the bundler: the same bytes may be sent again.
func (g *gateway) upload(w http.ResponseWriter, r *http.Request) {
	it, ok := g.read(w, r, MaxUpload)
	if !ok {
		return
	}
	if err := g.net.Upload(it); err != nil && !errors.Is(err, ErrExists) {
		fail(w, statusOf(err), err)
		return
	}
	answer(w, http.StatusOK, map[string]string{"id": it.ID.String()})
}

// read reads a binary item. It has answered when ok is false.
func (g *gateway) read(w http.ResponseWriter, r *http.Request, limit int64) (it event.Item, ok bool) {
	select {
	case g.uploads <- struct{}{}:
		defer func() { <-g.uploads }()
	case <-r.Context().Done():
		return it, false
	}
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, limit))
	if err == nil {
		it, err = ao.Parse(b)
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		fail(w, http.StatusRequestEntityTooLarge, fmt.Errorf("an item of more than %d bytes", limit))
		return it, false
	}
	if err != nil {
		fail(w, http.StatusBadRequest, err)
		return it, false
	}
	return it, true
}

func statusOf(err error) int {
	var refusal *ao.Refusal
	if errors.As(err, &refusal) || errors.Is(err, ErrExists) {
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

func fail(w http.ResponseWriter, status int, err error) {
	answer(w, status, map[string]string{"error": err.Error()})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client has gone: nobody to tell
}
