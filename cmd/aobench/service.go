package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/api"
	"github.com/aobench/aobench/bus"
	"github.com/aobench/aobench/evaluator"
	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/eventlog"
	"github.com/aobench/aobench/indexer"
	"github.com/aobench/aobench/scheduler"
)

// service is serve in one process: everything between the gateway and the page.
type service struct {
	cfg    Config
	logger *slog.Logger
	now    func() event.Millis // the clock that events are recorded by
	log    *eventlog.Log
	live   *live
	index  *indexer.Indexer
	loop   *scheduler.Loop
	bus    *bus.Bus
	work   *worker
	gate   *ao.Gateway
	wake   chan struct{} // makes the indexer look at once
	url    string        // of the public listener, once run
	ready  chan struct{} // closed when url is set
}

// newService opens the log and puts the parts together. Close it also when run was never called.
func newService(ctx context.Context, cfg Config, now func() event.Millis, logger *slog.Logger) (_ *service, err error) {
	process, terms, err := cfg.check()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUsage, err)
	}
	s := &service{cfg: cfg, logger: logger, now: now, wake: make(chan struct{}, 1), ready: make(chan struct{})}
	// The addresses are checked before anything is created.
	if s.gate, err = ao.NewGateway(ao.Endpoint{GraphQL: cfg.Index.GraphQL, Node: cfg.Index.Node, Name: cfg.Index.GraphQL}, nil); err != nil {
		return nil, fmt.Errorf("%w: %w", errUsage, err)
	}
	if s.log, err = eventlog.Open(eventlog.Options{Dir: cfg.Data, Now: now, Logger: logger}); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.close()
		}
	}()
	if s.live, err = newLive(ctx, s.log, logger); err != nil {
		return nil, err
	}
	if err = s.begin(ctx, process, terms); err != nil {
		return nil, err
	}
	s.bus = bus.New(logger)
	s.work = &worker{log: s.log, gateway: s.gate, dir: cfg.Data, state: s.live.State, logger: logger, commit: commit()}
	s.index = s.newIndexer(process, terms)
	loop := scheduler.Config{Log: s.log, Live: s.live.State, Jobs: s.bus, Now: now, Spec: cfg.Schedule.Cron, Fatal: fatal, Logger: logger}
	if s.loop, err = scheduler.New(loop); err != nil {
		return nil, err
	}
	return s, nil
}

// begin writes seq 1 and the terms, or checks that the folder is the one of this process.
func (s *service) begin(ctx context.Context, process event.ID, terms event.Terms) error {
	st := s.live.State()
	opened := event.LogOpened{Process: process, FirstHeight: s.cfg.Index.FirstHeight, Name: s.cfg.Index.Name}
	if st.Seq > 0 && (st.Opened.Process != process || st.Opened.FirstHeight != opened.FirstHeight) {
		return fmt.Errorf("%w: data folder %s follows process %s from height %d, the configuration says %s from %d: use another folder",
			errUsage, s.cfg.Data, st.Opened.Process, st.Opened.FirstHeight, process, opened.FirstHeight)
	}
	var bodies []event.Body
	if st.Seq == 0 {
		bodies = append(bodies, opened)
	}
	revision := uint32(1)
	if n := len(st.Terms); n > 0 {
		revision = st.Terms[n-1].Revision + 1
	}
	if old, ok := st.CurrentTerms(); !ok || old.Hash() != terms.Hash() {
		bodies = append(bodies, event.TermsSet{Revision: revision, Terms: terms})
	}
	if len(bodies) == 0 {
		return nil
	}
	if _, err := s.log.Append(ctx, bodies...); err != nil {
		return err
	}
	_, err := s.live.fold(ctx)
	return err
}

func (s *service) newIndexer(process event.ID, terms event.Terms) *indexer.Indexer {
	cfg := indexer.Config{
		Process: process, FirstHeight: s.cfg.Index.FirstHeight, Depth: s.cfg.Index.Depth, Overlap: s.cfg.Index.Overlap,
		MaxWindow: s.cfg.Index.Window, PollEvery: s.cfg.Index.Poll, Fatal: fatal, Closed: s.tellBackfill(),
	}
	for _, k := range terms.Tokens {
		cfg.Tokens = append(cfg.Tokens, k.Process)
	}
	for _, v := range terms.Schedulers {
		cfg.Schedulers = append(cfg.Schedulers, v.Who)
	}
	if w := s.live.State().Window; w.Closed > 0 {
		cfg.Next = w.To + 1
	}
	return indexer.New(cfg, s.gate, s.log, s.logger)
}

// fatal reports whether the log cannot be written until the program is started again. A full disk is not: it is waited out.
func fatal(err error) bool {
	return errors.Is(err, eventlog.ErrFatal) || errors.Is(err, eventlog.ErrClosed)
}

// tellBackfill says every few seconds how far the tail is, while it is far behind.
func (s *service) tellBackfill() func(indexer.Progress) {
	var last time.Time
	return func(p indexer.Progress) {
		if time.Since(last) > 5*time.Second && p.Next+s.cfg.Index.Window < p.Top {
			last = time.Now()
			s.logger.Info("reading the past", "height", p.Next, "of", p.Top)
		}
	}
}

// run runs all parts until ctx ends or one of them cannot go on.
func (s *service) run(outer context.Context) error {
	ctx := outer
	if err := s.startEngine(ctx); err != nil {
		return err
	}
	public, err := net.Listen("tcp", s.cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w (another aobench running? choose another --listen)", err)
	}
	defer public.Close()
	admin, err := net.Listen("tcp", s.cfg.Admin)
	if err != nil {
		return fmt.Errorf("listen: %w (another aobench running? choose another --admin)", err)
	}
	defer admin.Close()
	s.url = "http://" + public.Addr().String()
	close(s.ready)
	s.logger.Info("serving", "pages", s.url, "admin", "http://"+admin.Addr().String(), "data", s.cfg.Data, "head", s.log.Head())

	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.live.run(ctx) })
	g.Go(func() error { return s.index.Run(ctx, s.wake) })
	if s.cfg.Schedule.On {
		g.Go(func() error { return s.loop.Run(ctx) })
		g.Go(func() error { return s.wakeOnGrowth(ctx) })
		g.Go(func() error {
			return s.bus.Subscribe(ctx, bus.TopicWake, 1, func(context.Context, []byte) error { s.loop.Wake(); return nil })
		})
		// Who uploaded a model decides who holds its place, whether or not this process evaluates.
		g.Go(func() error { return s.bus.Subscribe(ctx, scheduler.TopicLook, 4, s.work.handle) })
	}
	if s.cfg.Evaluate.On {
		// One run at a time: two on one machine would take longer than one after the other.
		g.Go(func() error { return s.bus.Subscribe(ctx, scheduler.TopicRun, 1, s.work.handle) })
	}
	site := api.New(source{s}, api.Options{Version: commit(), Log: s.logger})
	g.Go(func() error { return api.Serve(ctx, public, site) })
	g.Go(func() error { return api.Serve(ctx, admin, site.Admin()) })
	err = g.Wait()
	if stopped := context.Cause(outer); stopped != nil {
		return nil // we were asked to stop, and the parts say no more than that
	}
	return err
}

// wakeOnGrowth makes the scheduler look whenever a newer state is there. A wake-up that is lost costs until cron's next.
func (s *service) wakeOnGrowth(ctx context.Context) error {
	for {
		changed := s.live.Changed()
		s.bus.Wake(bus.TopicWake)
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
	}
}

// startEngine makes ready what models run in.
func (s *service) startEngine(ctx context.Context) error {
	if !s.cfg.Evaluate.On || s.work.engine != nil {
		return nil
	}
	e, err := openEngine(ctx, s.cfg.Evaluate, func(what string) { s.logger.Info("engine", "doing", what) })
	if err != nil {
		return err
	}
	s.work.engine = e
	return nil
}

// openEngine returns the engine that the configuration asks for, installing the built-in one on first use.
func openEngine(ctx context.Context, cfg EvaluateConfig, say func(string)) (evaluator.Engine, error) {
	var lib evaluator.Library
	var err error
	if cfg.Lib != "" {
		lib, err = evaluator.OwnLibrary(cfg.Lib)
	} else {
		var dir string
		if dir, err = evaluator.DefaultDir(); err == nil {
			lib, err = evaluator.Install(ctx, dir, say)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	return evaluator.Embedded{Library: lib, Threads: uint32(cfg.Threads)}, nil
}

func (s *service) close() error {
	var errs []error
	if s.bus != nil {
		errs = append(errs, s.bus.Close())
	}
	if s.gate != nil {
		s.gate.Close()
	}
	if s.log != nil {
		errs = append(errs, s.log.Close())
	}
	return errors.Join(errs...)
}

// wallClock is the time of the machine.
func wallClock() event.Millis { return event.Millis(time.Now().UnixMilli()) }

func newLogger(level string, json bool) *slog.Logger {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		l = slog.LevelInfo // kong has checked the word
	}
	opts := &slog.HandlerOptions{Level: l}
	if json {
		return slog.New(slog.NewJSONHandler(os.Stderr, opts))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, opts))
}
