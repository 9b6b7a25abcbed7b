package tinygguf

import (
	"encoding/binary"
	"math"
)

// Value types of GGUF metadata, see the GGUF specification of the ggml project, version 3. All numbers are little-endian.
const (
	kindUint32  = 4
	kindInt32   = 5
	kindFloat32 = 6
	kindBool    = 7
	kindText    = 8
	kindArray   = 9
)

const (
	alignment = 32 // of the data of each tensor
	typeF32   = 0
)

// file collects the parts of a GGUF file.
type file struct {
	pairs   uint64
	meta    []byte
	tensors uint64
	infos   []byte
	data    []byte
}

func put32(b []byte, v uint32) []byte { return binary.LittleEndian.AppendUint32(b, v) }
func put64(b []byte, v uint64) []byte { return binary.LittleEndian.AppendUint64(b, v) }
func putText(b []byte, s string) []byte {
	return append(put64(b, uint64(len(s))), s...)
}

func (f *file) key(key string, kind uint32) {
	f.pairs++
	f.meta = put32(putText(f.meta, key), kind)
}

func (f *file) array(key string, kind uint32, n int) {
	f.key(key, kindArray)
	f.meta = put64(put32(f.meta, kind), uint64(n))
}

func (f *file) text(key, v string) {
	f.key(key, kindText)
	f.meta = putText(f.meta, v)
}

func (f *file) uint32(key string, v uint32) {
	f.key(key, kindUint32)
	f.meta = put32(f.meta, v)
}

func (f *file) float32(key string, v float32) {
	f.key(key, kindFloat32)
	f.meta = put32(f.meta, math.Float32bits(v))
}

func (f *file) bool(key string, v bool) {
	f.key(key, kindBool)
	b := byte(0)
	if v {
		b = 1
	}
	f.meta = append(f.meta, b)
}

func (f *file) texts(key string, v []string) {
	f.array(key, kindText, len(v))
	for _, s := range v {
		f.meta = putText(f.meta, s)
	}
}

func (f *file) float32s(key string, v []float32) {
	f.array(key, kindFloat32, len(v))
	for _, x := range v {
		f.meta = put32(f.meta, math.Float32bits(x))
	}
}

func (f *file) int32s(key string, v []int32) {
	f.array(key, kindInt32, len(v))
	for _, x := range v {
		f.meta = put32(f.meta, uint32(x))
	}
}

// tensor adds a matrix; shape begins with the length of a row.
func (f *file) tensor(name string, values []float32, shape ...int) {
	f.tensors++
	f.infos = put32(putText(f.infos, name), uint32(len(shape)))
	for _, n := range shape {
		f.infos = put64(f.infos, uint64(n))
	}
	f.infos = put64(put32(f.infos, typeF32), uint64(len(f.data)))
	for _, x := range values {
		f.data = put32(f.data, math.Float32bits(x))
	}
	f.data = pad(f.data)
}

func pad(b []byte) []byte {
	for len(b)%alignment != 0 {
		b = append(b, 0)
	}
	return b
}

func (f *file) bytes() []byte {
	b := put32([]byte("GGUF"), 3)
	b = put64(put64(b, f.tensors), f.pairs)
	b = append(append(b, f.meta...), f.infos...)
	return append(pad(b), f.data...)
}
