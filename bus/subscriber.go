package bus

import (
	"context"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
)

// A subscriber is one call of Subscribe.
type subscriber struct {
	b      *Bus
	topic  string
	handle func(context.Context, []byte) error
	cancel context.CancelCauseFunc

	// Under b.mu.
	waiting    int            // messages published to it and not done with
	deliveries map[string]int // by message id, of those that have failed
}

// deliver gives one message to the handler.
func (s *subscriber) deliver(ctx context.Context, m *message.Message) {
	err := s.handle(ctx, m.Payload)
	if err == nil {
		s.done(m)
		return
	}
	n := s.failed(m)
	if ctx.Err() != nil {
		return // gochannel forgets what waits for a subscriber that is gone
	}
	if n >= MaxDeliveries {
		s.b.log.Warn("message dropped, its handler keeps failing", "topic", s.topic, "deliveries", n, "err", err)
		s.done(m)
		return
	}
	// A nack is answered by another delivery at once. Pausing first holds one worker, and keeps a handler that fails from
	// being called half a million times a second.
	pause := time.NewTimer(firstBackoff << (n - 1))
	defer pause.Stop()
	select {
	case <-pause.C:
		m.Nack()
	case <-ctx.Done():
	}
}

// failed counts a failure of m.
func (s *subscriber) failed(m *message.Message) int {
	s.b.mu.Lock()
	defer s.b.mu.Unlock()
	s.deliveries[m.UUID]++
	return s.deliveries[m.UUID]
}

// done is the end of m for this subscriber.
func (s *subscriber) done(m *message.Message) {
	s.b.mu.Lock()
	delete(s.deliveries, m.UUID)
	s.waiting--
	s.b.mu.Unlock()
	m.Ack()
}
