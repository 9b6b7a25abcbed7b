//go:build windows

package event

import _ "github.com/aobench/aobench/rewards"
