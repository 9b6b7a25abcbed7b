package bustest

import (
	"context"
	"math/rand/v2"
	"sync"
)

// Inner is the bus that a Faulty wraps.
type Inner interface {
	Publish(topic string, payload []byte) error
	Subscribe(ctx context.Context, topic string, workers int, handle func(ctx context.Context, payload []byte) error) error
}

// Rates are how many of 100 messages suffer what. A message suffers one thing at most.
type Rates struct{ Lose, Double, Hold int }

// Faulty publishes through Inner with faults that depend on the seed and the order of calls only. It may be used in
// Inner's place.
type Faulty struct {
	Inner
	rates Rates

	mu     sync.Mutex
	random *rand.Rand
	held   []held
	counts Rates
}

type held struct {
	topic   string
	payload []byte
	after   int // how many further messages go first
}

// New wraps a bus.
func New(inner Inner, seed uint64, rates Rates) *Faulty {
	return &Faulty{Inner: inner, rates: rates, random: rand.New(rand.NewPCG(seed, seed))}
}

// Publish publishes payload once, twice, later (after one to eight further messages, if there are as many) or never.
func (f *Faulty) Publish(topic string, payload []byte) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	times := 1
	switch n := f.random.IntN(100); {
	case n < f.rates.Lose:
		times = 0
		f.counts.Lose++
	case n < f.rates.Lose+f.rates.Double:
		times = 2
		f.counts.Double++
	case n < f.rates.Lose+f.rates.Double+f.rates.Hold:
		times = 0
		f.counts.Hold++
		f.held = append(f.held, held{topic, append([]byte(nil), payload...), 1 + f.random.IntN(8)})
	}
	for range times {
		if err := f.Inner.Publish(topic, payload); err != nil {
			return err
		}
	}
	return f.release()
}

// release publishes what has been held long enough.
func (f *Faulty) release() error {
	kept := f.held[:0]
	for _, h := range f.held {
		if h.after--; h.after >= 0 {
			kept = append(kept, h)
		} else if err := f.Inner.Publish(h.topic, h.payload); err != nil {
			return err
		}
	}
	f.held = kept
	return nil
}

// Wake publishes an empty message, with the same faults.
func (f *Faulty) Wake(topic string) { _ = f.Publish(topic, nil) }

// Counts says how many messages have suffered what, so that a test can see that it tested something.
func (f *Faulty) Counts() Rates {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counts
}
