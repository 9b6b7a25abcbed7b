//go:build e2e

package e2e

import (
	"encoding/json"
	"math/big"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// demoReport is what demo --once prints.
type demoReport struct {
	Pool  string
	Pot   string
	Board []struct {
		Rank                               *int
		Model, Participant                 string
		Correct, Answered, Total, Expected int
		CopyOf                             *string `json:"copy_of"`
	}
	Allocation []struct{ Participant, Amount string }
	Refused    []struct{ ID, Action, Reason string }
	Days       int
	Events     int
	Root       string
}

func readReport(t *testing.T, p *program) demoReport {
	t.Helper()
	var r demoReport
	dec := json.NewDecoder(&p.stdout)
	dec.DisallowUnknownFields()
	if err := dec.Decode(&r); err != nil {
		t.Fatalf("standard output is not one JSON object: %v", err)
	}
	if dec.More() {
		t.Fatal("there is more than one JSON object on standard output")
	}
	return r
}

// TestDemo plays the demo whole, and once more with kills in the middle of it, which must end with the same.
func TestDemo(t *testing.T) {
	data := t.TempDir()
	p := start(t, nil, binary(t), "demo", "--once", "--data", data)
	p.wait(t, 4*time.Minute)
	p.alone(t)
	whole := readReport(t, p)
	checkReport(t, whole)

	replay := start(t, nil, binary(t), "replay", filepath.Join(data, "service"))
	replay.wait(t, time.Minute)

	killed := t.TempDir()
	for i := range 3 {
		p := start(t, nil, binary(t), "demo", "--once", "--data", killed)
		select {
		case <-p.done:
		case <-time.After(time.Duration(5+2*i) * time.Second): // the first seconds make keys
		}
		p.kill()
		p.alone(t) // the engine's process does not outlive its owner
	}
	p = start(t, nil, binary(t), "demo", "--once", "--data", killed)
	p.wait(t, 4*time.Minute)
	again := readReport(t, p)
	checkReport(t, again)
	if diff := cmp.Diff(outline(whole), outline(again)); diff != "" {
		t.Errorf("after kills (-whole +killed):\n%s", diff)
	}
	replay = start(t, nil, binary(t), "replay", filepath.Join(killed, "service"))
	replay.wait(t, time.Minute)
}

// outline is a report without what keys decide, which are other ones in each folder.
func outline(r demoReport) (out []any) {
	for _, b := range r.Board {
		out = append(out, b.Rank, b.Correct, b.Answered, b.Total, b.CopyOf != nil)
	}
	for _, a := range r.Allocation {
		out = append(out, a.Amount)
	}
	for _, f := range r.Refused {
		out = append(out, f.Action, f.Reason)
	}
	return append(out, r.Pot, r.Days)
}

func checkReport(t *testing.T, r demoReport) {
	t.Helper()
	participants, copies := map[string]bool{}, 0
	for _, b := range r.Board {
		participants[b.Participant] = true
		if b.Correct != b.Expected || b.Answered != b.Total || b.Total < 60 {
			t.Errorf("model %s: %d right of %d of %d, the closed form says %d", b.Model, b.Correct, b.Answered, b.Total, b.Expected)
		}
		if b.CopyOf != nil {
			copies++
			if b.Rank != nil {
				t.Errorf("copy %s has rank %d", b.Model, *b.Rank)
			}
		}
	}
	if len(participants) < 6 || copies != 1 || r.Days != 7 || r.Events == 0 || len(r.Root) != 64 {
		t.Errorf("%d participants, %d copies, %d days, %d events, root %q", len(participants), copies, r.Days, r.Events, r.Root)
	}
	sum := new(big.Int)
	for _, a := range r.Allocation {
		n, ok := new(big.Int).SetString(a.Amount, 10)
		if !ok || n.Sign() <= 0 {
			t.Fatalf("amount %q", a.Amount)
		}
		sum.Add(sum, n)
	}
	if sum.String() != r.Pot {
		t.Errorf("allocation adds up to %s, the pot is %s", sum, r.Pot)
	}
	got := map[string]bool{}
	for _, f := range r.Refused {
		got[f.Action+" "+f.Reason] = true
	}
	for _, want := range []string{"Credit-Notice unknown-rule", "Credit-Notice forged-sender", "Join-Pool displaced", "Join-Pool no-period"} {
		if !got[want] {
			t.Errorf("not refused: %s; refused: %v", want, got)
		}
	}
}
