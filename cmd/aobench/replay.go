package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/eventlog"
	"github.com/aobench/aobench/projections"
)

type replayCmd struct {
	Data string `arg:"" help:"Data folder of serve or demo; nothing may be writing to it." type:"existingdir"`
}

// Help is shown by aobench replay --help.
func (replayCmd) Help() string {
	return `Checks the whole log against its Merkle tree, folds it again from the first event without any snapshot, and compares
at every day's closing and at the head: the board that was recorded, the allocation that was recorded, and the state that
the service reaches by its snapshots. Exit code 1 and the first difference if there is one.`
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// errDifference says that a replay did not give what was recorded.
var errDifference = errors.New("replay differs from what was recorded")

// Run implements the command.
func (c *replayCmd) Run(ctx context.Context) error {
	if inner := filepath.Join(c.Data, "service"); isDir(inner) {
		c.Data = inner // a demo's folder has the service's in it
	}
	log, err := eventlog.Open(eventlog.Options{Dir: c.Data, ReadOnly: true})
	if err != nil {
		return err
	}
	defer log.Close()
	began := time.Now()
	progress, done := replayBar(log.Head())
	if err := log.Verify(ctx, func(n, _ event.Seq) { progress(n) }); err != nil {
		done()
		return err
	}
	done()
	fmt.Printf("log         %d events, every one in the tree\n", log.Head())
	s, err := replay(ctx, log, os.Stdout)
	if err != nil {
		return err
	}
	root, err := log.Root(s.Seq)
	if err != nil {
		return err
	}
	fmt.Printf("tree root   %s\nstate root  %s at seq %d\nreplayed in %s\n", root, s.Root(), s.Seq, time.Since(began).Round(time.Millisecond))
	return nil
}

// replay folds from zero and compares on the way.
func replay(ctx context.Context, log *eventlog.Log, w io.Writer) (*projections.State, error) {
	s := projections.New()
	for e, err := range log.Events(ctx, 0) {
		if err != nil {
			return s, err
		}
		s = s.Apply(e)
		if len(s.Faults) > 0 {
			f := s.Faults[0]
			return s, fmt.Errorf("%w: seq %d: %s", errDifference, f.Seq, f.Why)
		}
		switch b := e.Body.(type) {
		case event.BatchClosed:
			if err := sameAsOf(ctx, log, s); err != nil {
				return s, err
			}
			fmt.Fprintf(w, "board       %s  pool %s  %d rows  root %s  seq %d\n", b.Day, b.Pool, b.Rows, b.Root, e.Seq)
		case event.RewardsAllocated:
			fmt.Fprintf(w, "allocation  period %d  pool %s  %d payouts  root %s  seq %d\n", b.Period, b.Pool, len(b.Payouts), b.Root, e.Seq)
		}
	}
	return s, sameAsOf(ctx, log, s)
}

// sameAsOf compares the state folded from zero with the one that the service reaches from its nearest snapshot.
func sameAsOf(ctx context.Context, log *eventlog.Log, s *projections.State) error {
	other, err := projections.AsOf(ctx, log, log, s.Seq)
	if err != nil {
		return err
	}
	a, err1 := s.Encode()
	b, err2 := other.Encode()
	if err := errors.Join(err1, err2); err != nil {
		return err
	}
	if !bytes.Equal(a, b) {
		return fmt.Errorf("%w: at seq %d the state from zero has root %s, the one from a snapshot %s: delete the snapshots", errDifference, s.Seq, s.Root(), other.Root())
	}
	return nil
}

func replayBar(head event.Seq) (set func(event.Seq), done func()) {
	if !term.IsTerminal(int(os.Stderr.Fd())) {
		return func(event.Seq) {}, func() {}
	}
	p := mpb.New(mpb.WithOutput(os.Stderr), mpb.WithWidth(48))
	bar := p.AddBar(int64(head), mpb.PrependDecorators(decor.Name("verify "), decor.CountersNoUnit("%d/%d events ")), mpb.AppendDecorators(decor.Percentage()), mpb.BarRemoveOnComplete())
	return func(n event.Seq) { bar.SetCurrent(int64(n)) }, func() { bar.Abort(true); p.Wait() }
}
