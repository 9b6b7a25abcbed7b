package evaluator

import (
	"cmp"
	"crypto/sha256"
	"io"
	"os"
	"slices"

	gguf "github.com/gpustack/gguf-parser-go"

	"github.com/aobench/aobench/event"
)

// inspect reads the GGUF file as far as pure Go can before any C code sees it, and returns the hash of its tensors. It
// runs in the child: a header may claim a lot.
func inspect(path string) (h event.Hash, err error) {
	defer func() {
		if v := recover(); v != nil { // the parser panics on sizes that overflow and on wrong types
			err = failf(event.ModelNotLoadable, "not a usable GGUF file: %v", v)
		}
	}()
	f, err := os.Open(path)
	if err != nil {
		return h, failf(event.EngineFailed, "open model: %w", err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return h, failf(event.EngineFailed, "open model: %w", err)
	}
	g, err := gguf.ParseGGUFFile(path)
	if err != nil {
		return h, failf(event.ModelNotLoadable, "not a usable GGUF file: %w", err)
	}
	if len(g.TensorInfos) == 0 {
		return h, failf(event.ModelNotLoadable, "GGUF file without tensors")
	}
	return tensorsHash(f, st.Size(), g)
}

// tensorSum is what tensorsHash says about one tensor.
type tensorSum struct {
	_          struct{} `cbor:",toarray"`
	Name       string
	Type       uint32 // of GGML
	Dimensions []uint64
	Data       event.Hash
}

// tensorsHash is the SHA-256 of the CBOR array of [name, type, dimensions, SHA-256 of the data] of all tensors by name.
// Metadata, order, alignment and padding do not enter it: changing them makes the same model another file.
func tensorsHash(f io.ReaderAt, size int64, g *gguf.GGUFFile) (event.Hash, error) {
	sums := make([]tensorSum, 0, len(g.TensorInfos))
	for _, t := range g.TensorInfos {
		n := t.Bytes()
		room := uint64(max(0, size-g.TensorDataStartOffset))
		if n > room || t.Offset > room-n {
			return event.Hash{}, failf(event.ModelNotLoadable, "tensor %.64q reaches past the end of the file", t.Name)
		}
		h := sha256.New()
		section := io.NewSectionReader(f, g.TensorDataStartOffset+int64(t.Offset), int64(n))
		if _, err := io.Copy(h, section); err != nil {
			return event.Hash{}, failf(event.EngineFailed, "read model: %w", err)
		}
		sums = append(sums, tensorSum{Name: t.Name, Type: uint32(t.Type), Dimensions: t.Dimensions, Data: event.Hash(h.Sum(nil))})
	}
	slices.SortFunc(sums, func(a, b tensorSum) int { return cmp.Compare(a.Name, b.Name) })
	for i := range sums[1:] {
		if sums[i].Name == sums[i+1].Name {
			return event.Hash{}, failf(event.ModelNotLoadable, "two tensors are named %.64q", sums[i].Name)
		}
	}
	b, err := event.Marshal(sums)
	if err != nil { // a name that is no UTF-8
		return event.Hash{}, failf(event.ModelNotLoadable, "tensor names: %w", err)
	}
	return sha256.Sum256(b), nil
}
