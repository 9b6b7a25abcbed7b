package bus

import (
	"log/slog"

	"github.com/ThreeDotsLabs/watermill"
)

// logger is watermill's over slog. What watermill calls information is one line for each message that finds no
// subscriber, which is normal here: it becomes debug.
type logger struct{ log *slog.Logger }

func (l logger) Error(msg string, err error, f watermill.LogFields) {
	l.log.Error("watermill", append(attributes(f), "msg", msg, "err", err)...)
}

func (l logger) Info(msg string, f watermill.LogFields) {
	l.log.Debug("watermill", append(attributes(f), "msg", msg)...)
}

func (l logger) Debug(string, watermill.LogFields) {}
func (l logger) Trace(string, watermill.LogFields) {}

func (l logger) With(f watermill.LogFields) watermill.LoggerAdapter {
	return logger{l.log.With(attributes(f)...)}
}

func attributes(f watermill.LogFields) []any {
	var out []any
	for k, v := range f {
		out = append(out, k, v)
	}
	return out
}
