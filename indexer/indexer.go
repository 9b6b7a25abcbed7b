package indexer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/aobench/aobench/event"
)

// An Indexer is the one tail of a log. One pass runs at a time: Run, or calls of Pass and Rescan one after another.
type Indexer struct {
	cfg    Config
	gw     Gateway
	log    Log
	logger *slog.Logger
	lister lister
	next   uint64           // lowest height of no closed window
	tries  map[event.ID]int // failures of items that have no verdict yet

	mu      sync.Mutex
	status  Status
	refused map[event.ID]bool // refused by this process: left alone until the next rescan
}

// Status tells how the tail stands.
type Status struct {
	Tip      uint64    // newest height that the gateway told; 0 before it did
	Next     uint64    // lowest height of no closed window
	LastPass time.Time // when the newest pass without an error ended
	Err      string    // newest error; "" when the newest pass had none
	ErrAt    time.Time // of the newest error, also when a pass without one followed
	Held     int       // items that the newest pass could not verify, and that were not given up
}

// Progress tells what a pass has done so far. Counts are of what was new to the log.
type Progress struct {
	Next, Top   uint64 // the tail is done when Next is above Top: the tip less the confirmation depth
	Windows     int    // closed
	Messages    int
	Assignments int
	Refused     int
}

// New returns the tail of cfg.Process. It sends nothing yet. A nil logger is silence.
func New(cfg Config, gw Gateway, log Log, logger *slog.Logger) *Indexer {
	cfg = cfg.withDefaults(runtime.GOMAXPROCS(0))
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &Indexer{
		cfg: cfg, gw: gw, log: log, logger: logger,
		lister:  lister{gw: gw, queries: cfg.queries(), maxWidth: cfg.MaxWindow, width: cfg.MaxWindow},
		next:    cfg.Next,
		tries:   map[event.ID]int{},
		refused: map[event.ID]bool{},
		status:  Status{Next: cfg.Next},
	}
}

// Status may be called at any time.
func (x *Indexer) Status() Status {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.status
}

func (x *Indexer) setStatus(change func(*Status)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	change(&x.status)
}

// Pass reads the overlap again, and closes all windows that are buried deep enough now. After an error the windows that
// Progress counts are closed and the rest is for the next pass.
func (x *Indexer) Pass(ctx context.Context) (Progress, error) { return x.pass(ctx, x.cfg.Overlap) }

// Rescan is Pass with everything from a height read again, and with what was refused tried again.
func (x *Indexer) Rescan(ctx context.Context, from uint64) (Progress, error) {
	x.unsettle()
	return x.pass(ctx, x.next-min(from, x.next))
}

func (x *Indexer) pass(ctx context.Context, reach uint64) (Progress, error) {
	w := writer{Indexer: x, progress: Progress{Next: x.next}}
	err := x.tail(ctx, reach, &w)
	now := time.Now()
	x.setStatus(func(s *Status) {
		s.Next, s.Held = x.next, w.held
		if err == nil {
			s.LastPass, s.Err = now, ""
		} else if ctx.Err() == nil {
			s.Err, s.ErrAt = err.Error(), now
		}
	})
	return w.progress, err
}

// tail runs three stages beside each other: while a window is written, the next is verified and the one after it listed.
func (x *Indexer) tail(ctx context.Context, reach uint64, w *writer) error {
	tip, err := x.gw.Tip(ctx)
	if err != nil {
		return err
	}
	x.setStatus(func(s *Status) { s.Tip = tip })
	if tip < x.cfg.Depth {
		return nil
	}
	w.tip, w.progress.Top = tip, tip-x.cfg.Depth
	from, next, top := max(x.cfg.FirstHeight, x.next-min(reach, x.next)), x.next, w.progress.Top

	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	parts, verified := make(chan part), make(chan checked)
	var stages sync.WaitGroup
	var listing, checking error
	stages.Go(func() {
		defer close(parts)
		listing = x.lister.run(ctx, from, next, top, parts)
	})
	stages.Go(func() {
		defer close(verified)
		checking = x.check(ctx, parts, verified)
	})
	// A stage that fails does not stop the ones after it: what it has passed on is complete, and were it thrown away, a
	// window that cannot be listed would keep the ones before it from ever being closed.
	writing := w.run(ctx, verified)
	cancel()
	stages.Wait()
	return firstError(writing, checking, listing)
}

// firstError returns the last stage's error, which is what stopped the stages before it.
func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// settle leaves a refused item alone until the next rescan.
func (x *Indexer) settle(id event.ID) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if len(x.refused) > maxCrowd {
		clear(x.refused) // only costs another look at each
	}
	x.refused[id] = true
}

func (x *Indexer) isRefused(id event.ID) bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.refused[id]
}

// unsettle has everything that was refused tried again.
func (x *Indexer) unsettle() {
	x.mu.Lock()
	defer x.mu.Unlock()
	clear(x.refused)
}

// errWindow says that the log has a window that this process knows nothing of. Going on could leave heights out.
var errWindow = errors.New("the log has a window from this height already: another process writes to it, or an append that failed was done after all; stop and start again")

// checkOpen makes sure that no window from x.next is in the log.
func (x *Indexer) checkOpen() error {
	_, closed, err := x.log.Lookup(event.WindowClosed{From: x.next}.ID())
	if err == nil && closed {
		err = fmt.Errorf("close window from %d: %w", x.next, errWindow)
	}
	return err
}
