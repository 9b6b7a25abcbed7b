package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/aobench/aobench/evaluator"
)

// Exit codes, the same for every command.
const (
	exitOK     = 0
	exitFailed = 1 // the command could not do what it was asked, or found a difference
	exitUsage  = 2 // the command line or the configuration does not read
)

// cli is every command.
type cli struct {
	Demo     demoCmd     `cmd:"" help:"Everything on one machine with nothing set up: a local AO, models, seven days, a divided pot and the page."`
	Serve    serveCmd    `cmd:"" help:"The service: index, schedule, evaluate, serve (each switchable)."`
	Devnet   devnetCmd   `cmd:"" help:"A local AO to develop against: gateway, message unit, scheduler, token."`
	Evaluate evaluateCmd `cmd:"" help:"A model file on a dataset file: the score and manifest that the service would give."`
	Replay   replayCmd   `cmd:"" help:"Fold a data folder's log again from zero and compare with what it recorded."`
	Engine   engineCmd   `cmd:"" help:"The language-model engine: install it, or say what is installed."`
	Keygen   keygenCmd   `cmd:"" help:"Make a wallet and write it to a new file."`
	Version  versionCmd  `cmd:"" help:"Print what this program was built from."`
}

func main() {
	if len(os.Args) == 2 && os.Args[1] == evaluator.ChildArg {
		evaluator.ChildMain() // does not return
	}
	os.Exit(run(os.Args[1:]))
}

func run(args []string) int {
	var c cli
	config := &configFile{}
	parser, err := kong.New(&c,
		kong.Name("aobench"),
		kong.Description("Leaderboards and rewards for AO benchmark pools, checkable by anyone.\n\nExit codes: 0 done; 1 failed or found a difference; 2 the command line or configuration does not read."),
		kong.DefaultEnvars("AOBENCH"),
		kong.Resolvers(config),
		kong.Bind(config),
		kong.UsageOnError(),
	)
	if err != nil {
		fmt.Fprintln(os.Stderr, "aobench:", err)
		return exitUsage
	}
	kctx, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "aobench:", err)
		return exitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	go func() {
		<-ctx.Done()
		stop() // a second signal ends the program at once
	}()
	kctx.BindTo(ctx, (*context.Context)(nil))
	err = kctx.Run()
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, errUsage):
		fmt.Fprintln(os.Stderr, "aobench:", err)
		return exitUsage
	}
	fmt.Fprintln(os.Stderr, "aobench:", err)
	return exitFailed
}

// errUsage says that what the user gave does not make sense, in contrast to what happened afterwards.
var errUsage = errors.New("check the command line and the configuration")
