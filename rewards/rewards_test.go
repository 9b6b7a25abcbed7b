package rewards

import (
	"bufio"
	"fmt"
	"math/big"
	"os"
	"strings"
	"testing"

	"github.com/aobench/aobench/event"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestVectors(t *testing.T) {
	f, err := os.Open("testdata/arithmetic-decrease-v1.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rule, ok := Named(V1)
	if !ok {
		t.Fatalf("no rule %q", V1)
	}
	lines := 0
	for sc := bufio.NewScanner(f); sc.Scan(); {
		line := sc.Text()
		if line == "" || line[0] == '#' {
			continue
		}
		lines++
		in, want, _ := strings.Cut(line, ": ")
		var pot string
		var n int
		if _, err := fmt.Sscan(in, &pot, &n); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		p, err := event.ParseAmount(pot)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range rule.Shares(p.Big(), n) {
			got = append(got, s.String())
		}
		if g := strings.Join(got, " "); g != want {
			t.Errorf("%s\n got %s", line, g)
		}
	}
	if lines < 8 {
		t.Fatalf("read %d vectors", lines)
	}
}

func TestAsked(t *testing.T) {
	for text, want := range map[string]string{"ArithmeticDecrease": V1, V1: V1, "": "", "arithmeticdecrease": "", "Winner": ""} {
		if r, _ := Asked(text); r.Name != want {
			t.Errorf("Asked(%q) = %q, want %q", text, r.Name, want)
		}
	}
}

func pot(t *rapid.T) event.Amount {
	b := rapid.SliceOfN(rapid.Byte(), 0, 32).Draw(t, "pot")
	return event.AmountOf(new(big.Int).SetBytes(b))
}

func total(ps []event.Payout) event.Amount {
	var sum event.Amount
	for _, p := range ps {
		sum = sum.Add(p.Amount)
	}
	return sum
}

func TestSharesAddUpAndFall(t *testing.T) {
	rule, _ := Named(V1)
	rapid.Check(t, func(t *rapid.T) {
		p := pot(t)
		n := rapid.IntRange(1, 40).Draw(t, "ranked")
		sum := new(big.Int)
		shares := rule.Shares(p.Big(), n)
		for i, s := range shares {
			sum.Add(sum, s)
			if s.Sign() < 0 || (i > 0 && s.Cmp(shares[i-1]) > 0) || (i >= 10 && s.Sign() != 0) {
				t.Fatalf("share %d of %v", i, shares)
			}
		}
		if sum.Cmp(p.Big()) != 0 {
			t.Fatalf("sum %s, pot %s", sum, p)
		}
	})
}

func TestAllocateAddsUp(t *testing.T) {
	rule, _ := Named(V1)
	rapid.Check(t, func(t *rapid.T) {
		p := pot(t)
		var ranked []event.Address
		for range rapid.IntRange(1, 15).Draw(t, "models") {
			ranked = append(ranked, addr(rapid.ByteRange(0, 5).Draw(t, "who")))
		}
		out := Allocate(rule, p, ranked)
		if !total(out).Equal(p) {
			t.Fatalf("paid %s of %s", total(out), p)
		}
		seen := map[event.Address]bool{}
		for _, o := range out {
			if seen[o.To] || o.Amount.IsZero() {
				t.Fatalf("%s twice or zero in %v", o.To, out)
			}
			seen[o.To] = true
		}
	})
}

func TestRefund(t *testing.T) {
	a, b := addr(1), addr(2)
	got := Refund(event.NewAmount(10), []Deposit{{a, event.NewAmount(1)}, {b, event.NewAmount(1)}, {a, event.NewAmount(1)}})
	want := []event.Payout{{To: a, Amount: event.NewAmount(7)}, {To: b, Amount: event.NewAmount(3)}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if got := Refund(event.NewAmount(10), nil); got != nil {
		t.Errorf("refund to nobody: %v", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		p := pot(t)
		var ds []Deposit
		for range rapid.IntRange(1, 6).Draw(t, "deposits") {
			ds = append(ds, Deposit{addr(rapid.ByteRange(0, 3).Draw(t, "who")), event.NewAmount(rapid.Uint64Min(1).Draw(t, "paid"))})
		}
		if out := Refund(p, ds); !total(out).Equal(p) {
			t.Fatalf("refunded %s of %s", total(out), p)
		}
	})
}

func addr(b byte) event.Address { return event.ID{31: b + 1}.Address() }
