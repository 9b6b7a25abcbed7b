package ao

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/permadao/goar/utils"

	"github.com/aobench/aobench/event"
)

// The files in testdata/items were signed by arbundles 0.11.2, an implementation that shares no code with goar.
func goldenItems(tb testing.TB) map[string][]byte {
	tb.Helper()
	paths, err := filepath.Glob("testdata/items/*.item")
	if err != nil || len(paths) == 0 {
		tb.Fatal("no items in testdata", err)
	}
	out := map[string][]byte{}
	for _, p := range paths {
		b, err := os.ReadFile(p)
		if err != nil {
			tb.Fatal(err)
		}
		out[filepath.Base(p[:len(p)-len(".item")])] = b
	}
	return out
}

func TestGoldenItems(t *testing.T) {
	var want map[string]struct {
		ID, Owner, Target, Anchor string
		Tags                      []event.Tag
		Size                      int
		SigType                   uint8
	}
	readJSON(t, "testdata/items.json", &want)
	for name, raw := range goldenItems(t) {
		t.Run(name, func(t *testing.T) {
			it, err := Parse(raw)
			if err != nil {
				t.Fatal(err)
			}
			if err := Verify(it); err != nil {
				t.Error(err)
			}
			target := ""
			if !it.Target.IsZero() {
				target = it.Target.String()
			}
			anchor, err := Anchor(it)
			if err != nil {
				t.Error(err)
			}
			w := want[name]
			if it.ID.String() != w.ID || it.Owner.String() != w.Owner || target != w.Target || hex.EncodeToString(anchor) != w.Anchor ||
				len(it.Data) != w.Size || it.SigType != w.SigType {
				t.Errorf("got %s of %s to %q with anchor %x, %d bytes, type %d; want %+v", it.ID, it.Owner, target, anchor, len(it.Data), it.SigType, w)
			}
			if d := cmp.Diff(w.Tags, it.Tags, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(event.Tag{})); d != "" {
				t.Error(d)
			}
			if !bytes.Equal(Binary(it), raw) {
				t.Error("Binary gives other bytes")
			}
			h, err := parseHeader(raw)
			if err != nil || !bytes.Equal(h.bytes(), it.Signed) {
				t.Error("the header is not written as it was read", err)
			}
			if goar, err := utils.BundleItemSignData(goarItem(it)); err != nil || !bytes.Equal(goar, it.Digest) {
				t.Errorf("digest %x, goar has %x, %v", it.Digest, goar, err)
			}
		})
	}
}

// TestLifecycle reads 606 items signed by arbundles where they are at hand.
func TestLifecycle(t *testing.T) {
	t.Parallel()
	f, err := os.Open("../../shared/data/lifecycle-300.json.gz")
	if err != nil {
		t.Skip("the lifecycle items are not here:", err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var set struct {
		Items []struct{ Kind, Raw string }
	}
	if err := json.NewDecoder(z).Decode(&set); err != nil {
		t.Fatal(err)
	}
	for i, x := range set.Items {
		raw, err := base64.StdEncoding.DecodeString(x.Raw)
		if err != nil {
			t.Fatal(err)
		}
		it, err := Parse(raw)
		if err == nil {
			err = Verify(it)
		}
		if err != nil {
			t.Errorf("item %d, %s: %v", i, x.Kind, err)
		}
		if x.Kind == "Assignment" {
			if _, err := Assignment(it, event.Block{}); err != nil {
				t.Errorf("item %d: %v", i, err)
			}
		}
	}
	if len(set.Items) != 606 {
		t.Errorf("%d items", len(set.Items))
	}
}

func TestShrink(t *testing.T) {
	it, err := Parse(goldenItems(t)["ethereum-blob"])
	if err != nil {
		t.Fatal(err)
	}
	small, data := Shrink(it)
	if small.Blob == nil || small.Data != nil || !bytes.Equal(data, it.Data) {
		t.Fatal("the data was not moved out")
	}
	if small.Blob.SHA256 != sha256.Sum256(data) || small.Blob.Size != uint64(len(data)) {
		t.Error("the blob is another's")
	}
	if err := Verify(small); err != nil {
		t.Error(err)
	}
	if again, more := Shrink(small); again.Blob != small.Blob || more != nil {
		t.Error("shrunk twice")
	}
	small.Blob.Size++
	wantReason(t, Verify(small), event.Malformed) // the digest is no longer that of the fields
	it.Data = it.Data[:event.MaxInlineData]
	if same, data := Shrink(it); same.Blob != nil || data != nil {
		t.Error("data that fits was moved out")
	}
}

func TestVerifyHoldsEveryField(t *testing.T) {
	it := typicalItem(t)
	other := typicalItem(t)
	for name, c := range map[string]struct {
		change func(*event.Item)
		want   event.Reason
	}{
		"id":        {func(it *event.Item) { it.ID[0]++ }, event.IDMismatch},
		"sigtype":   {func(it *event.Item) { it.SigType = 3 }, event.Malformed},
		"owner":     {func(it *event.Item) { it.Owner = other.ID.Address() }, event.Malformed},
		"target":    {func(it *event.Item) { it.Target = event.ID{} }, event.Malformed},
		"tags":      {func(it *event.Item) { it.Tags = it.Tags[1:] }, event.Malformed},
		"digest":    {func(it *event.Item) { it.Digest = it.Digest[:47] }, event.Malformed},
		"data":      {func(it *event.Item) { it.Data = []byte("else") }, event.Malformed},
		"signed":    {func(it *event.Item) { it.Signed = append(bytes.Clone(it.Signed), 0) }, event.Malformed},
		"signature": {func(it *event.Item) { *it = resign(*it, other) }, event.BadSignature},
		"forged":    {forgeData, event.BadSignature},
		"blob":      {func(it *event.Item) { it.Blob = &event.Blob{SHA384: make([]byte, 48)} }, event.Malformed},
		"no sum":    {func(it *event.Item) { it.Data, it.Blob = nil, &event.Blob{Size: 3} }, event.Malformed},
		"nothing":   {func(it *event.Item) { *it = event.Item{} }, event.Malformed},
	} {
		bad := it
		c.change(&bad)
		if r := reasonOf(Verify(bad)); r != c.want {
			t.Errorf("%s: %q, want %q", name, r, c.want)
		}
	}
}

// resign puts another item's signature on it, consistently.
func resign(it, other event.Item) event.Item {
	b := bytes.Clone(Binary(it))
	copy(b[2:514], other.Signed[2:514])
	b[len(b)-1]++
	out, err := Parse(b)
	if err != nil {
		panic(err)
	}
	return out
}

// forgeData changes data and digest together, as a liar would.
func forgeData(it *event.Item) {
	it.Data = []byte("You received everything")
	h, err := parseHeader(it.Signed)
	if err != nil {
		panic(err)
	}
	d := h.digest(sha512.Sum384(it.Data), uint64(len(it.Data)))
	it.Digest = d[:]
}

func wantReason(t *testing.T, err error, want event.Reason) {
	t.Helper()
	if got := reasonOf(err); got != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// reasonOf returns the reason of a refusal, "" for no error and "?" for another.
func reasonOf(err error) event.Reason {
	var r *Refusal
	switch {
	case err == nil:
		return ""
	case errors.As(err, &r):
		return r.Reason
	}
	return "?"
}

func readJSON(tb testing.TB, path string, v any) {
	tb.Helper()
	b, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(b, v)
	}
	if err != nil {
		tb.Fatal(err)
	}
}
