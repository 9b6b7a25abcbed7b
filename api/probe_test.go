package api

import (
	"context"
	"os"
	"testing"
)

func TestProbe(t *testing.T) {
	w := story(t)
	s := New(w, Options{})
	v := &view{State: w.Live(), ctx: context.Background(), site: s}
	h, err := historyOf(v, id("pool"), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"score", "rank"} {
		b, err := drawChart(h, k, false)
		if err != nil {
			t.Fatal(err)
		}
		os.WriteFile("/tmp/ab/"+k+".svg", b, 0644)
	}
}
