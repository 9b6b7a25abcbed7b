package event

import (
	"fmt"
	"time"
)

// Millis is a time in milliseconds since the Unix epoch, UTC.
type Millis int64

// MillisPerDay is the length of a UTC day; Unix time has no leap seconds.
const MillisPerDay = 24 * 60 * 60 * 1000

// Time returns m as a time in UTC, for showing it.
func (m Millis) Time() time.Time { return time.UnixMilli(int64(m)).UTC() }

// Day returns the UTC date that m falls on.
func (m Millis) Day() Day {
	d := int64(m) / MillisPerDay
	if int64(m)%MillisPerDay < 0 {
		d--
	}
	return Day(d)
}

// String returns the time in RFC 3339 with milliseconds, UTC.
func (m Millis) String() string { return m.Time().Format("2006-01-02T15:04:05.000Z") }

// A Day is a UTC date, counted in days since 1970-01-01: the unit of evaluation.
type Day int32

// ParseDay reads YYYY-MM-DD.
func ParseDay(s string) (Day, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		return 0, fmt.Errorf("day %.20q: want YYYY-MM-DD: %w", s, err)
	}
	return Millis(t.UnixMilli()).Day(), nil
}

// Start returns the first millisecond of the day.
func (d Day) Start() Millis { return Millis(d) * MillisPerDay }

// String returns YYYY-MM-DD.
func (d Day) String() string { return d.Start().Time().Format(time.DateOnly) }

// MarshalText implements encoding.TextMarshaler.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Day) UnmarshalText(b []byte) (err error) {
	*d, err = ParseDay(string(b))
	return err
}
