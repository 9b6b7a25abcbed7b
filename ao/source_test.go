package ao

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/aobench/aobench/event"
)

// signedTx is a transaction signed by arweave-js 1.15.7.
func signedTx(t *testing.T) (event.ID, map[string]any) {
	t.Helper()
	var tx map[string]any
	readJSON(t, "testdata/transaction.json", &tx)
	id, err := event.ParseID(tx["id"].(string))
	if err != nil {
		t.Fatal(err)
	}
	return id, tx
}

// listed serves one item by GraphQL, with or without a bundle, its data, and a transaction header where there is one.
func listed(t *testing.T, id event.ID, fields string, data []byte, tx map[string]any) *Gateway {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("POST /graphql", graphQL(fmt.Sprintf(`{"data":{"transactions":{"edges":[{"cursor":"1","node":{"id":%q%s}}]}}}`, id, fields)))
	mux.HandleFunc("GET /raw/{id}", write(data))
	if tx != nil {
		b, err := json.Marshal(tx)
		if err != nil {
			t.Fatal(err)
		}
		mux.HandleFunc("GET /tx/{id}", graphQL(string(b)))
	}
	return serve(t, &quick, mux)
}

func nodeJSON(t *testing.T, n Node, size int64, bundle string) string {
	t.Helper()
	tags, err := json.Marshal(n.Tags)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf(`,"anchor":%q,"signature":%q,"recipient":%q,"owner":{"key":%q},"tags":%s,"data":{"size":"%d"},"bundledIn":%s`,
		n.Anchor, n.Signature, n.Recipient, n.Key, tags, size, bundle)
}

func TestSourceOfAnItem(t *testing.T) {
	it := typicalItem(t)
	n := nodeOf(it)
	id, tx := signedTx(t)
	tx["id"] = n.ID.String() // what a server that mixes both up would say
	_ = id
	for name, g := range map[string]*Gateway{
		"in a bundle":    listed(t, n.ID, nodeJSON(t, n, n.Size, `{"id":"x"}`), it.Data, nil),
		"bundle unsaid":  listed(t, n.ID, nodeJSON(t, n, n.Size, `null`), it.Data, nil),
		"a header of it": listed(t, n.ID, nodeJSON(t, n, n.Size, `{"id":""}`), it.Data, tx),
	} {
		s, err := g.Source(t.Context(), n.ID)
		if err != nil || !s.Verified || s.Owner != it.Owner || s.Size != int64(len(it.Data)) || s.SHA256.IsZero() {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
	big, err := listed(t, n.ID, nodeJSON(t, n, MaxItem+1, `{"id":"x"}`), nil, nil).Source(t.Context(), n.ID)
	if err != nil || big.Verified || big.Owner != it.Owner || big.Size != MaxItem+1 {
		t.Errorf("a big one: %+v, %v", big, err)
	}
	_, err = listed(t, n.ID, nodeJSON(t, n, n.Size, `{"id":"x"}`), []byte(strings.ToUpper(string(it.Data))), nil).Source(t.Context(), n.ID)
	wantReason(t, err, event.BadSignature)
	if _, err := listed(t, n.ID, "", nil, nil).Source(t.Context(), idA); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

func TestSourceOfATransaction(t *testing.T) {
	id, tx := signedTx(t)
	s, err := listed(t, id, `,"bundledIn":null`, nil, tx).Source(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	want := Source{Owner: testWallet(t).Address(), Size: 7, Verified: true, Tags: []event.Tag{
		{Name: "Content-Type", Value: "application/octet-stream"}, {Name: "Participant", Value: "Ünï"}, {Name: "Empty"},
	}}
	if d := cmp.Diff(want, s, cmpopts.IgnoreUnexported(event.Tag{})); d != "" {
		t.Error(d)
	}
}

// TestTransactionRefuses: what is changed in a header, also in ways that goar alone would let pass.
func TestTransactionRefuses(t *testing.T) {
	id, _ := signedTx(t)
	for name, c := range map[string]struct {
		change func(map[string]any)
		want   event.Reason
	}{
		"format":          {func(tx map[string]any) { tx["format"] = 1 }, event.Unverifiable},
		"id":              {func(tx map[string]any) { tx["id"] = idA.String() }, event.IDMismatch},
		"size":            {func(tx map[string]any) { tx["data_size"] = "8" }, event.BadSignature},
		"size padded":     {func(tx map[string]any) { tx["data_size"] = "07" }, event.Malformed},
		"root":            {func(tx map[string]any) { tx["data_root"] = idA.String() }, event.BadSignature},
		"root in garbage": {func(tx map[string]any) { tx["data_root"] = tx["data_root"].(string) + "!" }, event.Malformed},
		"target":          {func(tx map[string]any) { tx["target"] = idA.String() }, event.BadSignature},
		"target garbage":  {func(tx map[string]any) { tx["target"] = "!!" }, event.Malformed},
		"reward":          {func(tx map[string]any) { tx["reward"] = "124" }, event.BadSignature},
		"reward garbage":  {func(tx map[string]any) { tx["reward"] = "1e3" }, event.Malformed},
		"anchor":          {func(tx map[string]any) { tx["last_tx"] = "" }, event.BadSignature},
		"anchor garbage":  {func(tx map[string]any) { tx["last_tx"] = "x" }, event.Malformed},
		"owner":           {func(tx map[string]any) { tx["owner"] = "" }, event.Unverifiable},
		"tags gone":       {func(tx map[string]any) { tx["tags"] = nil }, event.BadSignature},
		"tag garbage":     {func(tx map[string]any) { tx["tags"] = []txTag{{"Z!", "Zg"}} }, event.Malformed},
		"tag not UTF-8":   {func(tx map[string]any) { tx["tags"] = []txTag{{"_w", "Zg"}} }, event.Malformed},
		"129 tags":        {func(tx map[string]any) { tx["tags"] = make([]txTag, 129) }, event.Malformed},
	} {
		_, tx := signedTx(t)
		c.change(tx)
		b, err := json.Marshal(tx)
		if err != nil {
			t.Fatal(err)
		}
		var h txHeader
		if err := json.Unmarshal(b, &h); err != nil {
			t.Fatal(err)
		}
		if _, err = h.verify(id); reasonOf(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}
