package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/aobench/aobench/evaluator"
)

// TestMain lets this test binary be the program, and the program's child.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == evaluator.ChildArg {
		evaluator.ChildMain()
	}
	testscript.Main(m, map[string]func(){"aobench": func() { os.Exit(run(os.Args[1:])) }})
}

// TestScripts runs the commands as somebody would who types them.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script"})
}
