package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/gochannel"
)

const (
	// MaxWaiting is how many messages may wait for one subscriber; what is published beyond is dropped for it.
	MaxWaiting = 1024
	// MaxDeliveries is how often a message is given to a handler that returns errors, before it is dropped.
	MaxDeliveries = 5

	firstBackoff = 50 * time.Millisecond // doubled for each further delivery
)

// ErrClosed says that the bus is closed.
var ErrClosed = errors.New("the bus is closed")

// A Bus connects the goroutines of one process. Its methods may be called from any of them.
type Bus struct {
	log    *slog.Logger
	pubsub *gochannel.GoChannel

	mu      sync.Mutex
	closed  bool
	subs    map[*subscriber]struct{}
	running sync.WaitGroup // calls of Subscribe
}

// New returns a bus. log gets what watermill says, and every message that is dropped; nil is silence.
func New(log *slog.Logger) *Bus {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &Bus{
		log:    log,
		pubsub: gochannel.NewGoChannel(gochannel.Config{}, logger{log}),
		subs:   map[*subscriber]struct{}{},
	}
}

// Publish gives payload to the present subscribers of topic, and does not wait for them. The only error is ErrClosed:
// a message that nobody takes is no error.
func (b *Bus) Publish(topic string, payload []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock() // held over the publishing, so that the counts are those of the subscribers that get it
	if b.closed {
		return fmt.Errorf("publish %s: %w", topic, ErrClosed)
	}
	for s := range b.subs {
		if s.topic == topic && s.waiting >= MaxWaiting {
			// Each waiting message is a goroutine of gochannel's: without a bound a stuck handler would eat the memory.
			b.log.Warn("message dropped, too many wait", "topic", topic, "waiting", s.waiting)
			return nil
		}
	}
	for s := range b.subs {
		if s.topic == topic {
			s.waiting++
		}
	}
	if err := b.pubsub.Publish(topic, message.NewMessage(watermill.NewUUID(), payload)); err != nil {
		return fmt.Errorf("publish %s: %w", topic, err)
	}
	return nil
}

// Wake publishes an empty message. Nothing can go wrong with it that anybody would have to know.
func (b *Bus) Wake(topic string) { _ = b.Publish(topic, nil) }

// Subscribe calls handle for each message of topic, in up to workers goroutines, until ctx ends or the bus is closed;
// it returns when they have, with the reason. A message whose handler returns an error is delivered again, after a
// pause that grows, up to MaxDeliveries times in all; then it is dropped with a line in the log.
func (b *Bus) Subscribe(ctx context.Context, topic string, workers int, handle func(ctx context.Context, payload []byte) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s := &subscriber{b: b, topic: topic, handle: handle, cancel: cancel, deliveries: map[string]int{}}
	messages, err := b.add(ctx, s)
	if err != nil {
		return fmt.Errorf("subscribe %s: %w", topic, err)
	}
	defer b.running.Done()
	var pool sync.WaitGroup
	for range max(1, workers) {
		pool.Go(func() {
			for m := range messages { // closed by gochannel when ctx ends
				s.deliver(ctx, m)
			}
		})
	}
	pool.Wait()
	b.remove(s)
	return fmt.Errorf("subscribe %s: %w", topic, context.Cause(ctx))
}

func (b *Bus) add(ctx context.Context, s *subscriber) (<-chan *message.Message, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, ErrClosed
	}
	messages, err := b.pubsub.Subscribe(ctx, s.topic)
	if err != nil {
		return nil, err
	}
	b.subs[s] = struct{}{}
	b.running.Add(1)
	return messages, nil
}

func (b *Bus) remove(s *subscriber) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.subs, s)
}

// Close ends all subscriptions, and returns when their handlers have.
func (b *Bus) Close() error {
	b.mu.Lock()
	b.closed = true
	for s := range b.subs {
		s.cancel(ErrClosed)
	}
	b.mu.Unlock()
	b.running.Wait()
	return b.pubsub.Close()
}
