package e2e

import (
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"io"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/aobench/aobench/ao"
	"github.com/aobench/aobench/event"
)

// lifecycleFile is a pool's life as another implementation signed it; tests on it are skipped where it is not there.
const lifecycleFile = "../../shared/data/lifecycle-300.json.gz"

// set is signed items of a pool's life and what must become of them.
type set struct {
	Items []struct {
		Kind  string `json:"kind"`
		Raw   string `json:"raw"`             // the binary item in base64
		Alone bool   `json:"alone,omitempty"` // wants a bundle of its own
	} `json:"items"`
	Mint      []string `json:"mint,omitempty"` // addresses that arlocal must know as wallets
	Pool      string   `json:"pool"`
	Token     string   `json:"token"`
	Authority string   `json:"authority"`
	Scheduler string   `json:"scheduler"`
	Hours     int      `json:"hours"` // length of a period
	Want      want     `json:"want"`
	// Expect is what the lifecycle file has instead of Want. Its funds are the first deposit of a pool: the contract that
	// it was made for swallowed a second one.
	Expect struct {
		Pools map[string]struct {
			Funder string      `json:"funder"`
			Funds  json.Number `json:"funds"`
			Models map[string]struct {
				Participant string  `json:"participant"`
				Score       float64 `json:"score"`    // correct of answered
				Progress    float64 `json:"progress"` // answered of total
			} `json:"models"`
		} `json:"pools"`
	} `json:"expect"`
}

// want is the end of a set: what both the fold and the API must say.
type want struct {
	Pools   map[string]wantPool `json:"pools"`
	Refused map[string]string   `json:"refused"` // reason by item
	Owed    map[string]string   `json:"owed"`    // reason by item
}

type wantPool struct {
	Pot    string               `json:"pot"`
	Funder string               `json:"funder"` // of the opening deposit
	Models map[string]wantModel `json:"models"`

	Kind    string            `json:"kind"`    // of the payouts; the fold alone has none
	Payouts map[string]string `json:"payouts"` // amount by participant
}

type wantModel struct {
	Participant string `json:"participant"`
	Correct     uint32 `json:"correct"`
	Answered    uint32 `json:"answered"`
	Total       uint32 `json:"total"`
}

func decodeSet(t *testing.T, r io.Reader) *set {
	t.Helper()
	var s set
	if err := json.NewDecoder(r).Decode(&s); err != nil {
		t.Fatal(err)
	}
	return &s
}

// loadLifecycle reads the lifecycle file and derives Want from its end state and from the deposits that were sent.
func loadLifecycle(t *testing.T) *set {
	t.Helper()
	f, err := os.Open(lifecycleFile)
	if os.IsNotExist(err) {
		t.Skipf("%s is not there", lifecycleFile)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	s := decodeSet(t, z)
	pots, first := s.deposits(t)
	s.Want.Pools = map[string]wantPool{}
	for id, p := range s.Expect.Pools {
		if first[id].Pot != p.Funds.String() || first[id].Funder != p.Funder {
			t.Fatalf("pool %s: the set says that %s opened it with %s, its items %v", id, p.Funder, p.Funds, first[id])
		}
		w := wantPool{Pot: pots[id].String(), Funder: p.Funder, Models: map[string]wantModel{}}
		for model, m := range p.Models {
			w.Models[model] = wantModel{Participant: m.Participant}
			if m.Progress == 0 {
				continue // never scored
			}
			const total = 1954 // questions of both datasets
			answered := math.Round(m.Progress * total)
			correct := math.Round(m.Score * answered)
			if answered/total != m.Progress || correct/answered != m.Score {
				t.Fatalf("model %s: score %v and progress %v are no counts out of %d", model, m.Score, m.Progress, total)
			}
			w.Models[model] = wantModel{m.Participant, uint32(correct), uint32(answered), total}
		}
		s.Want.Pools[id] = w
	}
	return s
}

// deposits adds up the credit notices by pool, and returns the first of each. All of them are genuine in the lifecycle file.
func (s *set) deposits(t *testing.T) (pots map[string]event.Amount, first map[string]wantPool) {
	t.Helper()
	pots, first = map[string]event.Amount{}, map[string]wantPool{}
	for _, it := range s.items(t) {
		if it.Tag("Action") != "Credit-Notice" || it.Target.String() != s.Pool {
			continue
		}
		id := it.Tag("X-Dataset")
		amount, err := event.ParseAmount(it.Tag("Quantity"))
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := first[id]; !ok {
			first[id] = wantPool{Pot: amount.String(), Funder: it.Tag("Sender")}
		}
		pots[id] = pots[id].Add(amount)
	}
	return pots, first
}

// raw returns the binary items.
func (s *set) raw(t *testing.T) [][]byte {
	t.Helper()
	out := make([][]byte, len(s.Items))
	for i, it := range s.Items {
		var err error
		text := strings.TrimRight(strings.NewReplacer("+", "-", "/", "_").Replace(it.Raw), "=")
		if out[i], err = base64.RawURLEncoding.DecodeString(text); err != nil {
			t.Fatalf("item %d: %v", i, err)
		}
	}
	return out
}

// items returns the items as ao reads them.
func (s *set) items(t *testing.T) []event.Item {
	t.Helper()
	var out []event.Item
	for i, b := range s.raw(t) {
		it, err := ao.Parse(b)
		if err != nil {
			t.Fatalf("item %d, %s: %v", i, s.Items[i].Kind, err)
		}
		out = append(out, it)
	}
	return out
}
