package indexer

import (
	"fmt"
	"runtime"
	"sync"
	"testing"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/eventlog"
	"github.com/aobench/aobench/eventlog/eventlogtest"
)

// benchItems are 1,200 items as a pool process gets them: a user's message by an Ethereum key, one by an RSA key, and a
// scheduler's assignment, in turn. Signing them takes some seconds, once.
var (
	benchOnce  sync.Once
	benchStore []event.Item
)

func benchItems(b *testing.B) []event.Item {
	w := walletsOf(b)
	benchOnce.Do(func() {
		data := fmt.Appendf(nil, `{"dataset":%q,"model":%q}`, stranger, token)
		tags := []event.Tag{
			tag("Action", "Join-Pool"), tag("SDK", "aoconnect"), tag("Data-Protocol", "ao"), tag("Variant", "ao.TN.1"), tag("Type", "Message"),
		}
		benchStore = make([]event.Item, 1200)
		var wg sync.WaitGroup
		for i := range benchStore {
			wg.Go(func() {
				d := ao.Draft{Target: pool, Anchor: fmt.Appendf(nil, "%032d", i), Tags: tags, Data: data}
				switch i % 3 {
				case 0:
					benchStore[i] = sign(b, w.user, d)
				case 1:
					benchStore[i] = sign(b, w.authority, d)
				case 2:
					benchStore[i] = assignment(b, w.scheduler, event.ID{byte(i), byte(i >> 8)}, i/3)
				}
			})
		}
		wg.Wait()
	})
	return benchStore
}

// BenchmarkIngest tails 1,200 items, 40 a height, from a gateway in our own process: listing, decoding, fetching,
// verifying, appending. The gateway's own work is in the figure.
//
//	go test -run - -bench Ingest ./indexer
func BenchmarkIngest(b *testing.B) {
	b.Run("memory", func(b *testing.B) {
		benchIngest(b, func() (Log, func()) { return eventlogtest.NewMemory(), func() {} })
	})
	b.Run("badger", func(b *testing.B) {
		benchIngest(b, func() (Log, func()) {
			l, err := eventlog.Open(eventlog.Options{Dir: b.TempDir()})
			if err != nil {
				b.Fatal(err)
			}
			return l, func() { l.Close() }
		})
	})
}

func benchIngest(b *testing.B, open func() (Log, func())) {
	var f fakeNet
	for i, it := range benchItems(b) {
		f.add(10+uint64(i/40), it)
	}
	cfg := tailOf(b)
	g := f.gateway(b)
	for b.Loop() {
		b.StopTimer()
		log, done := open()
		x := New(cfg, g, log, nil)
		b.StartTimer()
		p, err := x.Pass(b.Context())
		if err != nil || p.Messages != 800 || p.Assignments != 400 {
			b.Fatalf("%+v, %v", p, err)
		}
		b.StopTimer()
		done()
		b.StartTimer()
	}
	perSecond(b)
}

// BenchmarkIngestLimit is the limit: the same items' signatures verified on the same cores, and nothing else.
func BenchmarkIngestLimit(b *testing.B) {
	items := benchItems(b)
	cores := runtime.GOMAXPROCS(0)
	for b.Loop() {
		var wg sync.WaitGroup
		for core := range cores {
			wg.Go(func() {
				for i := core; i < len(items); i += cores {
					if err := ao.Verify(items[i]); err != nil {
						b.Error(err)
					}
				}
			})
		}
		wg.Wait()
	}
	perSecond(b)
}

func perSecond(b *testing.B) {
	b.ReportMetric(float64(len(benchStore))*float64(b.N)/b.Elapsed().Seconds(), "items/s")
}
