package event

import (
	"bytes"
	"encoding/hex"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestUnmarshalRefuses holds what the codec's options promise.
func TestUnmarshalRefuses(t *testing.T) {
	for _, c := range []struct{ name, in string }{
		{"indefinite array", "9f 01 ff"},
		{"indefinite map", "bf 01 02 ff"},
		{"indefinite bytes", "5f 41 00 ff"},
		{"indefinite text", "7f 61 61 ff"},
		{"duplicate key", "a2 01 02 01 03"},
		{"trailing byte", "01 00"},
		{"tag", "c0 61 61"},
		{"big number tag", "c2 41 05"},
		{"text that is not UTF-8", "62 c3 28"},
		{"cut short", "82 01"},
		{"no bytes", ""},
		{"nested too deep", strings.Repeat("81", 17) + "01"},
		{"array longer than any", "9a 7f ff ff ff"},
		{"text longer than any", "7b 7f ff ff ff ff ff ff ff"},
		{"reserved head", "1c"},
		{"break alone", "ff"},
	} {
		var v any
		if err := Unmarshal(unhex(t, c.in), &v); err == nil {
			t.Errorf("%s: read as %v", c.name, v)
		}
	}
	var k map[int]int
	if err := Unmarshal(unhex(t, "a2 01 02 01 03"), &k); err == nil {
		t.Errorf("duplicate key into a typed map: read as %v", k)
	}
	var p Payout
	for _, in := range []string{"81 40", "83 40 40 40", "a2 62 54 6f 40 66 41 6d 6f 75 6e 74 40", "82 43 010203 40", "82 40 42 0001"} {
		if err := Unmarshal(unhex(t, in), &p); err == nil {
			t.Errorf("%s read as payout %v", in, p)
		}
	}
}

// final is the bytes of a small event with each part named, to be bent one at a time.
type parts struct{ version, seq, id, kind, recorded, body string }

func final() parts {
	id := RewardsFinal{Period: 1}.ID()
	return parts{"01", "07", "5820" + hex.EncodeToString(id[:]), "6d" + hex.EncodeToString([]byte("rewards.final")), "09",
		"82 5820" + strings.Repeat("00", 32) + "01"}
}

func (p parts) bytes(t testing.TB) []byte {
	return unhex(t, "86"+p.version+p.seq+p.id+p.kind+p.recorded+p.body)
}

func TestDecodeCanonicalRefuses(t *testing.T) {
	if _, err := DecodeCanonical(final().bytes(t)); err != nil {
		t.Fatalf("the straight one: %v", err)
	}
	for name, bend := range map[string]func(*parts){
		"seq in two bytes":             func(p *parts) { p.seq = "1807" },
		"seq in nine bytes":            func(p *parts) { p.seq = "1b0000000000000007" },
		"seq as null":                  func(p *parts) { p.seq = "f6" },
		"seq as float":                 func(p *parts) { p.seq = "f94700" },
		"negative seq":                 func(p *parts) { p.seq = "26" },
		"id of something else":         func(p *parts) { p.id = "5820" + strings.Repeat("11", 32) },
		"id as an array":               func(p *parts) { p.id = "9820" + strings.Repeat("01", 32) },
		"id of 31 bytes":               func(p *parts) { p.id = "581f" + strings.Repeat("11", 31) },
		"kind as bytes":                func(p *parts) { p.kind = "4d" + p.kind[2:] },
		"kind length in two":           func(p *parts) { p.kind = "780d" + p.kind[2:] },
		"pool too short":               func(p *parts) { p.body = "82 581f" + strings.Repeat("00", 31) + "01" },
		"pool length in three":         func(p *parts) { p.body = "82 590020" + strings.Repeat("00", 32) + "01" },
		"period in two bytes":          func(p *parts) { p.body = strings.TrimSuffix(p.body, "01") + "1801" },
		"period over 32 bits":          func(p *parts) { p.body = strings.TrimSuffix(p.body, "01") + "1b0000000100000001" },
		"body one field short":         func(p *parts) { p.body = "81 5820" + strings.Repeat("00", 32) },
		"body one field long":          func(p *parts) { p.body = "83" + p.body[2:] + "00" },
		"body as a map":                func(p *parts) { p.body = "a1 01 02" },
		"another version":              func(p *parts) { p.version = "02" },
		"version 0":                    func(p *parts) { p.version = "00" },
		"trailing byte":                func(p *parts) { p.body += "00" },
		"recorded as a tagged time":    func(p *parts) { p.recorded = "c109" },
		"array of the envelope in two": func(p *parts) { p.version = "" },
	} {
		p := final()
		bend(&p)
		if e, err := DecodeCanonical(p.bytes(t)); err == nil {
			t.Errorf("%s: read as %+v", name, e)
		}
	}
	allocated := RewardsAllocated{Payouts: []Payout{{To: Address(bytes.Repeat([]byte{1}, 20)), Amount: NewAmount(5)}}}
	b, err := Encode(Event{Seq: 1, Body: allocated})
	if err != nil {
		t.Fatal(err)
	}
	for name, r := range map[string][2]string{
		"address as text":              {"54" + strings.Repeat("01", 20), "74" + strings.Repeat("01", 20)},
		"amount with a leading zero":   {"4105", "420005"},
		"refunds as null":              {"80" + "5820" + strings.Repeat("00", 32), "f6" + "5820" + strings.Repeat("00", 32)},
		"amount as null":               {"4105", "f6"},
		"amount as a number":           {"4105", "05"},
		"address of 19 bytes":          {"54" + strings.Repeat("01", 20), "53" + strings.Repeat("01", 19)},
		"payouts of indefinite length": {"8182" + "54", "9f82" + "54"},
	} {
		h := hex.EncodeToString(b)
		bent := strings.Replace(h, r[0], r[1], 1)
		if bent == h {
			t.Fatalf("%s: nothing to bend in %s", name, h)
		}
		if e, err := DecodeCanonical(unhex(t, bent)); err == nil {
			t.Errorf("%s: read as %+v", name, e)
		}
	}
}

func TestMaxBytes(t *testing.T) {
	size := func(detail int) ([]byte, error) {
		return Encode(Event{Seq: 1, Body: RunFailed{Detail: strings.Repeat("x", detail)}})
	}
	b, err := size(60_000)
	if err != nil {
		t.Fatal(err)
	}
	fits := 60_000 + MaxBytes - len(b)
	if b, err = size(fits); err != nil || len(b) != MaxBytes {
		t.Errorf("%d bytes: %v", len(b), err)
	}
	if _, err = size(fits + 1); !errors.Is(err, ErrTooLarge) {
		t.Errorf("one byte more: %v", err)
	}
	if _, err := Decode(make([]byte, MaxBytes+1)); !errors.Is(err, ErrTooLarge) {
		t.Errorf("decode one byte more: %v", err)
	}
}

// TestBadText: what could not be read again must not be written.
func TestBadText(t *testing.T) {
	bad := "caf\xc3"
	for name, b := range map[string]Body{
		"tag name":  MessageObserved{Item: Item{Tags: []Tag{{Name: bad}}}},
		"tag value": MessageObserved{Item: Item{Tags: []Tag{{Name: "a", Value: "b"}, {Name: "c", Value: bad}}}},
		"detail":    RunFailed{Detail: strings.Repeat("y", 300) + bad, Attempt: 300},
		"action":    ItemRefused{Action: bad, Block: Block{Height: 1 << 40}},
		"ticker":    TermsSet{Terms: Terms{Tokens: []Token{{Ticker: bad}}}},
	} {
		if _, err := Encode(Event{Seq: 1, Body: b}); !errors.Is(err, ErrBadText) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Encode(Event{Seq: 1, Body: RunScored{Choices: []byte{0xff, 0xc3}}}); err != nil {
		t.Errorf("bytes need not be text: %v", err)
	}
}

func TestUnknownKindSurvives(t *testing.T) {
	p := final()
	p.kind = "6b" + hex.EncodeToString([]byte("new.kind.v9"))
	p.body = "83 01 82 6161 f5 a1 01 43 c30000" // anything well formed
	in := p.bytes(t)
	e, err := DecodeCanonical(in)
	if err != nil {
		t.Fatal(err)
	}
	u, ok := e.Body.(Unknown)
	if !ok || u.Kind() != "new.kind.v9" || u.ID() != e.ID || e.ID.IsZero() {
		t.Fatalf("read as %+v", e)
	}
	clear(in[len(in)-3:]) // what was read must not alias what was given
	out, err := Encode(e)
	if err != nil || !bytes.Equal(out, p.bytes(t)) {
		t.Errorf("%x came back as %x, %v", p.bytes(t), out, err)
	}
	if _, err := Decode(bytes.Replace(p.bytes(t), []byte{0x82, 0x61}, []byte{0x9f, 0x61}, 1)); err == nil {
		t.Error("an indefinite length inside an unknown body was read")
	}
}

// TestIDsDiffer: the log is unique by id, so facts that are not the same must not share one.
func TestIDsDiffer(t *testing.T) {
	p, q := ID{1}, ID{2}
	seen := map[ID]Body{}
	for _, b := range []Body{
		LogOpened{}, TermsSet{Revision: 1}, TermsSet{Revision: 2}, ItemRefused{Item: p, Reason: Malformed}, ItemRefused{Item: p, Reason: TooLarge},
		WindowClosed{From: 1}, WindowClosed{From: 2}, SourceResolved{Source: p, Role: RoleModel, Attempt: 1}, SourceResolved{Source: p, Role: RoleModel, Attempt: 2},
		SourceResolved{Source: p, Role: RoleProcess, Attempt: 1}, DatasetResolved{Pool: p, Period: 1}, DatasetResolved{Pool: p, Period: 2}, DatasetResolved{Pool: q, Period: 1},
		BatchOpened{Pool: p, Period: 1, Day: 1}, BatchOpened{Pool: p, Period: 1, Day: 2}, BatchOpened{Pool: p, Period: 2, Day: 1}, BatchOpened{Pool: p, Period: 1, Day: -1},
		BatchClosed{Pool: p, Period: 1, Day: 1}, RunScored{}, RunScored{Key: RunKey{Day: 1}}, RunScored{Key: RunKey{Model: p}}, RunScored{Key: RunKey{Proto: "x"}},
		RunScored{Key: RunKey{Dataset: Hash{1}}}, RunFailed{}, RunFailed{Attempt: 1}, RunFailed{Attempt: 1, Key: RunKey{Day: 1}},
		PeriodClosed{Pool: p, Period: 1}, PeriodClosed{Pool: p, Period: 2}, RewardsAllocated{Pool: p, Period: 1}, RewardsFinal{Pool: p, Period: 1},
	} {
		if old, ok := seen[b.ID()]; ok {
			t.Errorf("%#v has the id of %#v", b, old)
		}
		seen[b.ID()] = b
	}
	a, b := RunFailed{Attempt: 3, Reason: EngineFailed}, RunFailed{Attempt: 3, Reason: ModelOverCap, Detail: "x", Fault: true}
	if a.ID() != b.ID() {
		t.Error("an attempt can fail twice")
	}
}

// TestRandomBodies: Encode is deterministic, and what it writes is read back and is canonical.
func TestRandomBodies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		item := Item{
			ID: drawID(t), SigType: rapid.Uint8().Draw(t, "sig"), Owner: drawAddress(t), Target: drawID(t),
			Digest: drawBytes(t, 48), Signed: drawBytes(t, 700), Data: drawBytes(t, 200),
		}
		for range rapid.IntRange(0, 8).Draw(t, "tags") {
			item.Tags = append(item.Tags, Tag{Name: rapid.String().Draw(t, "name"), Value: rapid.String().Draw(t, "value")})
		}
		if rapid.Bool().Draw(t, "blob") {
			item.Blob = &Blob{Size: rapid.Uint64().Draw(t, "size"), SHA384: drawBytes(t, 48)}
		}
		e := Event{Seq: Seq(rapid.Uint64().Draw(t, "seq")), Recorded: Millis(rapid.Int64().Draw(t, "recorded"))}
		block := Block{Height: rapid.Uint64().Draw(t, "height"), Time: Millis(rapid.Int64().Draw(t, "time")), ID: rapid.String().Draw(t, "block")}
		if rapid.Bool().Draw(t, "assignment") {
			e.Body = AssignmentObserved{Item: item, Block: block, Process: drawID(t), Nonce: rapid.Uint64().Draw(t, "nonce"), HashChain: drawBytes(t, 32)}
		} else {
			e.Body = MessageObserved{Item: item, Block: block}
		}
		e.ID, e.Kind = e.Body.ID(), e.Body.Kind()
		b, err := Encode(e)
		if err != nil {
			t.Fatal(err)
		}
		back, err := DecodeCanonical(b)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Encode(back)
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("%x then %x, %v", b, again, err)
		}
		if d := cmp.Diff(e, back, cmp.Transformer("empty", func(b []byte) string { return string(b) }), cmp.Transformer("tags", func(ts []Tag) [][2]string {
			out := [][2]string{}
			for _, t := range ts {
				out = append(out, [2]string{t.Name, t.Value})
			}
			return out
		})); d != "" {
			t.Fatal(d)
		}
	})
}

func FuzzDecode(f *testing.F) {
	for _, zero := range bodies() {
		for _, e := range []Event{filled(zero), {Seq: 1, Body: zero}} {
			b, err := Encode(e)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
			f.Add(b[:len(b)/2])
		}
	}
	f.Add(unhex(f, "86 01 01 9b ff ff ff ff ff ff ff ff"))
	f.Add(unhex(f, strings.Repeat("9a 00 1f ff ff", 4)))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := Decode(b)
		if err == nil {
			_ = e.Body.ID()
			if _, err := Encode(e); err != nil && !errors.Is(err, ErrTooLarge) {
				t.Fatalf("decoded and not encoded: %v", err)
			}
		}
		e, err = DecodeCanonical(b)
		if err != nil {
			return
		}
		again, err := Encode(e)
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("canonical %x encodes as %x, %v", b, again, err)
		}
	})
}

// TestDecodeIsBounded: a few bytes that announce much must not cost much.
func TestDecodeIsBounded(t *testing.T) {
	for _, in := range []string{"86 01 01 9a 00 1f ff ff", "9a 00 1f ff ff", "86 01 01 5a 7f ff ff ff", "ba 00 1f ff ff"} {
		b := unhex(t, in)
		if n := testing.AllocsPerRun(10, func() { _, _ = Decode(b) }); n > 100 {
			t.Errorf("%s: %.0f allocations", in, n)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range 16 {
			_, _ = Decode(b)
		}
		runtime.ReadMemStats(&after)
		if n := (after.TotalAlloc - before.TotalAlloc) / 16; n > 1<<16 {
			t.Errorf("%s: %d bytes", in, n)
		}
	}
}
