package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml"

	"github.com/aobench/aobench/evaluator/letters"
	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/scheduler"
)

// Config is everything that serve can be told. Each field is a key of the YAML file (index.process is process: under
// index:), an environment variable (AOBENCH_INDEX_PROCESS) and a flag (--index.process); a flag wins over the environment,
// which wins over the file. What decides money (terms) is written into the log when it changes; a running period keeps the
// terms that it was opened with.
type Config struct {
	Data     string         `help:"Data folder: the log, checkpoint, evidence, cached models." default:"aobench-data" type:"path"`
	Listen   string         `help:"Address of the public API and pages." default:"127.0.0.1:8410"`
	Admin    string         `help:"Address of metrics, health and profiling. Keep it private." default:"127.0.0.1:8411"`
	LogLevel string         `help:"debug, info, warn or error." enum:"debug,info,warn,error" default:"info"`
	LogJSON  bool           `help:"Log JSON lines instead of text."`
	Index    IndexConfig    `embed:"" prefix:"index." group:"Index: what to read"`
	Terms    TermsConfig    `embed:"" prefix:"terms." group:"Terms: what decides money"`
	Schedule ScheduleConfig `embed:"" prefix:"schedule." group:"Schedule"`
	Evaluate EvaluateConfig `embed:"" prefix:"evaluate." group:"Evaluate"`
}

// IndexConfig says which process to follow, and where.
type IndexConfig struct {
	Process     string        `help:"Id of the pool process. It is written into seq 1 and can never change in a data folder." placeholder:"ID"`
	FirstHeight uint64        `help:"Block height to start from, at least 1. It is written into seq 1 as well." default:"1"`
	Name        string        `help:"What to call this network on the pages." default:"AO"`
	GraphQL     string        `name:"graphql" help:"URL of the gateway's GraphQL endpoint." placeholder:"URL"`
	Node        string        `help:"URL of the gateway's data and block endpoints; empty: GraphQL alone." placeholder:"URL"`
	Depth       uint64        `help:"Confirmation depth: blocks on top before a message is taken as fact." default:"20"`
	Poll        time.Duration `help:"Pause between looks at the gateway." default:"30s"`
	Overlap     uint64        `help:"Blocks that every look reads again, for what turned up late." default:"50"`
	Window      uint64        `help:"Most blocks of one window." default:"1000"`
}

// TermsConfig is what decides money. Addresses and tokens may carry a validity: "ADDRESS from=2024-01-01 until=2025-01-01".
type TermsConfig struct {
	Tokens          []string      `help:"Accepted tokens: \"PROCESS TICKER DECIMALS [from=DAY] [until=DAY]\"." sep:";" placeholder:"TOKEN"`
	Authorities     []string      `help:"Wallets whose From-Process counts." sep:";" placeholder:"ADDRESS"`
	Schedulers      []string      `help:"Wallets whose assignments count." sep:";" placeholder:"ADDRESS"`
	Evaluator       string        `help:"Address of our evaluator, whose Score-Response messages are recorded." placeholder:"ADDRESS"`
	Scores          string        `help:"log: our runs decide. chain: the dataset process's Score-Response messages decide." enum:"log,chain" default:"log"`
	Protocol        string        `help:"Evaluation protocol." default:"letters/v1"`
	Datasets        []string      `help:"Where a pool's questions are: \"POOL TRANSACTION\"; default: the pool's id itself." sep:";" placeholder:"DATASET"`
	Duration        time.Duration `help:"Length of a funding period." default:"720h"`
	Challenge       time.Duration `help:"Chain time between an allocation and its becoming final." default:"72h"`
	MinDeposit      string        `help:"Least deposit that opens a period, in the token's base unit." default:"1"`
	CopyThreshold   uint32        `help:"A model is a copy when fewer choices than this differ; 0: one in a hundred, rounded up." default:"0"`
	MaxModelBytes   uint64        `help:"Largest model file." default:"8589934592"`
	MaxRunSeconds   uint32        `help:"Most processor seconds of one run." default:"14400"`
	MaxJoinsEach    uint32        `help:"Most models of one participant in a period; 0: no limit." default:"10"`
	MaxJoinsPeriod  uint32        `help:"Most models in a period; 0: no limit." default:"1000"`
	UnfetchableDays uint32        `help:"Days after which a model that no gateway has counts as at fault." default:"3"`
}

// ScheduleConfig switches decisions.
type ScheduleConfig struct {
	On   bool   `help:"Open batches, close periods and allocate. Off: only index and serve." default:"true" negatable:""`
	Cron string `help:"When to look, five fields in UTC. It only wakes: what is due follows from the log." default:"* * * * *"`
}

// EvaluateConfig switches and places the engine.
type EvaluateConfig struct {
	On      bool   `help:"Evaluate models on this machine." default:"false" negatable:""`
	Lib     string `help:"Folder with the engine's shared libraries; empty: those that engine install puts there." type:"path" placeholder:"DIR"`
	Threads int    `help:"Threads of the built-in engine; 0: one fewer than there are cores." default:"0"`
}

// configFile is the YAML file as a kong resolver: it gives a flag its value where neither the command line nor the
// environment does.
type configFile struct {
	path   string
	values map[string]any // by flag name
}

func (c *configFile) load(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read configuration: %w", err)
	}
	var tree map[string]any
	if err := yaml.UnmarshalWithOptions(b, &tree, yaml.Strict()); err != nil {
		return fmt.Errorf("configuration %s: %w", path, err)
	}
	c.path, c.values = path, map[string]any{}
	return c.flatten("", tree)
}

// flatten reads nested keys as flag names. A key may be written with _ for -, but not twice.
func (c *configFile) flatten(prefix string, tree map[string]any) error {
	for k, v := range tree {
		key := prefix + strings.ReplaceAll(k, "_", "-")
		if sub, ok := v.(map[string]any); ok {
			if err := c.flatten(key+".", sub); err != nil {
				return err
			}
			continue
		}
		if _, twice := c.values[key]; twice {
			return fmt.Errorf("configuration %s: %s is given twice", c.path, key)
		}
		c.values[key] = v
	}
	return nil
}

// Validate implements kong.Resolver: a key that no flag has is refused, since a misspelt limit is no limit.
func (c *configFile) Validate(app *kong.Application) error {
	known := map[string]bool{}
	for _, n := range app.Children {
		for _, f := range n.Flags {
			known[f.Name] = known[f.Name] || n.Name == "serve" // the one command with a file
		}
	}
	var unknown []string
	for k := range c.values {
		if !known[k] {
			unknown = append(unknown, k)
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return fmt.Errorf("configuration %s: unknown keys %s: see aobench serve --help", c.path, strings.Join(unknown, ", "))
	}
	return nil
}

// Resolve implements kong.Resolver.
func (c *configFile) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, env := range flag.Envs {
		if _, ok := os.LookupEnv(env); ok {
			return nil, nil // the environment wins over the file
		}
	}
	v, ok := c.values[flag.Name]
	if !ok {
		return nil, nil
	}
	switch v := v.(type) {
	case nil:
		return nil, fmt.Errorf("configuration %s: %s has no value: give one or remove the key", c.path, flag.Name)
	case []any:
		parts := make([]string, len(v))
		for i, p := range v {
			parts[i] = fmt.Sprint(p)
		}
		return strings.Join(parts, string(flag.Tag.Sep)), nil
	default:
		return fmt.Sprint(v), nil
	}
}

// check turns the texts of a configuration into what they mean; an error names the key.
func (c *Config) check() (process event.ID, terms event.Terms, err error) {
	if process, err = event.ParseID(c.Index.Process); err != nil {
		return process, terms, fmt.Errorf("index.process %q: %w", c.Index.Process, err)
	}
	if c.Index.FirstHeight == 0 {
		return process, terms, errors.New("index.first-height is 0: the first height that can hold anything is 1")
	}
	if c.Index.GraphQL == "" {
		return process, terms, errors.New("index.graphql is not set: give the URL of a gateway's GraphQL endpoint")
	}
	if err := scheduler.CheckSpec(c.Schedule.Cron); err != nil {
		return process, terms, fmt.Errorf("schedule.cron: %w", err)
	}
	terms, err = c.Terms.terms(c.Index.Depth)
	return process, terms, err
}

func (t TermsConfig) terms(depth uint64) (event.Terms, error) {
	out := event.Terms{
		Scores: t.Scores, Protocol: t.Protocol, CopyThreshold: t.CopyThreshold, Depth: depth,
		Duration: event.Millis(t.Duration.Milliseconds()), Challenge: event.Millis(t.Challenge.Milliseconds()),
		MaxModelBytes: t.MaxModelBytes, MaxRunSeconds: t.MaxRunSeconds,
		MaxJoinsEach: t.MaxJoinsEach, MaxJoinsPeriod: t.MaxJoinsPeriod, UnfetchableDays: t.UnfetchableDays,
	}
	if out.Duration <= 0 || out.Challenge < 0 {
		return out, errors.New("terms.duration must be positive and terms.challenge not negative")
	}
	if t.Protocol != letters.Name {
		return out, fmt.Errorf("terms.protocol %q: this program knows %s", t.Protocol, letters.Name)
	}
	var errs []error
	for _, s := range t.Tokens {
		k, err := parseToken(s)
		errs = append(errs, keyError("terms.tokens", s, err))
		out.Tokens = append(out.Tokens, k)
	}
	for _, s := range t.Authorities {
		v, err := parseValid(s)
		errs = append(errs, keyError("terms.authorities", s, err))
		out.Authorities = append(out.Authorities, v)
	}
	for _, s := range t.Schedulers {
		v, err := parseValid(s)
		errs = append(errs, keyError("terms.schedulers", s, err))
		out.Schedulers = append(out.Schedulers, v)
	}
	for _, s := range t.Datasets {
		d, err := parseDataset(s)
		if err == nil && slices.ContainsFunc(out.Datasets, func(o event.DatasetTerm) bool { return o.Pool == d.Pool }) {
			err = errors.New("the pool has a dataset already")
		}
		errs = append(errs, keyError("terms.datasets", s, err))
		out.Datasets = append(out.Datasets, d)
	}
	var err error
	if t.Evaluator != "" {
		out.Evaluator, err = event.ParseAddress(t.Evaluator)
		errs = append(errs, keyError("terms.evaluator", t.Evaluator, err))
	}
	out.MinDeposit, err = event.ParseAmount(t.MinDeposit)
	errs = append(errs, keyError("terms.min-deposit", t.MinDeposit, err))
	return out, errors.Join(errs...)
}

func keyError(key, value string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %q: %w", key, value, err)
}
