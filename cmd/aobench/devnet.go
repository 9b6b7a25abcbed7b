package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/aobench/aobench/devnet"
	"github.com/aobench/aobench/event"
)

type devnetCmd struct {
	Data     string        `help:"Folder for keys, items and the clock." default:"aobench-devnet" type:"path"`
	Listen   string        `help:"Address to serve on." default:"127.0.0.1:4000"`
	Block    time.Duration `help:"Chain time between blocks." default:"2m"`
	Every    time.Duration `help:"Real time between blocks; 0: only when asked to (POST /devnet/mine, /devnet/advance)." default:"2s"`
	Wallet   []string      `help:"Wallet to make and to give tokens to: NAME=AMOUNT." placeholder:"NAME=AMOUNT"`
	LogLevel string        `enum:"debug,info,warn,error" default:"info" help:"debug, info, warn or error."`
}

// Help is shown by aobench devnet --help.
func (devnetCmd) Help() string {
	return `A local AO in one process: GraphQL, /raw/ID and /info as an Arweave gateway has them, a message unit at POST /,
a bundler at POST /tx, a scheduler, a token and a pool process. GET /devnet says who is who. It goes on after a kill.`
}

// Run implements the command.
func (c *devnetCmd) Run(ctx context.Context) error {
	balances, err := parseBalances(c.Wallet)
	if err != nil {
		return fmt.Errorf("%w: %w", errUsage, err)
	}
	fmt.Fprintln(os.Stderr, "opening the devnet; the first time it makes two RSA keys, which takes some seconds")
	n, err := devnet.Open(devnet.Options{Dir: c.Data, BlockInterval: c.Block, Balances: balances, Log: newLogger(c.LogLevel, false),
		Start: event.Millis(time.Now().UnixMilli()) / 1000 * 1000})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	url, wait, err := n.Serve(ctx, c.Listen)
	if err != nil {
		return errors.Join(err, n.Close())
	}
	fmt.Printf("devnet      %s (stop it with Ctrl-C)\npool        %s\ntoken       %s\nauthority   %s\nscheduler   %s\n", url, n.Pool(), n.Token(), n.Authority(), n.Scheduler())
	fmt.Printf("serve it:   aobench serve --index.name devnet --index.process %s --index.graphql %s/graphql --index.node %s --index.first-height %d --index.depth 2 --index.poll 2s --terms.tokens '%s wAR 12' --terms.authorities %s --terms.schedulers %s\n",
		n.Pool(), url, url, devnet.DefaultStartHeight, n.Token(), n.Authority(), n.Scheduler())
	for name := range balances {
		w, err := n.Wallet(name)
		if err != nil {
			return errors.Join(err, wait(), n.Close())
		}
		fmt.Printf("wallet      %s  %s  %s\n", w.Address(), name, filepath.Join(c.Data, "wallets", name+".json"))
	}
	if c.Every > 0 {
		err = n.Run(ctx, c.Every)
	} else {
		<-ctx.Done()
	}
	cancel()
	return errors.Join(err, wait(), n.Close())
}
