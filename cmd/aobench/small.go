package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/evaluator"
	"github.com/aobench/aobench/event"
)

type versionCmd struct{}

// Run implements the command.
func (versionCmd) Run() error {
	fmt.Printf("aobench %s, %s %s/%s\n", commit(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return nil
}

// commit says what this program was built from, as far as the build knows.
func commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	rev, dirty := "", ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			rev = s.Value
		case "vcs.modified":
			if s.Value == "true" {
				dirty = "+changes"
			}
		}
	}
	if rev == "" {
		return info.Main.Version
	}
	return rev + dirty
}

type keygenCmd struct {
	File string `arg:"" help:"File to write (a JWK, readable by you alone); it must not exist." type:"path"`
	Type string `help:"ethereum (small, signatures are repeatable) or rsa (4096 bits, takes seconds)." enum:"ethereum,rsa" default:"ethereum"`
}

// Run implements the command.
func (c keygenCmd) Run() error {
	make := ao.GenerateEthereum
	if c.Type == "rsa" {
		make = ao.GenerateRSA
	}
	s, err := make()
	if err != nil {
		return err
	}
	if err := s.WriteFile(c.File); err != nil {
		return err
	}
	fmt.Println(s.Address())
	return nil
}

type engineCmd struct {
	Install engineInstallCmd `cmd:"" help:"Get the engine's libraries (npm is needed) and check them."`
	Info    engineInfoCmd    `cmd:"" help:"Say which engine runs models here."`
}

type engineInstallCmd struct{}

// Run implements the command.
func (engineInstallCmd) Run(ctx context.Context) error {
	dir, err := evaluator.DefaultDir()
	if err != nil {
		return err
	}
	lib, err := evaluator.Install(ctx, dir, func(s string) { fmt.Println(s) })
	if err != nil {
		return err
	}
	return printLibrary(lib)
}

type engineInfoCmd struct {
	Lib string `help:"Folder with the libraries; empty: where engine install puts them." type:"path"`
}

// Run implements the command.
func (c engineInfoCmd) Run() error {
	var lib evaluator.Library
	dir, err := evaluator.DefaultDir()
	if err == nil && c.Lib == "" {
		lib, err = evaluator.Locate(dir)
	} else if c.Lib != "" {
		lib, err = evaluator.OwnLibrary(c.Lib)
	}
	if err != nil {
		return err
	}
	return printLibrary(lib)
}

func printLibrary(lib evaluator.Library) error {
	fmt.Printf("engine    %s\nfolder    %s\nsha256    %s\nvariants  %s\n", lib.Version, lib.Dir, lib.Hash(), strings.Join(lib.CPUVariants(), " "))
	for _, f := range lib.Files {
		fmt.Printf("%s  %s\n", f.SHA256, f.Name)
	}
	return nil
}

// parseBalances reads NAME=AMOUNT.
func parseBalances(list []string) (map[string]event.Amount, error) {
	out := map[string]event.Amount{}
	for _, s := range list {
		name, amount, ok := strings.Cut(s, "=")
		if !ok {
			return nil, fmt.Errorf("wallet %q: want NAME=AMOUNT", s)
		}
		n, err := event.ParseAmount(amount)
		if err != nil {
			return nil, fmt.Errorf("wallet %q: %w", s, err)
		}
		out[name] = n
	}
	return out, nil
}
