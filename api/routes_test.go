package api

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"
)

// patterns are the routes that the router serves.
func patterns(t *testing.T, s *Site) []string {
	var out []string
	err := chi.Walk(s.router.(chi.Routes), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if method != http.MethodGet {
			t.Errorf("%s %s: only GET is served", method, route)
		}
		out = append(out, route)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

func TestOpenAPIListsEveryRoute(t *testing.T) {
	s := New(story(t), Options{})
	var want []string
	for _, route := range patterns(t, s) {
		if strings.HasPrefix(route, "/v1/") && route != "/v1/openapi.json" {
			want = append(want, route)
		}
	}
	var doc struct {
		Paths map[string]struct {
			Get struct {
				OperationID string `json:"operationId"`
				Responses   map[string]struct {
					Content map[string]struct{ Schema map[string]any }
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(ask(s, "GET", "/v1/openapi.json").body), &doc); err != nil {
		t.Fatal(err)
	}
	got := []string{}
	for path, one := range doc.Paths {
		got = append(got, path)
		if one.Get.OperationID == "" || len(one.Get.Responses["200"].Content["application/json"].Schema) == 0 {
			t.Errorf("%s: no operation id or no schema of its body", path)
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-served +documented\n%s", diff)
	}
}

// Every route under /v1 has at least one exchange in testdata that ends well.
func TestEveryRouteHasAScript(t *testing.T) {
	w := story(t)
	s, n := New(w, Options{}), namesOf(w)
	shown := map[string]bool{}
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for one := range strings.SplitSeq(string(b), "====\n") {
			request, response, _ := strings.Cut(one, "----\n")
			for line := range strings.Lines(request) {
				target, ok := strings.CutPrefix(strings.TrimSpace(line), "GET ")
				path, _, _ := strings.Cut(n.in.Replace(target), "?")
				c := chi.NewRouteContext()
				if ok && strings.HasPrefix(response, "200\n") && s.router.(chi.Routes).Match(c, "GET", path) {
					shown[c.RoutePattern()] = true
				}
			}
		}
	}
	for _, route := range patterns(t, s) {
		if strings.HasPrefix(route, "/v1/") && !shown[route] {
			t.Errorf("%s: no exchange shows it", route)
		}
	}
}
