//go:build !linux

package evaluator

import (
	"errors"
	"os"
	"syscall"
)

// The child is made for Linux: elsewhere there is no engine but a remote one on models that need no inspection.
var errLinuxOnly = errors.New("the evaluator child runs on Linux only")

const (
	exitOverCap = 4
	ownProgram  = ""
)

func harden() error                   { return errLinuxOnly }
func limit(limits) error              { return errLinuxOnly }
func takeStdout() (*os.File, error)   { return nil, errLinuxOnly }
func ownedByUs() *syscall.SysProcAttr { return nil }
