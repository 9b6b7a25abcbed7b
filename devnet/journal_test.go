package devnet_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/devnet"
	"github.com/aobench/aobench/devnet/devnettest"
	"github.com/aobench/aobench/event"
)

// childDir names the folder on which the test binary, started again, plays a script until it is killed.
const childDir = "DEVNET_TEST_CHILD_DIR"

// A picture is everything that must survive.
type picture struct {
	Token, Pool, Authority, Scheduler, User string
	Now                                     event.Millis
	Height                                  uint64
	Balances                                []string
	Nodes                                   []ao.Node
}

func pictureOf(t *testing.T, n *devnet.Net) picture {
	t.Helper()
	g, _ := devnettest.Gateway(t, n)
	nodes, err := g.All(t.Context(), ao.Query{})
	if err != nil {
		t.Fatal(err)
	}
	return picture{
		Token: n.Token().String(), Pool: n.Pool().String(), Authority: n.Authority().String(), Scheduler: n.Scheduler().String(),
		User: address(t, n, "user").String(), Now: n.Now(), Height: n.Height(), Nodes: nodes,
		Balances: []string{n.Balance(address(t, n, "funder")).String(), n.Balance(n.Pool().Address()).String()},
	}
}

// play is a script of some steps, each of which may have been done before.
func play(n *devnet.Net, steps int, did func(int)) error {
	start := devnet.DefaultStart
	for i := range steps {
		if _, err := n.Send(fmt.Sprint("pay ", i), "funder", transfer(n, n.Pool(), "1", tag("X-Step", fmt.Sprint(i)))); err != nil {
			return err
		}
		if _, err := n.Send(fmt.Sprint("join ", i), "user", ao.Draft{Target: n.Pool(), Data: []byte("x")}); err != nil {
			return err
		}
		if _, err := n.PostOnce(fmt.Sprint("model ", i), func() (event.Item, error) {
			w, err := n.Wallet("user")
			if err != nil {
				return event.Item{}, err
			}
			return w.Sign(ao.Draft{Data: bytes.Repeat([]byte{byte(i)}, 100_000)})
		}); err != nil {
			return err
		}
		if err := n.AdvanceTo(start + event.Millis(i+1)*100_000); err != nil {
			return err
		}
		did(i)
	}
	return nil
}

func child(dir string) {
	wallets := map[string]*ao.Signer{} // the folder has them already
	n, err := devnet.Open(devnet.Options{Dir: dir, Wallets: wallets})
	if err == nil {
		err = play(n, 1_000_000, func(i int) { fmt.Println(i) })
	}
	fmt.Println(err)
	os.Exit(1)
}

func TestKill(t *testing.T) {
	dir := t.TempDir()
	n := devnettest.Open(t, devnet.Options{Dir: dir, Balances: rich})
	token := n.Token()
	n.Close()
	for round := range 3 {
		acked := killed(t, dir, 4+3*round)
		n := devnettest.Open(t, devnet.Options{Dir: dir})
		if n.Token() != token {
			t.Fatal("another token")
		}
		if paid := paidSteps(pictureOf(t, n).Nodes); paid < acked {
			t.Fatalf("%d steps were answered, %d are there", acked, paid)
		}
		// Run again, the script goes on where it stopped and pays for no step twice.
		if err := play(n, acked+2, func(int) {}); err != nil {
			t.Fatal(err)
		}
		first := pictureOf(t, n)
		if pot, paid := first.Balances[1], paidSteps(first.Nodes); pot != fmt.Sprint(paid) {
			t.Errorf("pool holds %s after %d steps", pot, paid)
		}
		n.Close()
		again := devnettest.Open(t, devnet.Options{Dir: dir})
		if d := cmp.Diff(first, pictureOf(t, again)); d != "" {
			t.Fatal(d)
		}
		checkDense(t, again)
		again.Close()
	}
}

// paidSteps counts the distinct steps that paid.
func paidSteps(nodes []ao.Node) int {
	steps := map[string]bool{}
	for _, node := range nodes {
		for _, t := range node.Tags {
			if t.Name == "X-Step" {
				steps[t.Value] = true
			}
		}
	}
	return len(steps)
}

// killed runs a child until it has done some steps, kills it amid the next, and returns how many it said were done.
func killed(t *testing.T, dir string, steps int) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines, last := bufio.NewScanner(out), -1
	for seen := 0; seen < steps && lines.Scan(); seen++ {
		if _, err := fmt.Sscan(lines.Text(), &last); err != nil {
			t.Errorf("child says %q", lines.Text())
			break
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait() // killed, as intended
	return last + 1
}

func TestTornTail(t *testing.T) {
	dir := t.TempDir()
	n := devnettest.Open(t, devnet.Options{Dir: dir, Balances: rich})
	journal := filepath.Join(dir, "journal")
	if err := play(n, 2, func(int) {}); err != nil {
		t.Fatal(err)
	}
	before := pictureOf(t, n)
	info, err := os.Stat(journal)
	if err != nil {
		t.Fatal(err)
	}
	send(t, n, "torn", "user", ao.Draft{Target: n.Pool()})
	n.Close()
	whole, err := os.ReadFile(journal)
	if err != nil {
		t.Fatal(err)
	}
	kept, full := int(info.Size()), len(whole)
	flipped := bytes.Clone(whole)
	flipped[full-1] ^= 1
	for name, b := range map[string][]byte{
		"header": whole[:kept+5], "length only": whole[:kept+8], "half": whole[:(kept+full)/2], "less one byte": whole[:full-1],
		"bad checksum": flipped, "zeros": append(bytes.Clone(whole[:kept]), make([]byte, 4096)...), "nothing": whole[:kept],
		"long": append(append(bytes.Clone(whole[:kept]), 0, 0, 8, 0, 1, 2, 3, 4), bytes.Repeat([]byte{5}, 30_000)...),
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(journal, b, 0o600); err != nil {
				t.Fatal(err)
			}
			var log strings.Builder
			n := devnettest.Open(t, devnet.Options{Dir: dir, Log: slog.New(slog.NewTextHandler(&log, nil))})
			if d := cmp.Diff(before, pictureOf(t, n)); d != "" {
				t.Error(d)
			}
			if (name != "nothing") != strings.Contains(log.String(), "torn record") {
				t.Errorf("log: %q", log.String())
			}
			send(t, n, "torn", "user", ao.Draft{Target: n.Pool()})
			n.Close()
			log.Reset()
			devnettest.Open(t, devnet.Options{Dir: dir, Log: slog.New(slog.NewTextHandler(&log, nil))}).Close()
			if log.Len() > 0 {
				t.Errorf("something of the torn record was left: %s", log.String())
			}
		})
	}
	for _, at := range []int{0, len("aobench devnet journal 1\n") + 3, kept - 1} { // magic, length of the first record, a payload
		damaged := bytes.Clone(whole)
		damaged[at] ^= 1
		if err := os.WriteFile(journal, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		if n, err := devnet.Open(devnet.Options{Dir: dir}); err == nil {
			n.Close()
			t.Errorf("damage at byte %d of %d went unnoticed", at, full)
		}
	}
}

// checkDense checks the pool process: nonces without gaps, and their hash chain.
func checkDense(t *testing.T, n *devnet.Net) {
	t.Helper()
	g, _ := devnettest.Gateway(t, n)
	byNonce := assignments(t, g, n, n.Pool())
	var chain []byte
	for i := range uint64(len(byNonce)) {
		chain = ao.HashChain(n.Pool(), byNonce[i-1].Item.ID, chain, i == 0)
		if !bytes.Equal(chain, byNonce[i].HashChain) {
			t.Fatalf("hash chain breaks at nonce %d of %d", i, len(byNonce))
		}
	}
}
