package main

import (
	"context"
	"errors"

	"github.com/alecthomas/kong"
)

type serveCmd struct {
	File   configPath `name:"config" short:"c" help:"YAML file with the keys below." type:"path" placeholder:"FILE"`
	Config `embed:""`
}

// configPath is the flag that names the YAML file; it is read before the other flags get their values.
type configPath string

// BeforeResolve is called by kong.
func (p configPath) BeforeResolve(ctx *kong.Context, trace *kong.Path, c *configFile) error {
	path, ok := ctx.FlagValue(trace.Flag).(configPath)
	if !ok || path == "" {
		return nil
	}
	return c.load(string(path))
}

// Help is shown by aobench serve --help.
func (serveCmd) Help() string {
	return `Follows one pool process on AO: reads its messages from an Arweave gateway into the log in the data folder,
opens daily batches, evaluates models (evaluate.on), closes periods, allocates rewards, and serves boards, history and
rewards over HTTP. It writes nothing to AO. Stop it with Ctrl-C or SIGTERM; it may be killed at any time.

Keys in the YAML file are the flags' names, nested at the dots:

  data: /var/lib/aobench
  index:
    process: DLJoP8Xtdat6SKz3kqYGZPaa7DJBG6etF1jRLQCwquo
    graphql: https://arweave.net/graphql
    node: https://arweave.net
  terms:
    tokens: ["xU9zFkq3X2ZQ6olwNVvr1vUWIjc3kXTWr7xKQD6dh10 wAR 12"]`
}

// Run implements the command.
func (c *serveCmd) Run(ctx context.Context) error {
	s, err := newService(ctx, c.Config, wallClock, newLogger(c.LogLevel, c.LogJSON))
	if err != nil {
		return err
	}
	return errors.Join(s.run(ctx), s.close())
}
