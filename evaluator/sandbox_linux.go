package evaluator

import (
	"bytes"
	"fmt"
	"os"
	"os/signal"
	"syscall"

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

// exitOverCap is how the child ends when its processor time is used up.
const exitOverCap = 4

// limit bounds memory and processor time. Memory is RLIMIT_DATA, private writable memory: the mapped model file does not
// count, nor does address space that is only reserved. When the processor time is used up the kernel sends SIGXCPU, at
// which the child says so and ends, and kills it soon after if it does not.
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
		over := make(chan os.Signal, 1)
		signal.Notify(over, unix.SIGXCPU)
		go func() {
			<-over
			os.Exit(exitOverCap)
		}()
		if err := unix.Setrlimit(unix.RLIMIT_CPU, &unix.Rlimit{Cur: s, Max: s + 5}); err != nil {
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

// takeStdout keeps standard output for our messages alone: what a library prints goes to standard error.
func takeStdout() (*os.File, error) {
	fd, err := unix.FcntlInt(1, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, fmt.Errorf("dup stdout: %w", err)
	}
	if err := unix.Dup3(2, 1, 0); err != nil {
		return nil, fmt.Errorf("dup stderr: %w", err)
	}
	return os.NewFile(uintptr(fd), "answers"), nil
}

// ownedByUs makes the kernel kill the child when the thread that started it ends.
func ownedByUs() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

// ownProgram is this very program, also when its file has been replaced since it was started.
const ownProgram = "/proc/self/exe"
