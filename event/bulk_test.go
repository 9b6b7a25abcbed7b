package event

import (
	"bytes"
	"reflect"
	"testing"

	"pgregory.net/rapid"
)

// slowly decodes as if there were no bulk kinds.
func slowly(b []byte) (Event, error) {
	var env envelope
	if err := Unmarshal(b, &env); err != nil {
		return Event{}, err
	}
	body, err := decodeBody(env.Kind, env.ID, env.Body)
	return Event{env.Seq, env.ID, env.Kind, env.Recorded, body}, err
}

func drawItem(t *rapid.T) Item {
	it := Item{
		ID: drawID(t), SigType: rapid.Uint8().Draw(t, "sigtype"), Owner: drawAddress(t), Target: drawID(t),
		Tags: []Tag{}, Digest: drawBytes(t, 60), Signed: drawBytes(t, 300), Data: drawBytes(t, 70_000),
	}
	for range rapid.IntRange(0, 40).Draw(t, "tags") {
		it.Tags = append(it.Tags, Tag{Name: rapid.String().Draw(t, "name"), Value: rapid.String().Draw(t, "value")})
	}
	if rapid.Bool().Draw(t, "blob") {
		it.Blob = &Blob{SHA256: Hash(drawID(t)), SHA384: drawBytes(t, 48), Size: rapid.Uint64().Draw(t, "size")}
	}
	return it
}

// TestBulk holds that what is written and read by hand is what the codec writes and reads from the structs.
func TestBulk(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := MessageObserved{Item: drawItem(t), Block: Block{
			Height: rapid.Uint64().Draw(t, "height"), Time: Millis(rapid.Int64().Draw(t, "time")), ID: rapid.String().Draw(t, "block"),
		}}
		e := Event{Seq: Seq(rapid.Uint64().Draw(t, "seq")), Recorded: Millis(rapid.Int64().Draw(t, "recorded")), Body: m}
		if rapid.Bool().Draw(t, "assignment") {
			e.Body = AssignmentObserved{
				Item: m.Item, Block: m.Block, Process: drawID(t), Message: drawID(t), Nonce: rapid.Uint64().Draw(t, "nonce"),
				Time: Millis(rapid.Int64().Draw(t, "time")), HashChain: drawBytes(t, 40),
			}
		}
		e.ID, e.Kind = e.Body.ID(), e.Body.Kind()
		raw, err := Marshal(e.Body)
		if err != nil {
			t.Fatal(err)
		}
		want, err := Marshal(envelope{Version: Version, Seq: e.Seq, ID: e.ID, Kind: e.Kind, Recorded: e.Recorded, Body: raw})
		if err != nil {
			t.Fatal(err)
		}
		got, err := Encode(e)
		if len(want) > MaxBytes {
			if err == nil {
				t.Fatalf("wrote %d bytes", len(got))
			}
			return
		}
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("by hand %x (%v)\nby codec %x", got, err, want)
		}
		if fast, ok := decodeBulk(got); !ok || !reflect.DeepEqual(fast, e) {
			t.Fatalf("read by hand: %v %+v\nwant %+v", ok, fast, e)
		}
		bent := bytes.Clone(got)
		bent[rapid.IntRange(0, len(bent)-1).Draw(t, "at")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		agree(t, bent)
		agree(t, got[:rapid.IntRange(0, len(got)-1).Draw(t, "cut")])
	})
}

// agree holds that what is read by hand is what the codec reads, and that it is canonical.
func agree(t interface{ Fatalf(string, ...any) }, b []byte) {
	fast, ok := decodeBulk(b)
	if !ok {
		return // the codec decides
	}
	slow, err := slowly(b)
	if err != nil || !reflect.DeepEqual(fast, slow) {
		t.Fatalf("%x\nby hand  %+v\nby codec %+v, %v", b, fast, slow, err)
	}
	if again, err := Encode(fast); fast.ID == fast.Body.ID() && (err != nil || !bytes.Equal(again, b)) {
		t.Fatalf("%x read by hand, but written as %x, %v", b, again, err)
	}
}

func FuzzBulk(f *testing.F) {
	for _, body := range bodies() {
		if _, ok := body.(bulk); ok {
			b, err := Encode(filled(body))
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) { agree(t, b) })
}
