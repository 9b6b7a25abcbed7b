package ao

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/aobench/aobench/event"
)

// A Unit is a message unit: it takes signed items for AO.
type Unit struct {
	url  *url.URL
	door *door
}

// NewUnit returns a client of the message unit at an address. Options may be nil.
func NewUnit(address string, o *Options) (*Unit, error) {
	u, err := parseBase(address)
	if err != nil {
		return nil, fmt.Errorf("message unit: %w", err)
	}
	return &Unit{url: u, door: newDoor(o)}, nil
}

// Close closes idle connections.
func (u *Unit) Close() { u.door.client.CloseIdleConnections() }

// Send posts the item's bytes. Nil means that the unit has it: now, or from an earlier Send whose answer was lost. It
// does not mean that a process has read it. After ErrTransient send the same bytes again; signing anew would make a
// second message. Any other error means that the unit does not want it.
func (u *Unit) Send(ctx context.Context, it event.Item) error {
	if it.Blob != nil {
		return fmt.Errorf("send %s: its data is kept elsewhere: put it back first", it.ID)
	}
	body := Binary(it)
	err := u.door.call(ctx, request{read: accepted(it.ID), build: func(ctx context.Context) (*http.Request, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, u.url.String(), bytes.NewReader(body))
		if err == nil {
			req.Header.Set("Content-Type", "application/octet-stream")
			req.Header.Set("Accept", "application/json")
		}
		return req, err
	}})
	if err != nil {
		return fmt.Errorf("send %s to %s: %w", it.ID, u.url.Host, err)
	}
	return nil
}

const maxReply = 64 << 10 // bytes of a unit's answer

// accepted reads a unit's answer. "Already exists" comes with several statuses and means that an earlier try arrived.
func accepted(id event.ID) func(*http.Response) error {
	return func(resp *http.Response) error {
		b, err := readAll(resp, maxReply)
		if err != nil {
			return err
		}
		if resp.StatusCode/100 != 2 && strings.Contains(strings.ToLower(string(b)), "already exists") {
			return nil
		}
		resp.Body = io.NopCloser(bytes.NewReader(b))
		if err := checkStatus(resp); err != nil {
			return err
		}
		var reply struct {
			ID event.ID `json:"id"`
		}
		if json.Unmarshal(b, &reply) != nil || reply.ID != id {
			return fmt.Errorf("%w: took it without naming its id: %.*q", ErrTransient, maxSnippet, b)
		}
		return nil
	}
}

func isTransient(err error) bool { return errors.Is(err, ErrTransient) }
