package api

import (
	"fmt"
	"math/big"
	"testing"

	"github.com/aobench/aobench/event"
	"pgregory.net/rapid"
)

func TestFiguresInText(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{ratio(0, 0), ""}, {ratio(0, 3), "0.000000"}, {ratio(1, 3), "0.333333"}, {ratio(2, 3), "0.666667"}, {ratio(3, 3), "1.000000"},
		{ratio(1, 2_000_000), "0.000001"}, {ratio(1<<32-1, 1<<32-1), "1.000000"},
		{percent(0, 0), ""}, {percent(1, 3), "33.3"}, {percent(2, 3), "66.7"}, {percent(1, 2000), "0.1"}, {percent(5, 5), "100.0"},
		{decimals(big.NewInt(0), 12), "0"}, {decimals(big.NewInt(1), 12), "0.000000000001"}, {decimals(big.NewInt(1234567), 0), "1,234,567"},
		{decimals(big.NewInt(1_000_000_000), 6), "1,000"}, {decimals(big.NewInt(123), 3), "0.123"}, {decimals(big.NewInt(1230), 3), "1.23"},
		{briefNumber(Money{Amount: event.NewAmount(1_999_999), Denomination: 6}), "1.9999"},
		{briefNumber(Money{Amount: event.NewAmount(1_999_900), Denomination: 6}), "1.9999"},
		{span(0), "0 min"}, {span(hours(1) - 1), "59 min"}, {span(hours(23)), "23 h 0 min"}, {span(hours(49)), "2 d 1 h"},
		{thousands(999), "999"}, {thousands(1000), "1,000"},
		{cut("añb", 2), "a…"}, {cut("ab", 2), "ab"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

// The expected intervals are from the closed form, computed apart with 30 decimal digits.
func TestWilson(t *testing.T) {
	if wilson(0, 0) != nil {
		t.Error("an interval of no answers")
	}
	for _, c := range []struct {
		correct, total uint32
		want           string
	}{
		{0, 1, "0.000000 0.793451"},
		{1, 1, "0.206549 1.000000"},
		{61, 120, "0.420025 0.596124"},
		{91, 120, "0.674499 0.826142"},
		{0, 120, "0.000000 0.031019"},
		{120, 120, "0.968981 1.000000"},
		{1, 1000000, "0.000000 0.000006"},
		{73, 100, "0.635679 0.807304"},
	} {
		if got := wilson(c.correct, c.total); fmt.Sprintf("%.6f %.6f", got.Low, got.High) != c.want {
			t.Errorf("%d of %d: %.6f %.6f, want %s", c.correct, c.total, got.Low, got.High, c.want)
		}
	}
}

func TestSameTag(t *testing.T) {
	for _, c := range []struct {
		header string
		want   bool
	}{
		{`"a"`, true}, {`W/"a"`, true}, {`"b", "a"`, true}, {`"b",W/"a"`, true}, {"*", true}, {"", false}, {`"b"`, false}, {"a", false}, {`"a`, false},
	} {
		if got := sameTag(c.header, `"a"`); got != c.want {
			t.Errorf("%s: %t", c.header, got)
		}
	}
}

// Every reason of the closed list is explained.
func TestEveryReasonHasWords(t *testing.T) {
	for reason, text := range words {
		if text == "" || inWords(reason) == reason {
			t.Errorf("%s is not explained", reason)
		}
	}
	if inWords("of-the-future") != "of-the-future" {
		t.Error("a reason that this program does not know is changed")
	}
}

// Pages put end to end are the list, whatever the limit, when each page asks after the next of the one before.
func TestPagesAreTheList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Map(rapid.IntRange(1, 20), func(n int) event.Seq { return event.Seq(n) }), 0, 40).Draw(t, "seqs")
		limit := rapid.IntRange(1, 10).Draw(t, "limit")
		self := func(s event.Seq) event.Seq { return s }
		whole, _ := page(append([]event.Seq(nil), list...), inPage{Limit: len(list) + 1}, self)
		var got []event.Seq
		in := inPage{Limit: limit}
		for range len(list) + 1 {
			some, next := page(append([]event.Seq(nil), list...), in, self)
			got = append(got, some...)
			if next == nil {
				break
			}
			in.After = uint64(*next)
		}
		if fmt.Sprint(got) != fmt.Sprint(whole) || len(got) != len(list) {
			t.Fatalf("pages %v, list %v", got, whole)
		}
	})
}
