package devnet_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/aobench/aobench/devnet"
	"github.com/aobench/aobench/devnet/devnettest"
)

func TestOneProcessAtATime(t *testing.T) {
	dir := t.TempDir()
	devnettest.Open(t, devnet.Options{Dir: dir})
	if n, err := devnet.Open(devnet.Options{Dir: dir, Wallets: devnettest.Wallets(t)}); err == nil {
		n.Close()
		t.Error("a folder was opened twice")
	}
}

func TestGenesisGoesOn(t *testing.T) {
	dir := t.TempDir()
	n := devnettest.Open(t, devnet.Options{Dir: dir, Balances: rich})
	token := n.Token()
	n.Close()
	// A crash between the token and the pool: the journal without its last record.
	journal := filepath.Join(dir, "journal")
	b, err := os.ReadFile(journal)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(journal, b[:len(b)-1], 0o600); err != nil {
		t.Fatal(err)
	}
	n = devnettest.Open(t, devnet.Options{Dir: dir, Balances: rich})
	if n.Token() != token || n.Pool().IsZero() || n.Balance(address(t, n, "funder")).String() != "1000" {
		t.Error("genesis did not go on where it was")
	}
}
