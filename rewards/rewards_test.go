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

// TestAllocate has what design and hand say: a participant gets the sum of what its models earn, at the place of the best;
// nobody gets nothing.
func TestAllocate(t *testing.T) {
	rule, _ := Named(V1)
	a, b, c := addr(1), addr(2), addr(3)
	for _, x := range []struct {
		pot    uint64
		ranked []event.Address
		want   string
	}{
		{1000, []event.Address{a, b, a}, "1:667 2:333"},
		{1000, []event.Address{b, a, a}, "2:501 1:499"},
		{1000, []event.Address{a, a, a}, "1:1000"},
		{7, []event.Address{a, b, c, c, c, c, c, c, c, c}, "1:5 2:1 3:1"},
		{2, []event.Address{a, b, c}, "1:2"}, // floors of 1, 0 and 0, and 1 left over
		{0, []event.Address{a, b}, ""},
		{1000, nil, ""},
		{55, []event.Address{a, a, a, a, a, a, a, a, a, a, b}, "1:55"}, // the eleventh gets nothing
	} {
		var got []string
		for _, p := range Allocate(rule, event.NewAmount(x.pot), x.ranked) {
			id, _ := p.To.ID()
			got = append(got, fmt.Sprintf("%d:%s", id[31]-1, p.Amount))
		}
		if g := strings.Join(got, " "); g != x.want {
			t.Errorf("%d among %d: %s, want %s", x.pot, len(x.ranked), g, x.want)
		}
	}
}

// TestInputsAreNotChanged: pots and deposits are shared with states that others read.
func TestInputsAreNotChanged(t *testing.T) {
	rule, _ := Named(V1)
	pot := event.NewAmount(1001)
	n := pot.Big()
	rule.Shares(n, 7)
	deposits := []Deposit{{addr(1), event.NewAmount(3)}, {addr(1), event.NewAmount(4)}}
	Refund(pot, deposits)
	if n.Uint64() != 1001 || pot.String() != "1001" || deposits[0].Amount.String() != "3" {
		t.Error("an input was changed")
	}
}

// TestRefundRemainder: pot and deposits differ by what was lost on the way; what the floors leave goes to the first.
func TestRefundRemainder(t *testing.T) {
	got := Refund(event.NewAmount(100), []Deposit{{addr(1), event.NewAmount(1)}, {addr(2), event.NewAmount(1)}, {addr(3), event.NewAmount(1)}})
	want := []event.Payout{{To: addr(1), Amount: event.NewAmount(34)}, {To: addr(2), Amount: event.NewAmount(33)}, {To: addr(3), Amount: event.NewAmount(33)}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
