package indexer

import (
	"context"
	"time"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/event"
)

// Config says what to tail and how. Zero values of all but Process mean the defaults.
type Config struct {
	Process     event.ID        // the pool process
	FirstHeight uint64          // where the log begins; at least 1
	Next        uint64          // where to go on: one above the newest closed window of the log; 0: FirstHeight
	Depth       uint64          // confirmation depth: blocks above a height before it is asked for
	Tokens      []event.ID      // token processes; of each only what passes between it and the process is read
	Schedulers  []event.Address // wallets whose assignments are read: Arweave ones, since gateways cannot find others

	MaxWindow    uint64        // heights of a window at most; 0: 1000
	Overlap      uint64        // heights behind the tail that each pass reads again; 0: 50
	PollEvery    time.Duration // between passes of Run; 0: 30 s
	RescanEvery  time.Duration // between passes of Run that read RescanBlocks again; 0: 1 h
	RescanBlocks uint64        // 0: 720, which is about a day
	Page         int           // items a page, at most 200; 0: 100, the most that every gateway gives
	InFlight     int           // items being fetched and verified at once; 0: four for each core, at most 16
	Tries        int           // passes in which an item may fail before it is recorded as unverifiable; 0: 8

	Fatal  func(error) bool // which errors of the log end Run; nil: none
	Closed func(Progress)   // called after each closed window, for a progress bar; nil: nobody asks
}

const (
	// maxInFlight bounds memory: each item being fetched may take three times ao.MaxItem while its buffer grows.
	maxInFlight = 16
	// maxPage keeps the largest page that strangers can fill, with tags of 4 KiB that JSON escapes to 24 KiB an item,
	// below what ao reads of an answer: a window that has one could never be closed.
	maxPage = 200
)

func (c Config) withDefaults(cores int) Config {
	c.FirstHeight = max(c.FirstHeight, 1)
	c.Next = max(c.Next, c.FirstHeight)
	orElse(&c.MaxWindow, 1000)
	orElse(&c.Overlap, 50)
	orElse(&c.PollEvery, 30*time.Second)
	orElse(&c.RescanEvery, time.Hour)
	orElse(&c.RescanBlocks, 720)
	orElse(&c.Page, 100)
	orElse(&c.InFlight, 4*cores)
	orElse(&c.Tries, 8)
	c.InFlight, c.Page = min(c.InFlight, maxInFlight), min(c.Page, maxPage)
	return c
}

func orElse[T ~int | ~int64 | ~uint64](v *T, value T) {
	if *v <= 0 {
		*v = value
	}
}

// A Gateway lists items and gives verified ones: *ao.Gateway.
type Gateway interface {
	Tip(context.Context) (uint64, error)
	Page(ctx context.Context, q ao.Query, after string) ([]ao.Node, error)
	Block(ctx context.Context, height uint64) (event.Block, error)
	Item(context.Context, ao.Node) (event.Item, error)
}

// A Log takes facts. Append adds the bodies that it does not have, in order, and what it returns without an error is
// durable. Lookup finds an event by its id.
type Log interface {
	Append(context.Context, ...event.Body) ([]event.Seq, error)
	Lookup(event.ID) (event.Seq, bool, error)
	PutBlob(context.Context, []byte) (event.Hash, error)
}
