package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/aobench/aobench/devnet"
	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/projections"
)

type demoCmd struct {
	Data     string `help:"Folder to play in; a second run in it goes on where the first stopped. Empty: a new temporary one." type:"path" placeholder:"DIR"`
	Once     bool   `help:"Exit after the end and print one JSON object on standard output."`
	Listen   string `help:"Address of the page. Default: 127.0.0.1:8410, with --once any free port." placeholder:"ADDR"`
	LogLevel string `enum:"debug,info,warn,error" default:"warn" help:"debug, info, warn or error."`
}

// Help is shown by aobench demo --help.
func (demoCmd) Help() string {
	return `Starts a local AO and the whole service in this process and plays a funding period of seven days in less than
two minutes: people fund a pool, upload models, join, cheat; every day the models are evaluated by the real engine; at the end
the pot is divided. The models are made on the spot so that the right scores are known beforehand. Then it keeps serving
the page until Ctrl-C.`
}

// Run implements the command.
func (c *demoCmd) Run(ctx context.Context) (err error) {
	if c.Data == "" {
		if c.Data, err = os.MkdirTemp("", "aobench-demo-"); err != nil {
			return err
		}
		if c.Once {
			fmt.Fprintln(os.Stderr, "the folder of this demo is deleted at the end; keep one with --data")
			defer os.RemoveAll(c.Data)
		}
	}
	if c.Listen == "" {
		c.Listen = "127.0.0.1:8410"
		if c.Once {
			c.Listen = "127.0.0.1:0"
		}
	}
	d := &demo{data: c.Data, once: c.Once, out: os.Stdout, logger: newLogger(c.LogLevel, false)}
	if c.Once {
		d.out = os.Stderr // standard output is for the JSON object
	}
	if err := d.open(ctx, c); err != nil {
		return errors.Join(err, d.close())
	}
	return errors.Join(d.run(ctx), d.close())
}

// demo is a local AO, the service on top of it, and the story that is played.
type demo struct {
	data   string
	once   bool
	out    io.Writer
	logger *slog.Logger
	net    *devnet.Net
	stop   func() error // ends the devnet's server
	s      *service
	cast   *cast
	bars   *bars
	done   bool // the story was played to its end
}

// Chain times of the demo. The period lasts from firstDay 00:00 for sevenDays.
const (
	demoDays  = 7
	demoBlock = time.Hour
	demoDepth = 2

	hour event.Millis = 60 * 60 * 1000
)

func demoStart() event.Millis {
	d, err := event.ParseDay("2026-01-01")
	if err != nil {
		panic(err) // a constant
	}
	return d.Start()
}

// hours is a chain time: h hours after the demo's first day has begun.
func hours(h int) event.Millis { return demoStart() + event.Millis(h)*hour }

func (d *demo) open(ctx context.Context, c *demoCmd) (err error) {
	fmt.Fprintf(d.out, "aobench demo in %s\n", c.Data)
	fmt.Fprintln(d.out, "starting a local AO (two RSA-4096 keys are made the first time) …")
	d.net, err = devnet.Open(devnet.Options{
		Dir: filepath.Join(c.Data, "devnet"), Start: hours(-6), BlockInterval: demoBlock, Log: d.logger,
		Balances: map[string]event.Amount{"funder": wAR(1000), "patron": wAR(50), "tipster": wAR(20), "mallory": wAR(1)},
	})
	if err != nil {
		return err
	}
	// The devnet ends after the service, which reads from it: its context is not the one that Ctrl-C ends.
	netCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	url, wait, err := d.net.Serve(netCtx, "127.0.0.1:0")
	if err != nil {
		cancel()
		return err
	}
	d.stop = func() error { cancel(); return wait() }
	if d.cast, err = newCast(d.net); err != nil {
		return err
	}
	d.s, err = newService(ctx, d.config(c, url), d.net.Now, d.logger)
	if err != nil {
		return err
	}
	if d.s.work.engine, err = openEngine(ctx, EvaluateConfig{}, func(what string) { fmt.Fprintln(d.out, "engine:", what) }); err != nil {
		return err
	}
	d.bars = newBars()
	d.s.work.watch = d.bars.progress
	return nil
}

// config is what an operator would write for this devnet.
func (d *demo) config(c *demoCmd, url string) Config {
	return Config{
		Data: filepath.Join(c.Data, "service"), Listen: c.Listen, Admin: "127.0.0.1:0",
		Index: IndexConfig{
			Process: d.net.Pool().String(), FirstHeight: devnet.DefaultStartHeight, Name: "demo devnet",
			GraphQL: url + "/graphql", Node: url, Depth: demoDepth, Poll: time.Second, Overlap: 5, Window: 1000,
		},
		Terms: TermsConfig{
			Tokens:      []string{d.net.Token().String() + " wAR 12"},
			Authorities: []string{d.net.Authority().String()}, Schedulers: []string{d.net.Scheduler().String()},
			Scores: event.ScoresLog, Protocol: "letters/v1", Duration: demoDays * 24 * time.Hour, Challenge: 24 * time.Hour,
			MinDeposit: wAR(1).String(), MaxModelBytes: 64 << 20, MaxRunSeconds: 600, MaxJoinsEach: 5, MaxJoinsPeriod: 100,
			UnfetchableDays: 3,
		},
		Schedule: ScheduleConfig{On: true, Cron: "* * * * *"},
		Evaluate: EvaluateConfig{On: true},
	}
}

func (d *demo) run(outer context.Context) error {
	ctx, cancel := context.WithCancel(outer)
	defer cancel()
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return d.s.run(ctx) })
	g.Go(func() error {
		if err := d.play(ctx); err != nil {
			return err
		}
		if d.once {
			d.done = true
			cancel() // the story is over: let the service end
			return nil
		}
		fmt.Fprintf(d.out, "\nThe page is at %s (Ctrl-C ends it). Afterwards: aobench replay %s\n", d.s.url, d.data)
		return nil
	})
	err := g.Wait()
	d.bars.close()
	switch {
	case d.done && d.once:
		return errors.Join(err, d.report(os.Stdout))
	case outer.Err() != nil && !d.once:
		return nil // Ctrl-C is how a demo ends
	case outer.Err() != nil:
		return errors.New("stopped before its end; with --data it would go on from here")
	}
	return err
}

func (d *demo) close() error {
	var errs []error
	if d.s != nil {
		errs = append(errs, d.s.close())
	}
	if d.stop != nil {
		errs = append(errs, d.stop())
	}
	if d.net != nil {
		errs = append(errs, d.net.Close())
	}
	return errors.Join(errs...)
}

// play tells the story day by day. Every step is done once for ever, so that a demo that was killed goes on.
func (d *demo) play(ctx context.Context) error {
	select {
	case <-d.s.ready:
	case <-ctx.Done():
		return ctx.Err()
	}
	for i, steps := range d.cast.story() {
		for _, st := range steps {
			if err := d.net.AdvanceTo(hours(st.at)); err != nil {
				return err
			}
			if err := st.do(); err != nil {
				return fmt.Errorf("demo step at hour %d: %w", st.at, err)
			}
		}
		if i == 0 {
			continue // the evening before
		}
		day := hours(24*i - 1).Day()
		// Some blocks have to bury the one that ends the day, and on the last day the first message after the end.
		err := d.until(ctx, 24*i+6, func(s *projections.State, p *projections.Period, l *projections.Ledger) bool {
			b := l.Batch(day)
			d.bars.day(i, b, d.cast.total())
			return b != nil && b.Closed != 0
		})
		if err != nil {
			return err
		}
		d.printBoard(i, day)
	}
	err := d.until(ctx, 24*demoDays+6, func(_ *projections.State, _ *projections.Period, l *projections.Ledger) bool {
		return l.Closing != nil && l.Closing.Allocation != nil
	})
	if err != nil {
		return err
	}
	challenge := d.s.live.State().Ledger(d.cast.pool, 1).Closing.Challenge
	err = d.until(ctx, int((challenge-hours(0))/hour)+demoDepth+2, func(_ *projections.State, _ *projections.Period, l *projections.Ledger) bool {
		return l.Closing.FinalAt != 0
	})
	if err == nil {
		d.printEnd()
	}
	return err
}

// until moves the clock to an hour and waits until the service has come to a state. If that takes long, blocks pass: what
// failed is tried again by the chain's clock.
func (d *demo) until(ctx context.Context, hour int, ok func(*projections.State, *projections.Period, *projections.Ledger) bool) error {
	if err := d.net.AdvanceTo(hours(hour)); err != nil {
		return err
	}
	nudge := time.NewTicker(time.Second)
	defer nudge.Stop()
	for {
		changed := d.s.live.Changed()
		s := d.s.live.State()
		if p := s.Period(d.cast.pool, 1); p != nil {
			if l := s.Ledger(p.Pool, p.N); l != nil && ok(s, p, l) {
				return nil
			}
		}
		select {
		case d.s.wake <- struct{}{}:
		default:
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		case <-nudge.C:
			if err := d.net.Mine(1); err != nil {
				return err
			}
			d.s.loop.Wake()
		}
	}
}

// wAR is an amount of whole wrapped AR in base units of 10^-12.
func wAR(n uint64) event.Amount { return event.NewAmount(n * 1_000_000_000_000) }
