package scheduler

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/robfig/cron/v3"

	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/projections"
)

// A Log takes decisions.
type Log interface {
	// AppendAt appends the bodies if the log's head is still at; it reports whether it did.
	AppendAt(ctx context.Context, at event.Seq, bodies ...event.Body) (bool, error)
}

// A Publisher hands jobs out. It may lose, double and reorder them.
type Publisher interface {
	Publish(topic string, payload []byte) error
}

// Config is what a Loop needs.
type Config struct {
	Log    Log
	Live   func() *projections.State // the newest folded state; never changed by its readers
	Jobs   Publisher                 // nil: no job is handed out
	Now    func() event.Millis       // the clock that the log records by
	Spec   string                    // cron spec of the wake-ups, UTC; "" means every minute
	Fatal  func(error) bool          // which errors of the log end Run; nil: all
	Lease  time.Duration             // after which an unfinished job is due again; 0 means 10 minutes
	Logger *slog.Logger
}

// A Loop looks for what is due and sees to it.
type Loop struct {
	cfg    Config
	leases map[string]time.Time // by job key; losing them costs a doubled job
	poke   chan struct{}

	waiting atomic.Int64 // runs that were due at the last look
}

// New returns a loop. It fails when Spec is not a five-field cron spec that ever fires.
func New(cfg Config) (*Loop, error) {
	if cfg.Spec == "" {
		cfg.Spec = "* * * * *"
	}
	if cfg.Lease == 0 {
		cfg.Lease = 10 * time.Minute
	}
	if err := CheckSpec(cfg.Spec); err != nil {
		return nil, err
	}
	return &Loop{cfg: cfg, leases: map[string]time.Time{}, poke: make(chan struct{}, 1)}, nil
}

// CheckSpec reports why a cron spec cannot be used: only five fields of the characters 0-9*,/- are accepted, since zones
// and descriptors have inputs that make the parser panic or fire at once.
func CheckSpec(spec string) error {
	for _, c := range spec {
		if (c < '0' || c > '9') && c != '*' && c != ',' && c != '/' && c != '-' && c != ' ' {
			return fmt.Errorf("cron spec %q: want five fields of digits and * , / - (times are UTC)", spec)
		}
	}
	s, err := cron.ParseStandard(spec)
	if err != nil {
		return fmt.Errorf("cron spec %q: %w", spec, err)
	}
	if s.Next(time.Unix(0, 0).UTC()).IsZero() {
		return fmt.Errorf("cron spec %q never fires", spec)
	}
	return nil
}

// Wake makes the loop look soon. It never blocks.
func (l *Loop) Wake() {
	select {
	case l.poke <- struct{}{}:
	default: // it will look anyway
	}
}

// Run looks until ctx ends: at once, when woken, and when cron says so. It returns an error only where the log cannot be
// written.
func (l *Loop) Run(ctx context.Context) error {
	logger := slogCron{l.cfg.Logger}
	// Recover is the inner one: SkipIfStillRunning around a panic would never let the job run again.
	c := cron.New(cron.WithLocation(time.UTC), cron.WithLogger(logger), cron.WithChain(cron.SkipIfStillRunning(logger), cron.Recover(logger)))
	if _, err := c.AddFunc(l.cfg.Spec, l.Wake); err != nil {
		return fmt.Errorf("cron spec %q: %w", l.cfg.Spec, err)
	}
	c.Start()
	defer func() { <-c.Stop().Done() }()
	l.Wake()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-l.poke:
			if err := l.Look(ctx); err != nil {
				return err
			}
		}
	}
}

// Waiting returns how many runs were due when Run last looked. It may be called by other goroutines.
func (l *Loop) Waiting() int { return int(l.waiting.Load()) }

// Look does once what is due now.
func (l *Loop) Look(ctx context.Context) error {
	s := l.cfg.Live()
	due := Due(s, l.cfg.Now())
	var runs int64
	for _, in := range due {
		if in.Job != nil && in.Job.Task == TaskRun {
			runs++
		}
	}
	l.waiting.Store(runs)
	for _, in := range due {
		if in.Job != nil {
			l.hand(*in.Job)
			continue
		}
		// The decision holds for the state at s.Seq and no other. If anything was appended since, it is dropped here
		// and made again from the newer state. If we crash now, the log has all of it or nothing, and Due says it again.
		ok, err := l.cfg.Log.AppendAt(ctx, s.Seq, in.Decide)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			if l.cfg.Fatal != nil && !l.cfg.Fatal(err) {
				l.cfg.Logger.Warn("decision not recorded, it will be made again", "kind", in.Decide.Kind(), "pool", in.Pool, "err", err)
				continue // one pool's trouble is not the others'
			}
			return fmt.Errorf("record %s: %w", in.Decide.Kind(), err)
		}
		if ok {
			l.cfg.Logger.Info("decided", "kind", in.Decide.Kind(), "pool", in.Pool, "seq", s.Seq+1)
		}
		return nil // the log's growth wakes us again
	}
	return nil
}

// hand publishes a job unless its lease still runs.
func (l *Loop) hand(j Job) {
	if l.cfg.Jobs == nil {
		return
	}
	now := time.Now()
	for k, until := range l.leases {
		if now.After(until) {
			delete(l.leases, k)
		}
	}
	key := j.Key()
	if _, leased := l.leases[key]; leased {
		return
	}
	payload, err := j.Encode()
	if err == nil {
		err = l.cfg.Jobs.Publish(j.Topic(), payload)
	}
	if err != nil {
		l.cfg.Logger.Warn("job not handed out", "job", key, "err", err) // due again at the next look
		return
	}
	l.leases[key] = now.Add(l.cfg.Lease)
}

// slogCron lets cron speak through slog; its chatter about waking is debug.
type slogCron struct{ log *slog.Logger }

func (s slogCron) Info(msg string, kv ...any) { s.log.Debug("cron "+msg, kv...) }

func (s slogCron) Error(err error, msg string, kv ...any) {
	s.log.Error("cron "+msg, append(kv, "err", err)...)
}
