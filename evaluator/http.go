package evaluator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aobench/aobench/event"
)

// maxBody bounds what a server may answer: 26 probabilities, or the tokens of one prompt.
const maxBody = 1 << 20

func newClient() *http.Client {
	return &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: 1, IdleConnTimeout: time.Minute, Proxy: http.ProxyFromEnvironment},
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // a model server has no reason to send us elsewhere
		},
	}
}

// statusError is an answer that is not 200.
type statusError struct {
	status int
	text   string
}

// Error implements error.
func (e *statusError) Error() string { return fmt.Sprintf("status %d: %s", e.status, e.text) }

func (e *statusError) tooLong() bool {
	return e.status == http.StatusBadRequest && strings.Contains(e.text, "exceed_context_size")
}

// do sends in as JSON, where it is not nil, and reads the JSON answer into out. Errors are *Failure.
func (s *remoteSession) do(ctx context.Context, method, path string, in, out any) error {
	ctx, cancel := context.WithTimeoutCause(ctx, s.engine.Answer, fmt.Errorf("no answer within %v", s.engine.Answer))
	defer cancel()
	b, err := s.exchange(ctx, method, path, in)
	if err == nil {
		err = json.Unmarshal(b, out)
	}
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return failf(event.EngineFailed, "server %s%s: %w", s.engine.URL, path, err)
	}
	return nil
}

func (s *remoteSession) exchange(ctx context.Context, method, path string, in any) ([]byte, error) {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(s.engine.URL, "/")+path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, maxBody+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxBody {
		return nil, errors.New("answer longer than 1 MiB refused")
	}
	if res.StatusCode != http.StatusOK {
		return nil, &statusError{res.StatusCode, clip(string(b), 300)}
	}
	return b, nil
}

// clip shortens untrusted text to n bytes of valid UTF-8.
func clip(s string, n int) string {
	return strings.ToValidUTF8(s[:min(len(s), n)], "")
}
