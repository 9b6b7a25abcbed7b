package event

import "testing"

// BenchmarkEncode and BenchmarkDecode take a message of about 1.5 kB.
func BenchmarkEncode(b *testing.B) {
	e := sampleMessage()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Encode(e); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	raw, err := Encode(sampleMessage())
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(raw); err != nil {
			b.Fatal(err)
		}
	}
}

func sampleMessage() Event {
	e := filled(MessageObserved{})
	m := e.Body.(MessageObserved)
	m.Item.Blob = nil
	m.Item.Signed = make([]byte, 1100)
	for _, name := range []string{"Data-Protocol", "Variant", "Type", "Reference", "Action", "From-Process"} {
		m.Item.Tags = append(m.Item.Tags, Tag{Name: name, Value: "something"})
	}
	e.Body = m
	return e
}
