package ao

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/aobench/aobench/event"
)

// Download writes the data of an item or transaction to w, at most max bytes, and returns how many. A broken connection
// is taken up where it broke. What was written is the gateway's word until somebody checks it; after an error w holds
// the beginning of it.
func (g *Gateway) Download(ctx context.Context, id event.ID, w io.Writer, max int64) (int64, error) {
	if g.node == nil {
		return 0, fmt.Errorf("data of %s from %s: %w", id, g.Name(), errNoNode)
	}
	d := download{w: w, max: max}
	err := g.download(ctx, &d, get(g.node, "raw", id.String()))
	if errors.Is(err, ErrNotFound) && d.written == 0 {
		// arlocal has data here and nothing at /raw. Public gateways redirect this to a sandbox host, which is not followed.
		if other := g.download(ctx, &d, get(g.node, id.String())); !errors.Is(other, errRedirect) {
			err = other
		}
	}
	if err != nil {
		err = fmt.Errorf("data of %s from %s: %w", id, g.Name(), err)
	}
	return d.written, err
}

func (g *Gateway) download(ctx context.Context, d *download, build func(context.Context) (*http.Request, error)) error {
	for {
		before := d.written
		err := g.door.call(ctx, request{read: d.read, long: true, build: func(ctx context.Context) (*http.Request, error) {
			req, err := build(ctx)
			if err == nil && d.written > 0 {
				req.Header.Set("Range", fmt.Sprintf("bytes=%d-", d.written))
			}
			return req, err
		}})
		if err == nil || !isTransient(err) || d.written == before {
			return err
		}
	}
}

// Data returns the data of an item or transaction, at most max bytes, unchecked.
func (g *Gateway) Data(ctx context.Context, id event.ID, max int64) ([]byte, error) {
	var b bytes.Buffer
	_, err := g.Download(ctx, id, &b, max)
	if err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// A download knows how much of the data w has already.
type download struct {
	w            io.Writer
	written, max int64
}

func (d *download) read(resp *http.Response) error {
	if err := checkStatus(resp); err != nil {
		return err
	}
	switch code := resp.StatusCode; {
	case code == http.StatusNoContent && d.written == 0: // arlocal's way to say that the data is empty
		return nil
	case code == http.StatusPartialContent && d.written > 0:
		if r := resp.Header.Get("Content-Range"); !strings.HasPrefix(r, fmt.Sprintf("bytes %d-", d.written)) {
			return fmt.Errorf("asked for bytes from %d, got %.40q", d.written, r)
		}
	case code == http.StatusOK:
		if _, err := io.CopyN(io.Discard, resp.Body, d.written); err != nil {
			return err
		}
	default:
		return fmt.Errorf("%w: %w", ErrNotFound, &statusError{code, snippet(resp.Body)})
	}
	if resp.StatusCode == http.StatusOK && resp.ContentLength > d.max {
		return refuse(event.TooLarge, "%d bytes of data, at most %d are taken", resp.ContentLength, d.max)
	}
	n, err := io.Copy(d.w, io.LimitReader(resp.Body, d.max-d.written))
	d.written += n
	if err != nil {
		return err
	}
	var more [1]byte
	if _, err := io.ReadFull(resp.Body, more[:]); err == nil {
		return refuse(event.TooLarge, "more than %d bytes of data", d.max)
	} else if err != io.EOF {
		return err
	}
	return nil
}

// Item fetches the data of a listed item, rebuilds the bytes that its owner signed from what the gateway says, and
// verifies them: the result is as good as if it had come from its owner. A *Refusal with event.Unverifiable means that
// this gateway did not give enough, or gave something else than before; other refusals hold for what it gave, and since
// it may lie or garble, another gateway may still have the item. Any other error is as for Download.
func (g *Gateway) Item(ctx context.Context, n Node) (event.Item, error) {
	var data bytes.Buffer
	it, err := g.Fetch(ctx, n, &data, MaxItem)
	if err != nil {
		return event.Item{}, err
	}
	it.Data, it.Blob = data.Bytes(), nil
	if len(it.Signed)+len(it.Data) > MaxItem {
		return event.Item{}, refuse(event.TooLarge, "%d bytes, an item has at most %d", len(it.Signed)+len(it.Data), MaxItem)
	}
	return it, nil
}

// Fetch does as Item does for data of any size up to max, which it writes to w as it comes: the item has a Blob for it.
// Only when Fetch returns without an error is what w got the item's data.
func (g *Gateway) Fetch(ctx context.Context, n Node, w io.Writer, max int64) (event.Item, error) {
	h, err := n.header()
	if err != nil {
		return event.Item{}, err
	}
	if n.Size > max {
		return event.Item{}, refuse(event.TooLarge, "%d bytes of data, at most %d are taken", n.Size, max)
	}
	it := h.item(h.bytes())
	if n.Size == 0 && h.seal(&it, nil, 0, nil) == nil { // some servers say 0 for what they do not know: then go on
		return it, nil
	}
	if g.node == nil {
		return event.Item{}, refuse(event.Unverifiable, "%s has no node to fetch the data from", g.Name())
	}
	sum384, sum256 := sha512.New384(), sha256.New()
	size, err := g.Download(ctx, n.ID, io.MultiWriter(w, sum384, sum256), max)
	if err != nil {
		return event.Item{}, err
	}
	if n.Size > 0 && size != n.Size {
		return event.Item{}, refuse(event.Unverifiable, "the listing has %d bytes of data, the node %d", n.Size, size)
	}
	if err := h.seal(&it, sum384.Sum(nil), size, sum256.Sum(nil)); err != nil {
		return event.Item{}, err
	}
	return it, nil
}

// seal gives the item its Blob and digest and checks the signature. No sums stand for no data.
func (h *header) seal(it *event.Item, sum384 []byte, size int64, sum256 []byte) error {
	if sum384 == nil {
		a, b := sha512.Sum384(nil), sha256.Sum256(nil)
		sum384, sum256 = a[:], b[:]
	}
	it.Blob = &event.Blob{SHA256: event.Hash(sum256), SHA384: sum384, Size: uint64(size)}
	digest := h.digest([sha512.Size384]byte(sum384), it.Blob.Size)
	it.Digest = digest[:]
	if !h.signs(digest) {
		return refuse(event.BadSignature, "as the gateway gives it, the item is not what its owner signed")
	}
	return nil
}

// header rebuilds the item's header and checks that its signature belongs to its id.
func (n *Node) header() (header, error) {
	if n.Fault != "" {
		return header{}, refuse(event.Unverifiable, "the gateway's answer: %s", n.Fault)
	}
	h := header{tags: n.Tags}
	switch {
	case decodeText(n.Key, 512) != nil:
		h.sigType, h.owner, h.sig = sigArweave, decodeText(n.Key, 512), decodeText(n.Signature, 512)
	case decodeText(n.Key, 65) != nil:
		h.sigType, h.owner, h.sig = sigEthereum, decodeText(n.Key, 65), decodeText(n.Signature, 65)
	case decodeText(n.Key, 32) != nil || decodeText(n.Key, 42) != nil || decodeText(n.Key, 1025) != nil:
		return header{}, refuse(event.BadSigType, "a key of %d characters: want RSA of 4096 bits or secp256k1", len(n.Key))
	}
	if h.sig == nil {
		return header{}, refuse(event.Unverifiable, "the gateway gives no usable key and signature: %.20q, %.20q", n.Key, n.Signature)
	}
	if event.ID(sha256.Sum256(h.sig)) != n.ID {
		return header{}, refuse(event.IDMismatch, "the signature that the gateway gives belongs to another id")
	}
	if n.Recipient != "" {
		if h.target = decode32(n.Recipient); h.target == nil {
			return header{}, refuse(event.Unverifiable, "recipient %.60q is not an id", n.Recipient)
		}
	}
	if n.Anchor != "" {
		if h.anchor = decode32(n.Anchor); h.anchor == nil && len(n.Anchor) == 32 {
			h.anchor = []byte(n.Anchor) // some servers show the 32 bytes as text
		}
		if h.anchor == nil {
			return header{}, refuse(event.Unverifiable, "anchor %.60q is not 32 bytes", n.Anchor)
		}
	}
	return parseHeader(h.bytes())
}
