package ao

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/aobench/aobench/event"
)

// An Endpoint says where a gateway is.
type Endpoint struct {
	GraphQL string // for example https://arweave.net/graphql
	Node    string // for example https://arweave.net; "" where there is only GraphQL: then there is no data
	Name    string // for people; "" means GraphQL's host
}

// A Gateway asks one Arweave gateway. What it returns as Node is the gateway's word; what it returns as event.Item is
// verified. It may be used by several goroutines.
type Gateway struct {
	endpoint      Endpoint
	graphql, node *url.URL // node is nil where there is none
	door          *door
}

// NewGateway returns a client of e. It sends nothing yet. Options may be nil.
func NewGateway(e Endpoint, o *Options) (*Gateway, error) {
	g := &Gateway{endpoint: e}
	var err error
	if g.graphql, err = parseBase(e.GraphQL); err != nil {
		return nil, fmt.Errorf("gateway %s: GraphQL: %w", e.Name, err)
	}
	if e.Node != "" {
		if g.node, err = parseBase(e.Node); err != nil {
			return nil, fmt.Errorf("gateway %s: node: %w", e.Name, err)
		}
	}
	if e.Name == "" {
		g.endpoint.Name = g.graphql.Host
	}
	g.door = newDoor(o)
	return g, nil
}

// Name returns what the gateway is called in logs and errors.
func (g *Gateway) Name() string { return g.endpoint.Name }

// Close closes idle connections. Calls still under way end by themselves.
func (g *Gateway) Close() { g.door.client.CloseIdleConnections() }

// Tip returns the newest height that the gateway knows.
func (g *Gateway) Tip(ctx context.Context) (uint64, error) {
	var info struct {
		Height uint64 `json:"height"`
	}
	err := errNoNode
	if g.node != nil {
		if err = g.nodeJSON(ctx, &info, "info"); err == nil {
			return info.Height, nil
		}
	}
	if g.node == nil || !errors.Is(err, ErrTransient) {
		var b *event.Block
		if b, err = g.blockQL(ctx, nil); err == nil {
			return b.Height, nil
		}
	}
	return 0, fmt.Errorf("tip of %s: %w", g.Name(), err)
}

var errNoNode = errors.New("the endpoint has no node: set its Node address")

// Block returns a mined block by its height, with its timestamp in milliseconds.
func (g *Gateway) Block(ctx context.Context, height uint64) (event.Block, error) {
	b, err := g.nodeBlock(ctx, height)
	if g.node == nil || (err != nil && !errors.Is(err, ErrTransient)) {
		b, err = g.blockQL(ctx, &height)
	}
	if err == nil && (b.Height != height || b.Time == 0) {
		err = fmt.Errorf("%w: got height %d, time %d", ErrNotFound, b.Height, b.Time)
	}
	if err != nil {
		return event.Block{}, fmt.Errorf("block %d of %s: %w", height, g.Name(), err)
	}
	return *b, nil
}

func (g *Gateway) nodeBlock(ctx context.Context, height uint64) (*event.Block, error) {
	if g.node == nil {
		return nil, errNoNode
	}
	var b struct {
		Height    uint64   `json:"height"`
		Timestamp number53 `json:"timestamp"`
		ID        string   `json:"indep_hash"`
	}
	if err := g.nodeJSON(ctx, &b, "block", "height", strconv.FormatUint(height, 10)); err != nil {
		return nil, err
	}
	return &event.Block{Height: b.Height, Time: b.Timestamp.millis(), ID: blockID(b.ID)}, nil
}

// nodeJSON asks the node. Every element of the path is ours or a checked id.
func (g *Gateway) nodeJSON(ctx context.Context, v any, path ...string) error {
	return g.door.call(ctx, request{build: get(g.node, path...), read: func(resp *http.Response) error {
		if err := checkStatus(resp); err != nil {
			return err
		}
		if strings.Contains(resp.Header.Get("Content-Type"), "html") {
			return &statusError{resp.StatusCode, snippet(resp.Body)}
		}
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("%w: %w", ErrNotFound, &statusError{resp.StatusCode, snippet(resp.Body)})
		}
		return decodeJSON(resp, v)
	}})
}

// get builds a GET below a base address.
func get(base *url.URL, path ...string) func(context.Context) (*http.Request, error) {
	u := base.JoinPath(path...).String()
	return func(ctx context.Context) (*http.Request, error) {
		return http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	}
}

// maxAnswer is the most bytes of a JSON answer; a page of 100 items with all their tags has about 0.6 MiB.
const maxAnswer = 8 << 20

// decodeJSON reads an answer into v. A value cut off in the middle is the connection's fault, anything else the server's.
func decodeJSON(resp *http.Response, v any) error {
	b, err := readAll(resp, maxAnswer)
	if err != nil {
		return err
	}
	if err = json.Unmarshal(b, v); err == nil {
		return nil
	}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) && syntax.Offset >= int64(len(b)) {
		return fmt.Errorf("%w: the answer ends early: %w", ErrTransient, err)
	}
	return fmt.Errorf("answered what is not the JSON that was asked for: %w", err)
}
