package event

import "math"

// A bulk body knows its own CBOR: messages and assignments, which are nearly all of a log. Their encodings are those of
// their structs, which a test holds.
type bulk interface {
	write(*writer)
}

// decodeBulk reads an event of a bulk kind that is written as Encode writes it, and no other.
func decodeBulk(b []byte) (Event, bool) {
	r := &reader{b: b}
	r.array(6)
	version := r.uint()
	e := Event{Seq: Seq(r.uint()), ID: r.array32()}
	kind := r.view()
	e.Recorded = r.millis()
	if r.bad || version != Version {
		return Event{}, false
	}
	switch string(kind) {
	case string(KindMessageObserved):
		e.Kind, e.Body = KindMessageObserved, readMessage(r)
	case string(KindAssignmentObserved):
		e.Kind, e.Body = KindAssignmentObserved, readAssignment(r)
	default:
		return Event{}, false
	}
	return e, !r.bad && len(r.b) == 0
}

func (m MessageObserved) write(w *writer) {
	w.array(2)
	m.Item.write(w)
	m.Block.write(w)
}

func readMessage(r *reader) (m MessageObserved) {
	r.array(2)
	m.Item.read(r)
	m.Block.read(r)
	return m
}

func (a AssignmentObserved) write(w *writer) {
	w.array(7)
	a.Item.write(w)
	a.Block.write(w)
	w.bytes(a.Process[:])
	w.bytes(a.Message[:])
	w.uint(a.Nonce)
	w.millis(a.Time)
	w.bytes(a.HashChain)
}

func readAssignment(r *reader) (a AssignmentObserved) {
	r.array(7)
	a.Item.read(r)
	a.Block.read(r)
	a.Process, a.Message = r.array32(), r.array32()
	a.Nonce, a.Time, a.HashChain = r.uint(), r.millis(), r.bytes()
	return a
}

func (it *Item) write(w *writer) {
	w.array(9)
	w.bytes(it.ID[:])
	w.uint(uint64(it.SigType))
	w.head(majorBytes, uint64(len(it.Owner)))
	w.b = append(w.b, it.Owner...)
	w.bytes(it.Target[:])
	w.array(len(it.Tags))
	for i := range it.Tags {
		w.array(2)
		w.text(it.Tags[i].Name)
		w.text(it.Tags[i].Value)
	}
	w.bytes(it.Digest)
	w.bytes(it.Signed)
	w.bytes(it.Data)
	if it.Blob == nil {
		w.b = append(w.b, null)
		return
	}
	w.array(3)
	w.bytes(it.Blob.SHA256[:])
	w.bytes(it.Blob.SHA384)
	w.uint(it.Blob.Size)
}

func (it *Item) read(r *reader) {
	r.array(9)
	it.ID = r.array32()
	n := r.uint()
	if n > math.MaxUint8 {
		r.fail()
	}
	it.SigType = uint8(n)
	if err := it.Owner.UnmarshalBinary(r.take(r.head(majorBytes))); err != nil {
		r.fail()
	}
	it.Target = r.array32()
	it.Tags = r.tags()
	it.Digest, it.Signed, it.Data = r.bytes3()
	if len(r.b) > 0 && r.b[0] == null {
		r.b = r.b[1:]
		return
	}
	r.array(3)
	it.Blob = &Blob{SHA256: r.array32(), SHA384: r.bytes(), Size: r.uint()}
}

// tags reads all names and values into one string that they share: a dozen small texts are one allocation.
func (r *reader) tags() []Tag {
	n := r.head(majorArray)
	if n > uint64(len(r.b))/3 { // a tag has three heads
		r.fail()
		return nil
	}
	tags := make([]Tag, n)
	rest := *r
	for range tags {
		rest.array(2)
		rest.view()
		rest.view()
	}
	if rest.bad {
		r.fail()
		return nil
	}
	all := string(r.b[:len(r.b)-len(rest.b)])
	text := func() string {
		n := int(r.head(majorText))
		r.b = r.b[n:] // it was there the first time
		end := len(all) + len(rest.b) - len(r.b)
		return all[end-n : end]
	}
	for i := range tags {
		r.array(2)
		tags[i].Name, tags[i].Value = text(), text()
	}
	return tags
}

// bytes3 reads three byte strings into one piece of memory that they share.
func (r *reader) bytes3() (x, y, z []byte) {
	a := r.take(r.head(majorBytes))
	b := r.take(r.head(majorBytes))
	c := r.take(r.head(majorBytes))
	all := make([]byte, 0, len(a)+len(b)+len(c))
	all = append(append(append(all, a...), b...), c...)
	m, n := len(a), len(a)+len(b)
	return all[:m:m], all[m:n:n], all[n:]
}

func (b *Block) write(w *writer) {
	w.array(3)
	w.uint(b.Height)
	w.millis(b.Time)
	w.text(b.ID)
}

func (b *Block) read(r *reader) {
	r.array(3)
	b.Height, b.Time, b.ID = r.uint(), r.millis(), r.text()
}
