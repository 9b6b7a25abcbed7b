package event

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var rewrite = flag.Bool("rewrite", false, "create golden files that are missing; one that exists is never changed")

// filler makes values in which every field says something and no two say the same.
type filler struct {
	n         byte
	addresses int
}

func (f *filler) next() byte {
	f.n = f.n%250 + 1
	return f.n
}

func (f *filler) bytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = f.next()
	}
	return b
}

func (f *filler) fill(v reflect.Value) {
	switch v.Interface().(type) {
	case Address:
		f.addresses++
		v.SetString(string(f.bytes([]int{20, 32}[f.addresses%2])))
		return
	case Amount:
		v.Set(reflect.ValueOf(AmountOf(new(big.Int).SetBytes(f.bytes(12)))))
		return
	case []byte:
		v.SetBytes(f.bytes(48))
		return
	case Millis:
		v.SetInt(1_700_000_000_000 + int64(f.next()))
		return
	case Day:
		v.SetInt(20_000 + int64(f.next()))
		return
	}
	switch v.Kind() {
	case reflect.Array:
		copy(v.Slice(0, v.Len()).Bytes(), f.bytes(v.Len()))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Uint8:
		v.SetUint(uint64(f.next()))
	case reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(f.next()) << (v.Type().Bits() - 12)) // as wide as the type
	case reflect.String:
		v.SetString("text ü " + hex.EncodeToString(f.bytes(2)))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		f.fill(v.Index(0))
		f.fill(v.Index(1))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Name != "_" {
				f.fill(v.Field(i))
			}
		}
	default:
		panic("no filling for " + v.Type().String())
	}
	if v.IsZero() {
		panic("nothing was filled into " + v.Type().String())
	}
}

// bodies has a zero value of every kind.
func bodies() map[Kind]Body {
	all := map[Kind]Body{}
	for _, b := range []Body{
		LogOpened{}, TermsSet{}, MessageObserved{}, AssignmentObserved{}, ItemRefused{}, WindowClosed{}, SourceResolved{},
		DatasetResolved{}, BatchOpened{}, RunScored{}, RunFailed{}, BatchClosed{}, PeriodClosed{}, RewardsAllocated{}, RewardsFinal{},
	} {
		all[b.Kind()] = b
	}
	return all
}

func filled(b Body) Event {
	f := &filler{n: byte(len(b.Kind()))}
	v := reflect.New(reflect.TypeOf(b)).Elem()
	f.fill(v)
	body := v.Interface().(Body)
	return Event{Seq: 1_000_000, ID: body.ID(), Kind: body.Kind(), Recorded: 1_700_000_000_123, Body: body}
}

// TestGolden holds the bytes of every kind: what a log has written once must be read, and written again, for ever.
func TestGolden(t *testing.T) {
	all := bodies()
	if got, want := slices.Sorted(maps.Keys(all)), slices.Sorted(maps.Keys(decoders)); !slices.Equal(got, want) {
		t.Fatalf("kinds under test %v, known %v", got, want)
	}
	for k, zero := range all {
		t.Run(string(k), func(t *testing.T) {
			e := filled(zero)
			b, err := Encode(e)
			if err != nil {
				t.Fatal(err)
			}
			text, err := json.MarshalIndent(e, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", string(k)+".v1")
			golden(t, path+".hex", wrap(hex.EncodeToString(b)))
			golden(t, path+".json", string(text)+"\n")
			kept, err := os.ReadFile(path + ".hex")
			if err != nil {
				t.Fatal(err)
			}
			raw, err := hex.DecodeString(strings.ReplaceAll(string(kept), "\n", ""))
			if err != nil {
				t.Fatal(err)
			}
			back, err := DecodeCanonical(raw)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(e, back); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestZeroValues: a fact with nothing in it has one encoding too, whether its slices are nil or empty.
func TestZeroValues(t *testing.T) {
	for k, zero := range bodies() {
		b, err := Encode(Event{Body: zero})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := DecodeCanonical(b); err != nil {
			t.Errorf("%s: %v", k, err)
		}
		v := reflect.New(reflect.TypeOf(zero)).Elem()
		for i := range v.NumField() {
			if f := v.Field(i); f.Kind() == reflect.Slice {
				f.Set(reflect.MakeSlice(f.Type(), 0, 0))
			}
		}
		again, err := Encode(Event{Body: v.Interface().(Body)})
		if err != nil || string(again) != string(b) {
			t.Errorf("%s: empty slices %x, nil ones %x, %v", k, again, b, err)
		}
	}
}

func wrap(s string) string {
	var out strings.Builder
	for len(s) > 100 {
		out.WriteString(s[:100] + "\n")
		s = s[100:]
	}
	out.WriteString(s + "\n")
	return out.String()
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	want, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) && *rewrite {
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		err = os.WriteFile(path, []byte(got), 0o666)
		want = []byte(got)
	}
	if err != nil {
		t.Fatalf("%v (go test -rewrite creates it)", err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s differs. An encoding never changes: make a new kind or version.\n%s", path, d)
	}
}
