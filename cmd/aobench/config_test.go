package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
)

const (
	poolID  = "DLJoP8Xtdat6SKz3kqYGZPaa7DJBG6etF1jRLQCwquo"
	tokenID = "xU9zFkq3X2ZQ6olwNVvr1vUWIjc3kXTWr7xKQD6dh10"
)

func parse(t *testing.T, yaml string, args ...string) (Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(yaml), 0o600); err != nil {
		t.Fatal(err)
	}
	var c struct {
		Serve serveCmd `cmd:""`
	}
	file := &configFile{}
	p, err := kong.New(&c, kong.DefaultEnvars("AOBENCH"), kong.Resolvers(file), kong.Bind(file), kong.Exit(func(int) {}))
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.Parse(append([]string{"serve", "-c", path}, args...))
	return c.Serve.Config, err
}

const minimal = `
listen: 127.0.0.1:1
admin: 127.0.0.1:2
index:
  process: ` + poolID + `
  first_height: 1400000
  graphql: https://gateway.example/graphql
  poll: 45s
schedule:
  on: false
terms:
  tokens: ["` + tokenID + ` wAR 12 from=2024-06-01", "` + poolID + ` X 0 until=2025-01-01"]
  authorities: ["fcoN_xJeisVsPXA-trzVAuIiqO3ydLQxM-L4XbrQKzY"]
`

func TestPrecedence(t *testing.T) {
	t.Setenv("AOBENCH_ADMIN", "127.0.0.1:22")
	t.Setenv("AOBENCH_LISTEN", "127.0.0.1:11")
	c, err := parse(t, minimal, "--listen", "127.0.0.1:111")
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:111" || c.Admin != "127.0.0.1:22" || c.Index.Poll != 45*time.Second {
		t.Errorf("flags over environment over file over defaults: %q %q %s", c.Listen, c.Admin, c.Index.Poll)
	}
	if c.Index.Depth != 20 || c.Schedule.On || c.Index.FirstHeight != 1400000 {
		t.Errorf("defaults and file: depth %d, schedule %v, first height %d", c.Index.Depth, c.Schedule.On, c.Index.FirstHeight)
	}
	_, terms, err := c.check()
	if err != nil {
		t.Fatal(err)
	}
	if len(terms.Tokens) != 2 || terms.Tokens[0].Denomination != 12 || terms.Tokens[0].From.String() != "2024-06-01T00:00:00.000Z" || terms.Tokens[1].Until == 0 {
		t.Errorf("tokens: %+v", terms.Tokens)
	}
	if len(terms.Authorities) != 1 || terms.Authorities[0].Who.String() != "fcoN_xJeisVsPXA-trzVAuIiqO3ydLQxM-L4XbrQKzY" {
		t.Errorf("authorities: %+v", terms.Authorities)
	}
}

func TestConfigErrorsNameTheKey(t *testing.T) {
	for change, want := range map[string]string{
		"indx: {process: x}":               "unknown keys indx.process",
		"terms: {max_model_byte: 1}":       "unknown keys terms.max-model-byte",
		"index: {process: short}":          "index.process",
		"index: {process: " + poolID + "}": "index.graphql is not set",
		"log_level: loud":                  "log-level",
		"index: [1, 2":                     "configuration",
		"terms: {protocol: letters/v9}\nindex: {process: " + poolID + ", graphql: x}": "terms.protocol",
		"protocol: letters/v1":                      "unknown keys protocol",
		"index: {first-height: 5, first_height: 6}": "index.first-height is given twice",
		"data:":                 "data has no value",
		"terms: {scores: dice}": "scores",
		"index: {process: " + poolID + ", poll: soon}": "poll",
	} {
		c, err := parse(t, change)
		if err == nil {
			_, _, err = c.check()
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n got %v, want something with %q", change, err, want)
		}
	}
	for key, c := range map[string]TermsConfig{
		"terms.tokens":      {Tokens: []string{"x wAR 12"}},
		"terms.authorities": {Authorities: []string{poolID + " since=2024-01-01"}},
		"terms.schedulers":  {Schedulers: []string{"0x12"}},
		"terms.datasets":    {Datasets: []string{poolID}},
		"terms.min-deposit": {MinDeposit: "1.5"},
	} {
		c.Duration, c.Protocol = time.Hour, "letters/v1"
		if c.MinDeposit == "" {
			c.MinDeposit = "1"
		}
		if _, err := c.terms(20); err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("%s: %v", key, err)
		}
	}
}

// TestLiveConfig holds that the file the README sends people to is one that serve takes.
func TestLiveConfig(t *testing.T) {
	b, err := os.ReadFile("../../docs/live.yaml")
	if err != nil {
		t.Fatal(err)
	}
	c, err := parse(t, string(b))
	if err != nil {
		t.Fatal(err)
	}
	if _, terms, err := c.check(); err != nil || c.Schedule.On || c.Evaluate.On || len(terms.Schedulers) != 2 {
		t.Errorf("%v, schedule %v, evaluate %v", err, c.Schedule.On, c.Evaluate.On)
	}
}
