package arch

import (
	"slices"
	"testing"
)

// arrows says which packages of ours each package may import. Tests may import any.
var arrows = map[string][]string{
	"event":                 {},
	"rewards":               {"event"},
	"projections":           {"event", "rewards"},
	"scheduler":             {"event", "rewards", "projections"},
	"api":                   {"event", "rewards", "projections", "dataset"},
	"ao":                    {"event"},
	"indexer":               {"event", "ao"},
	"devnet":                {"event", "ao"},
	"devnet/devnettest":     {"event", "ao", "devnet"},
	"eventlog":              {"event"},
	"eventlog/eventlogtest": {"event", "eventlog"},
	"dataset":               {"event"},
	"evaluator":             {"event", "dataset", "evaluator/letters", "evaluator/libffi"},
	"evaluator/letters":     {"event", "dataset"},
	"evaluator/libffi":      {},
	"evaluator/tinygguf":    {"event", "dataset", "evaluator/letters"},
	"bus":                   {},
	"bus/bustest":           {},
	"demo/questions":        {},
	"internal/arch":         {},
	"e2e":                   {},
	"cmd/aobench":           {"*"},
}

// doors says which package alone may import a library, in tests too. A library is what its path begins with.
var doors = map[string]string{
	"github.com/permadao/":          "ao", // goar
	"github.com/everFinance/":       "ao", // what goar's signers are made of
	"github.com/dgraph-io/":         "eventlog",
	"github.com/ThreeDotsLabs/":     "bus",
	"github.com/robfig/cron":        "scheduler",
	"github.com/go-chi/":            "api",
	"github.com/danielgtaylor/huma": "api",
	"github.com/prometheus/":        "api",
	"github.com/fxamacker/cbor":     "event",
	"github.com/hybridgroup/yzma":   "evaluator",
	"github.com/gpustack/":          "evaluator",
	"github.com/alecthomas/":        "cmd/aobench",
	"github.com/goccy/go-yaml":      "cmd/aobench",
	"gopkg.in/yaml":                 "cmd/aobench",
	"github.com/vbauerster/mpb":     "cmd/aobench",
}

// pure says what the pure core does not import: clocks, chance, the world outside, and locks, which only goroutines need.
var pure = map[string][]string{
	"event":       {"os", "net", "math/rand", "log", "sync", "runtime"},
	"rewards":     {"os", "net", "math/rand", "log", "sync", "runtime", "time"},
	"projections": {"os", "net", "math/rand", "log", "sync", "runtime", "time"},
}

// exact are the packages whose code has no floating point.
var exact = []string{"rewards", "projections"}

func TestHouse(t *testing.T) {
	packages, err := load("../..")
	if err != nil {
		t.Fatal(err)
	}
	if len(packages) < 15 {
		t.Fatalf("only %d packages were found", len(packages))
	}
	for _, v := range check(packages) {
		t.Error(v)
	}
}

// TestPlanted turns arrows and opens walls one by one: each must be seen, and for the right reason.
func TestPlanted(t *testing.T) {
	ours := func(names ...string) (out []ref) {
		for _, n := range names {
			out = append(out, ref{module + n, "x.go", false})
		}
		return out
	}
	library := func(path string, test bool) []ref { return []ref{{path, "x.go", test}} }
	for _, c := range []struct {
		name string
		p    pkg
		want string
	}{
		{"fine", pkg{name: "indexer", doc: true, refs: ours("event", "ao")}, ""},
		{"all meet in cmd", pkg{name: "cmd/aobench", doc: true, refs: ours("event", "api", "bus")}, ""},
		{"arrow up", pkg{name: "event", doc: true, refs: ours("rewards")}, "event imports rewards (x.go)"},
		{"arrow aside", pkg{name: "api", doc: true, refs: ours("eventlog")}, "api imports eventlog (x.go)"},
		{"test goes further", pkg{name: "indexer", doc: true, refs: []ref{{module + "devnet/devnettest", "x.go", true}}}, ""},
		{"nothing imports cmd", pkg{name: "api", doc: true, refs: []ref{{module + "cmd/aobench", "x.go", true}}}, "api imports cmd/aobench (x.go)"},
		{"door", pkg{name: "eventlog", doc: true, refs: library("github.com/dgraph-io/badger/v4", false)}, ""},
		{"wall", pkg{name: "api", doc: true, refs: library("github.com/dgraph-io/badger/v4", false)}, "api imports github.com/dgraph-io/badger/v4, whose door is eventlog (x.go)"},
		{"wall in a test", pkg{name: "devnet", doc: true, refs: library("github.com/permadao/goar/utils", true)}, "devnet imports github.com/permadao/goar/utils, whose door is ao (x.go)"},
		{"stranger", pkg{name: "helpers", doc: true}, "helpers is not in the table of arrows"},
		{"undocumented", pkg{name: "bus"}, "bus has no doc.go"},
		{"clock", pkg{name: "rewards", doc: true, refs: library("time", false)}, "rewards is pure and imports time (x.go)"},
		{"network", pkg{name: "event", doc: true, refs: library("net/http", false)}, "event is pure and imports net/http (x.go)"},
		{"neighbour", pkg{name: "event", doc: true, refs: library("network", false)}, ""},
		{"clock in a test", pkg{name: "rewards", doc: true, refs: library("time", true)}, ""},
		{"goroutine", pkg{name: "projections", doc: true, marks: []mark{{"goroutine", "x.go:3"}}}, "projections is pure and has a goroutine (x.go:3)"},
		{"float", pkg{name: "projections", doc: true, marks: []mark{{"float", "x.go:3"}}}, "projections is exact and has a float (x.go:3)"},
		{"float elsewhere", pkg{name: "evaluator", doc: true, marks: []mark{{"float", "x.go:3"}}}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var want []string
			if c.want != "" {
				want = []string{c.want}
			}
			if got := check([]pkg{c.p}); !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// TestLoad reads planted files, with what a naive reader would miss.
func TestLoad(t *testing.T) {
	packages, err := load("testdata/house")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"event imports rewards (rewards_windows.go)",
		"event is pure and has a goroutine (pure.go:7)",
		"projections is exact and has a float (float.go:3)",
		"projections is exact and has a float (float.go:5)",
		"projections has no doc.go",
	}
	got := check(packages)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
