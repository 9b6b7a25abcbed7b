package devnet

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/event"
)

// Defaults of Options.
const (
	DefaultBlockInterval = 2 * time.Minute
	DefaultStartHeight   = 1_500_000
	// DefaultStart is 2026-01-01T00:00:00Z.
	DefaultStart event.Millis = 1_767_225_600_000
)

// Options says how to open a devnet. All but Dir, Wallets and Log describe a new chain and are not looked at when the
// folder already holds one.
type Options struct {
	Dir           string                  // data folder, made when absent; one process at a time
	Start         event.Millis            // chain time of the first block, whole seconds; 0: DefaultStart
	StartHeight   uint64                  // height of the first block; 0: DefaultStartHeight
	BlockInterval time.Duration           // chain time between blocks, whole seconds; 0: DefaultBlockInterval
	Ticker        string                  // of the token; "": wAR
	Balances      map[string]event.Amount // wallet name to what the token gives it at the start
	Wallets       map[string]*ao.Signer   // keys to use instead of generating: they are copied into the folder
	Log           *slog.Logger            // nil: discard
}

// A Net is a local AO. Its methods may be called by several goroutines.
type Net struct {
	opts    Options
	log     *slog.Logger
	keys    keyring
	scripts sync.Mutex // one scripted step at a time: see PostOnce

	authority, scheduler *ao.Signer
	token, pool          event.ID // these four are set by Open

	mu        sync.RWMutex // guards everything below; held while an item is executed and made durable
	journal   *journal
	broken    error // set when memory and journal may differ: nothing is written after that
	chain     chain
	processes map[event.ID]*process
	steps     map[string]event.ID // script key to the item it posted
}

// Open opens the devnet in opts.Dir, or starts one there. Starting generates two RSA-4096 keys, which takes seconds
// unless opts.Wallets holds "authority" and "scheduler". A torn last record, as a kill leaves behind, is cut off; any
// other damage is an error.
func Open(opts Options) (*Net, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, fmt.Errorf("open devnet: %w", err)
	}
	for _, dir := range []string{opts.Dir, filepath.Join(opts.Dir, "wallets"), filepath.Join(opts.Dir, "data")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("open devnet: %w", err)
		}
	}
	n := &Net{opts: opts, log: opts.Log, processes: map[event.ID]*process{}, steps: map[string]event.ID{}}
	if n.journal, err = openJournal(filepath.Join(opts.Dir, "journal"), n.log); err != nil {
		return nil, fmt.Errorf("open devnet %s: %w", opts.Dir, err)
	}
	n.keys = keyring{dir: filepath.Join(opts.Dir, "wallets"), given: opts.Wallets, open: map[string]*ao.Signer{}}
	if err := n.start(); err != nil {
		return nil, errors.Join(fmt.Errorf("open devnet %s: %w", opts.Dir, err), n.journal.close())
	}
	return n, nil
}

func (o Options) withDefaults() (Options, error) {
	if o.Dir == "" {
		return o, errors.New("no data folder given")
	}
	if o.Start == 0 {
		o.Start = DefaultStart
	}
	if o.StartHeight == 0 {
		o.StartHeight = DefaultStartHeight
	}
	if o.BlockInterval == 0 {
		o.BlockInterval = DefaultBlockInterval
	}
	if o.Ticker == "" {
		o.Ticker = "wAR"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	// Arweave's block timestamps are seconds: with finer steps a block's time would not be what its clock said.
	if o.Start < 0 || o.Start%1000 != 0 || o.BlockInterval < time.Second || o.BlockInterval%time.Second != 0 {
		return o, fmt.Errorf("start %s and block interval %s: want whole seconds, at least one", o.Start, o.BlockInterval)
	}
	if o.StartHeight > maxHeight {
		return o, fmt.Errorf("start height %d: want at most %d", o.StartHeight, maxHeight)
	}
	return o, nil
}

// Close ends the use of the folder. The Net must not be used after it.
func (n *Net) Close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.broken = errors.New("devnet is closed")
	return n.journal.close()
}

// Token returns the process id of the token that genesis made.
func (n *Net) Token() event.ID { return n.token }

// Pool returns the id of the pool process: a mailbox whose messages get nonces.
func (n *Net) Pool() event.ID { return n.pool }

// Authority returns the address of the wallet that signs what processes send.
func (n *Net) Authority() event.Address { return n.authority.Address() }

// Scheduler returns the address of the wallet that signs assignments.
func (n *Net) Scheduler() event.Address { return n.scheduler.Address() }

// Now returns the chain's clock.
func (n *Net) Now() event.Millis {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.chain.now
}

// Height returns the height of the newest block.
func (n *Net) Height() uint64 {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.chain.height()
}

// Balance returns what the token holds for an account.
func (n *Net) Balance(a event.Address) event.Amount {
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.processes[n.token].token.balances[a]
}
