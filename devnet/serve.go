package devnet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/aobench/aobench/event"
)

// Serve listens on addr ("127.0.0.1:0" for any free port) until ctx ends. It returns the server's URL at once, and a
// function that waits for its end: it must be called, and returns nil after ctx has ended.
func (n *Net) Serve(ctx context.Context, addr string) (url string, wait func() error, err error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return "", nil, fmt.Errorf("serve devnet: %w", err)
	}
	srv := &http.Server{
		Handler:           n.Handler(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       time.Minute,
		WriteTimeout:      time.Minute,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(n.log.Handler(), slog.LevelDebug),
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		defer cancel()
		if err := srv.Shutdown(grace); err != nil {
			stopped <- srv.Close()
			return
		}
		stopped <- nil
	}()
	return "http://" + l.Addr().String(), func() error {
		err := <-served
		if !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve devnet: %w", err)
		}
		return <-stopped
	}, nil
}

func (n *Net) tip() (*block, int) {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.chain.tip(), len(n.chain.blocks)
}

func (n *Net) blockAt(height uint64) *block {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.chain.at(height)
}

// open returns an item and its data, or no data for an item that is not here.
func (n *Net) open(id event.ID) (event.Item, io.ReadSeekCloser, error) {
	n.mu.RLock()
	e := n.chain.items[id]
	n.mu.RUnlock()
	switch {
	case e == nil:
		return event.Item{}, nil, nil
	case e.item.Blob == nil:
		return e.item, inline{bytes.NewReader(e.item.Data)}, nil
	}
	f, err := os.Open(n.dataPath(id))
	if err != nil {
		return e.item, nil, err
	}
	return e.item, f, nil
}

// inline is data that needs no closing.
type inline struct{ *bytes.Reader }

func (inline) Close() error { return nil }

// status says what a person or script needs to use the devnet.
func (g *gateway) status(w http.ResponseWriter, _ *http.Request) {
	n := g.net
	b, count := n.tip()
	now := n.Now()
	answer(w, http.StatusOK, map[string]any{
		"token": n.token, "pool": n.pool, "authority": n.Authority().String(), "scheduler": n.Scheduler().String(),
		"height": b.height, "blocks": count, "time": now.String(), "clock": now, "modules": map[string]event.ID{"token": TokenModule, "aos": AosModule},
	})
}

func (g *gateway) mine(w http.ResponseWriter, r *http.Request) {
	count := 1
	if s := r.URL.Query().Get("blocks"); s != "" {
		var err error
		if count, err = strconv.Atoi(s); err != nil {
			fail(w, http.StatusBadRequest, errors.New("want ?blocks=<number>"))
			return
		}
	}
	g.moved(w, g.net.Mine(count))
}

func (g *gateway) advance(w http.ResponseWriter, r *http.Request) {
	d, err := time.ParseDuration(r.URL.Query().Get("by"))
	if err != nil {
		fail(w, http.StatusBadRequest, errors.New("want ?by=<duration>, for example 24h or 90s"))
		return
	}
	g.moved(w, g.net.Advance(d))
}

func (g *gateway) moved(w http.ResponseWriter, err error) {
	if err != nil {
		fail(w, http.StatusBadRequest, err)
		return
	}
	g.status(w, nil)
}
