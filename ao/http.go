package ao

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Options are the patience of a Gateway or Unit. The zero value, or nil, is right outside tests.
type Options struct {
	Transport http.RoundTripper // nil: connections of our own, which Close closes
	Header    time.Duration     // until the answer begins; 0: 30 s
	Idle      time.Duration     // in which at least 4 KiB of an answer, or its end, must arrive; 0: 20 s
	Attempt   time.Duration     // for one request and its answer, downloads excepted; 0: 1 min
	Budget    time.Duration     // for a call with all that is tried again; 0: 2 min
}

const (
	maxTries     = 6
	minProgress  = 4 << 10 // bytes within Options.Idle: a server that trickles is as good as one that hangs
	maxRedirects = 3
	maxSnippet   = 120 // bytes of a strange answer quoted in an error
)

// A door is the only way out of this package: every request through it has limits and deadlines.
type door struct {
	client  http.Client
	options Options
}

func newDoor(o *Options) *door {
	d := &door{}
	if o != nil {
		d.options = *o
	}
	for p, v := range map[*time.Duration]time.Duration{
		&d.options.Header: 30 * time.Second, &d.options.Idle: 20 * time.Second,
		&d.options.Attempt: time.Minute, &d.options.Budget: 2 * time.Minute,
	} {
		if *p <= 0 {
			*p = v
		}
	}
	if d.options.Transport == nil {
		d.options.Transport = &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			TLSHandshakeTimeout:    5 * time.Second,
			MaxResponseHeaderBytes: 64 << 10,
			MaxConnsPerHost:        16,
			MaxIdleConnsPerHost:    16,
			IdleConnTimeout:        30 * time.Second,
			DisableCompression:     true, // what is counted against a limit is what arrives
			ForceAttemptHTTP2:      true,
		}
	}
	d.client = http.Client{Transport: d.options.Transport, CheckRedirect: sameHost}
	return d
}

var errRedirect = errors.New("redirected to another host")

// sameHost keeps a server from sending us, and what we post, somewhere else.
func sameHost(req *http.Request, via []*http.Request) error {
	from := via[0].URL
	if len(via) > maxRedirects || req.URL.Host != from.Host || (req.URL.Scheme != from.Scheme && req.URL.Scheme != "https") {
		return errRedirect
	}
	return nil
}

// A statusError is an answer with a status other than 2xx, or of a kind that was not asked for.
type statusError struct {
	code    int
	snippet string
}

func (e *statusError) Error() string { return fmt.Sprintf("answered %d: %q", e.code, e.snippet) }

// A request is how to ask and what to do with the answer.
type request struct {
	build func(context.Context) (*http.Request, error) // called anew for each attempt
	read  func(*http.Response) error                   // gets every status; its errors are final unless they are ErrTransient
	long  bool                                         // a download: only its pace is bounded, not its time
}

// call asks, again and again while the failure may pass.
func (d *door) call(ctx context.Context, r request) error {
	wait := backoff.NewExponentialBackOff()
	wait.InitialInterval, wait.MaxInterval, wait.Multiplier = 250*time.Millisecond, 10*time.Second, 2
	wait.RandomizationFactor = 1 // full jitter: anything from nothing to twice the interval
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := d.once(ctx, r)
		if err != nil && !errors.Is(err, ErrTransient) {
			err = backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(wait), backoff.WithMaxTries(maxTries), backoff.WithMaxElapsedTime(d.options.Budget))
	return err
}

func (d *door) once(ctx context.Context, r request) error {
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if !r.long {
		attempt := time.AfterFunc(d.options.Attempt, func() { cancel(errSlow) })
		defer attempt.Stop()
	}
	header := time.AfterFunc(d.options.Header, func() { cancel(errSlow) })
	defer header.Stop()
	req, err := r.build(inner)
	if err != nil {
		return err
	}
	resp, err := d.client.Do(req)
	if err != nil {
		return classify(ctx, inner, err)
	}
	defer resp.Body.Close()
	header.Stop()
	body := &steadyBody{ReadCloser: resp.Body, idle: d.options.Idle}
	body.timer = time.AfterFunc(d.options.Idle, func() { cancel(errSlow) })
	defer body.timer.Stop()
	resp.Body = body
	err = r.read(resp)
	if err != nil && body.err != nil && body.err != io.EOF {
		return classify(ctx, inner, body.err) // the connection's fault, whatever read made of it
	}
	return err
}

var errSlow = errors.New("too slow")

// classify says whose fault a failed exchange is: the caller's who gave up, a redirect's, or the network's.
func classify(ctx, inner context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if errors.Is(err, errRedirect) {
		return err
	}
	if cause := context.Cause(inner); cause != nil {
		err = cause
	}
	return fmt.Errorf("%w: %w", ErrTransient, err)
}

// checkStatus makes an error of every status but 2xx, and of an answer that is compressed unasked.
func checkStatus(resp *http.Response) error {
	if enc := resp.Header.Get("Content-Encoding"); enc != "" && !strings.EqualFold(enc, "identity") {
		return fmt.Errorf("answered with Content-Encoding %.20q, which was not asked for", enc)
	}
	code := resp.StatusCode
	if code/100 == 2 {
		return nil
	}
	err := &statusError{code: code, snippet: snippet(resp.Body)}
	switch {
	case code == http.StatusNotFound || code == http.StatusGone:
		return fmt.Errorf("%w: %w", ErrNotFound, err)
	case code == http.StatusTooManyRequests:
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code >= 500:
	default:
		return err
	}
	if after, ok := retryAfter(resp.Header.Get("Retry-After")); ok {
		return fmt.Errorf("%w: %w: %w", ErrTransient, err, &backoff.RetryAfterError{Duration: after})
	}
	return fmt.Errorf("%w: %w", ErrTransient, err)
}

// retryAfter reads seconds or a date (RFC 9110 §10.2.3).
func retryAfter(s string) (time.Duration, bool) {
	if n, err := strconv.ParseUint(s, 10, 31); err == nil {
		return time.Duration(n) * time.Second, true
	}
	if t, err := http.ParseTime(s); err == nil {
		return max(0, time.Until(t)), true
	}
	return 0, false
}

func snippet(r io.Reader) string {
	b, _ := io.ReadAll(io.LimitReader(r, maxSnippet))
	return string(b)
}

// readAll reads an answer of at most limit bytes.
func readAll(resp *http.Response, limit int64) ([]byte, error) {
	if resp.ContentLength > limit {
		return nil, errTooLong(limit)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, errTooLong(limit)
	}
	return b, nil
}

func errTooLong(limit int64) error { return fmt.Errorf("answered with more than %d bytes", limit) }

// A steadyBody gives the timer more time only when enough has arrived.
type steadyBody struct {
	io.ReadCloser
	timer *time.Timer
	idle  time.Duration
	got   int
	err   error
}

func (b *steadyBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.got += n; b.got >= minProgress {
		b.got = 0
		b.timer.Reset(b.idle)
	}
	if err != nil {
		b.err = err
	}
	return n, err
}

// parseBase reads the address of a server: http or https, a host, no query.
func parseBase(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("%.100q is not the address of a server: want http(s)://host[:port][/path]", s)
	}
	return u, nil
}
