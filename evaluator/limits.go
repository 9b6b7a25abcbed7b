package evaluator

import (
	"bytes"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// harden takes from the process what no evaluation needs: core dumps and writing files.
func harden() error {
	for _, res := range []int{unix.RLIMIT_CORE, unix.RLIMIT_FSIZE} {
		if err := unix.Setrlimit(res, &unix.Rlimit{}); err != nil {
			return fmt.Errorf("set limit %d: %w", res, err)
		}
	}
	return nil
}

// limit bounds memory and processor time. Memory is RLIMIT_DATA, private writable memory: the mapped model file does not
// count, nor does address space that is only reserved. When the processor time is used up the kernel kills the process.
func limit(l limits) error {
	if l.Memory > 0 {
		have, err := privateMemory()
		if err != nil {
			return err
		}
		if err := unix.Setrlimit(unix.RLIMIT_DATA, &unix.Rlimit{Cur: have + l.Memory, Max: have + l.Memory}); err != nil {
			return fmt.Errorf("limit memory: %w", err)
		}
	}
	if l.Seconds > 0 {
		s := uint64(l.Seconds)
		if err := unix.Setrlimit(unix.RLIMIT_CPU, &unix.Rlimit{Cur: s, Max: s}); err != nil {
			return fmt.Errorf("limit processor time: %w", err)
		}
	}
	return nil
}

// privateMemory returns the bytes that RLIMIT_DATA counts for this process, see proc_pid_status(5), VmData.
func privateMemory() (uint64, error) {
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, fmt.Errorf("read own memory size: %w", err)
	}
	_, rest, ok := bytes.Cut(b, []byte("\nVmData:"))
	var kb uint64
	if _, err := fmt.Sscanf(string(rest), "%d kB", &kb); !ok || err != nil {
		return 0, fmt.Errorf("read own memory size: no VmData: %w", err)
	}
	return kb << 10, nil
}
