package api

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aobench/aobench/event"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

func load(t *testing.T, h http.Handler, target string) (reply, *html.Node) {
	t.Helper()
	got := ask(h, "GET", target, "Accept", browser)
	root, err := html.Parse(strings.NewReader(got.body))
	if err != nil {
		t.Fatal(err)
	}
	return got, root
}

// all returns the elements of a name, those of a class where class is not empty.
func all(n *html.Node, name atom.Atom, class string) []*html.Node {
	var out []*html.Node
	for d := range n.Descendants() {
		if d.DataAtom == name && (class == "" || slices.Contains(strings.Fields(attribute(d, "class")), class)) {
			out = append(out, d)
		}
	}
	return out
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// text returns what a reader sees of n, without what is only for screen readers.
func text(n *html.Node) string {
	if n.Type == html.TextNode {
		return n.Data
	}
	if n.DataAtom == atom.Title || strings.Contains(attribute(n, "class"), "hidden") {
		return ""
	}
	var b strings.Builder
	for c := range n.ChildNodes() {
		b.WriteString(text(c) + " ")
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// table returns the texts of the cells of the body of a table.
func table(n *html.Node) [][]string {
	var out [][]string
	for _, body := range all(n, atom.Tbody, "") {
		for _, tr := range all(body, atom.Tr, "") {
			var row []string
			for cell := range tr.ChildNodes() {
				if cell.DataAtom == atom.Td || cell.DataAtom == atom.Th {
					row = append(row, text(cell))
				}
			}
			out = append(out, row)
		}
	}
	return out
}

// named writes the ids in a table as names.
func named(n names, rows [][]string) [][]string {
	for _, row := range rows {
		for i := range row {
			row[i] = n.out.Replace(row[i])
		}
	}
	return rows
}

func pageTargets(pool string) []string {
	base := "/pools/" + pool
	return []string{
		"/", "/?at=seq:3", "/?at=seq:60", base, base + "?board=live", base + "/history", base + "?at=seq:113", base + "/periods/1", base + "/periods/1?board=live",
		base + "/periods/1?at=seq:4", base + "/periods/1?at=seq:39&board=official", base + "/periods/1?at=seq:100", base + "/periods/1?at=seq:107", base + "/periods/1/history",
		base + "/periods/1/history?at=seq:49", "/pools/x", "/pools/" + id("nothing").String(), base + "/periods/9", base + "?at=seq:90000", "/nothing",
	}
}

// No page has a script, asks another host for anything or leads to a page that is not there.
func TestPagesKeepToThemselves(t *testing.T) {
	s := New(story(t), Options{})
	followed := map[string]bool{}
	for _, target := range pageTargets(id("pool").String()) {
		got, root := load(t, s, target)
		if got.header.Get("Content-Type") != "text/html; charset=utf-8" || got.header.Get("Content-Security-Policy") != policyPage {
			t.Errorf("%s: %d %v", target, got.status, got.header)
		}
		if n := len(all(root, atom.H1, "")); n != 1 {
			t.Errorf("%s: %d headings of the first order", target, n)
		}
		for n := range root.Descendants() {
			if n.DataAtom == atom.Script || n.DataAtom == atom.Iframe || n.DataAtom == atom.Form || n.DataAtom == atom.Object || n.DataAtom == atom.Style {
				t.Errorf("%s: <%s>", target, n.Data)
			}
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "style" {
					t.Errorf("%s: %s=%q", target, a.Key, a.Val)
				}
				if a.Key != "href" && a.Key != "src" && a.Key != "srcset" {
					continue
				}
				if !strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "#") || strings.HasPrefix(a.Val, "//") {
					t.Errorf("%s: %s=%q leads away", target, a.Key, a.Val)
				}
				if link := strings.TrimSpace(a.Val); strings.HasPrefix(link, "/") && !followed[link] {
					followed[link] = true
					follow(t, s, target, link)
				}
			}
		}
		if strings.Contains(got.body, "http://") || strings.Contains(got.body, "https://") {
			t.Errorf("%s names another host", target)
		}
	}
	if len(followed) < 50 {
		t.Errorf("only %d links were followed", len(followed))
	}
}

func follow(t *testing.T, s *Site, from, link string) {
	t.Helper()
	got := ask(s, "GET", link, "Accept", browser)
	for range 2 {
		if got.status == http.StatusTemporaryRedirect {
			link = got.header.Get("Location")
			got = ask(s, "GET", link, "Accept", browser)
		}
	}
	if got.status != http.StatusOK {
		t.Errorf("%s leads to %s: %d", from, link, got.status)
	}
	if strings.HasPrefix(link, "/static/") && got.header.Get("Cache-Control") != cacheForever {
		t.Errorf("%s: %s", link, got.header.Get("Cache-Control"))
	}
}

func TestStyleKeepsToItself(t *testing.T) {
	s := New(story(t), Options{})
	got := ask(s, "GET", "/static/"+s.pages.assets+"/style.css")
	if got.status != http.StatusOK || got.header.Get("Content-Type") != "text/css; charset=utf-8" {
		t.Fatalf("%d %v", got.status, got.header)
	}
	if found := regexp.MustCompile(`(?i)https?:|//[a-z]|@import|url\(|expression`).FindString(got.body); found != "" {
		t.Errorf("style.css has %s", found)
	}
	for _, target := range []string{"/static/" + s.pages.assets + "/none.css", "/static/000000000000/style.css", "/static/" + s.pages.assets + "/..%2fpages.go"} {
		if got := ask(s, "GET", target); got.status != http.StatusNotFound {
			t.Errorf("%s: %d", target, got.status)
		}
	}
}

func TestPoolsPage(t *testing.T) {
	w := story(t)
	n := namesOf(w)
	_, root := load(t, New(w, Options{Name: "bench & co"}), "/")
	cards := all(root, atom.Li, "card")
	if len(cards) != 1 {
		t.Fatalf("%d pools", len(cards))
	}
	want := "Open 6 d 13 h left {pool} 250.5 wAR Models 2 Best score 75.8 % Period 2 Closed days 0"
	if got := n.out.Replace(text(cards[0])); got != want {
		t.Errorf("the pool is shown as %q", got)
	}
	strip := n.out.Replace(text(all(root, atom.Dl, "strip")[0]))
	if want := "Read to height 1,032 Events 121 Missing messages none known Pool process {process}"; strip != want {
		t.Errorf("the service is shown as %q", strip)
	}
	if brand := text(all(root, atom.A, "brand")[0]); brand != "bench & co" {
		t.Errorf("the service is called %q", brand)
	}
	_, empty := load(t, New(w, Options{}), "/?at=seq:3")
	if p := all(empty, atom.P, "empty"); len(p) != 1 || !strings.HasPrefix(text(p[0]), "No pool has been funded yet.") {
		t.Error("without pools the page does not say so")
	}
}

func TestBoardPage(t *testing.T) {
	w := story(t)
	n := namesOf(w)
	s := New(w, Options{})
	_, root := load(t, s, "/pools/"+id("pool").String()+"/periods/1")
	got := named(n, table(all(root, atom.Table, "board")[0]))
	for _, row := range got {
		row[4] = strings.TrimSuffix(row[4], " wAR") // the unit may be in the style
	}
	want := [][]string{
		{"1", "{golf}", "{ann}", "75.8 % 91/120", "251.2500"},
		{"2", "{echo}", "{ben}", "65.8 % 79/120", "215.3571"},
		{"3", "{charlie}", "{cem}", "60.8 % 73/120", "179.4642"},
		{"4", "{foxtrot} funder", "{funder}", "55.0 % 66/120", "143.5714"},
		{"5", "{alpha} tied", "{ann}", "50.8 % 61/120", "107.6785"},
		{"6 new", "{hotel} tied", "{aos}", "50.8 % 61/120", "71.7857"},
		{"7 ▼1", "{bravo}", "{ben}", "48.3 % 58/120", "35.8928"},
		{"–", "{delta} the engine cannot load the model file", "{dora}", "no score", "–"},
		{"–", "{echo-copy} copy counts as a copy of " + id("echo").String()[:10] + "…: 1 answer differs", "{mallory}", "65.8 % 79/120", "–"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +board\n%s", diff)
	}
	tiles := text(all(root, atom.Dl, "tiles")[0])
	if want := "Pot 1,005 wAR Ended 7 Mar 2026 at 23:01 UTC Ranked models 7 of 9 joined Best score 75.8 %"; tiles != want {
		t.Errorf("tiles %q", tiles)
	}
	tables := all(root, atom.Table, "")
	if len(tables) != 4 {
		t.Fatalf("%d tables, want board, rewards, owed, refused", len(tables))
	}
	if diff := cmp.Diff([][]string{
		{"{ann}", "#1 + #5", "358.928571428574"}, {"{ben}", "#2 + #7", "251.249999999999"}, {"{cem}", "#3", "179.464285714285"},
		{"{funder}", "#4", "143.571428571428"}, {"{aos}", "#6", "71.785714285714"},
	}, named(n, table(tables[1]))); diff != "" {
		t.Errorf("-want +rewards\n%s", diff)
	}
	owed := named(n, table(tables[2]))
	if len(owed) != 1 || owed[0][1] != "{stranger}" || owed[0][3] != "3 wAR" {
		t.Errorf("owed %q", owed)
	}
	refused := named(n, table(tables[3]))
	if len(refused) != 4 || refused[0][3] != "110" || refused[1][1] != "<script>alert(1)</script>" || !strings.HasSuffix(refused[1][2], "bad-signature") {
		t.Errorf("refused, newest first: %q", refused)
	}
}

func TestBoardPageOfOtherMoments(t *testing.T) {
	w := story(t)
	s := New(w, Options{})
	pool := "/pools/" + id("pool").String()
	got := ask(s, "GET", pool+"?at=day:2026-03-02", "Accept", browser)
	want := pool + "/periods/1?at=seq:39&board=official"
	if got.status != http.StatusTemporaryRedirect || got.header.Get("Location") != want {
		t.Fatalf("a day leads to %d %s, want %s", got.status, got.header.Get("Location"), want)
	}
	for _, c := range []struct{ target, past, title, first, reward string }{
		{want, "This page shows the past: 3 Mar 2026, 00:03 UTC, event 39. Go to now", "Official board of 2 March 2026", "{charlie}", "If the period ended now"},
		{pool + "/periods/1?at=seq:39", "This page shows the past: 3 Mar 2026, 00:03 UTC, event 39. Go to now", "Live board", "{charlie}", "If the period ended now"},
		{pool + "/periods/1?at=seq:102&board=official", "This page shows the past: 7 Mar 2026, 23:04 UTC, event 102. Go to now", "Official board of 7 March 2026", "{golf}", "Rewards, not divided yet"},
		{pool + "/periods/1?at=seq:107", "", "Final board, 7 March 2026", "{golf}", "Rewards"},
		{pool, "", "Live board", "{golf}", "If the period ended now"},
		{pool + "/periods/2", "", "Live board", "{golf}", "If the period ended now"},
	} {
		got, root := load(t, s, c.target)
		if got.status != http.StatusOK {
			t.Fatalf("%s: %d", c.target, got.status)
		}
		headings := []string{}
		for _, h := range all(root, atom.H2, "") {
			headings = append(headings, text(h))
		}
		first := namesOf(w).out.Replace(text(all(all(root, atom.Tbody, "")[0], atom.Td, "model")[0]))
		if !slices.Contains(headings, c.title) || !slices.Contains(headings, c.reward) || first != c.first {
			t.Errorf("%s: %q, first is %s", c.target, headings, first)
		}
		past := ""
		if d := all(root, atom.Div, "past"); len(d) == 1 {
			past = text(d[0])
		}
		if strings.Contains(c.target, "at=") && c.past == "" {
			continue
		}
		if past != c.past {
			t.Errorf("%s: past %q", c.target, past)
		}
	}
}

func TestHistoryPage(t *testing.T) {
	w := story(t)
	_, root := load(t, New(w, Options{}), "/pools/"+id("pool").String()+"/periods/1/history?at=seq:63")
	got := named(namesOf(w), table(all(root, atom.Table, "grid")[0]))
	want := [][]string{
		{"{echo}", "", "", "1 65.8 %", "1 65.8 %"},
		{"{charlie}", "", "1 60.8 %", "2 60.8 %", "2 60.8 %"},
		{"{foxtrot}", "", "", "", "3 55.0 %"},
		{"{alpha}", "1 50.8 %", "2 50.8 %", "3 50.8 %", "4 50.8 %"},
		{"{bravo}", "2 48.3 %", "3 48.3 %", "4 48.3 %", "5 48.3 %"},
		{"{delta}", "", "–", "–", "–"},
		{"{echo-copy}", "", "", "", "–"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +grid\n%s", diff)
	}
}

// What strangers write is shown as they wrote it and never becomes part of the page.
func TestHostileTextIsEscaped(t *testing.T) {
	w := story(t)
	hostile := `"><script>alert(1)</script><img src=x onerror=alert(2)>'` + "`{{.}}"
	w.add(event.ItemRefused{Item: id("hostile"), Reason: event.Reason(hostile), Detail: hostile, Action: hostile, Block: event.Block{Height: w.height, Time: w.now}})
	w.show()
	s := New(w, Options{Name: hostile})
	for _, target := range []string{"/pools/" + id("pool").String(), "/", "/" + url.PathEscape(hostile), "/pools/" + url.PathEscape(hostile), "/?at=" + url.QueryEscape(hostile)} {
		got, root := load(t, s, target)
		for n := range root.Descendants() {
			if n.DataAtom == atom.Script || (n.DataAtom == atom.Img && !strings.HasPrefix(attribute(n, "src"), "/")) {
				t.Errorf("%s: <%s>", target, n.Data)
			}
		}
		if strings.Contains(got.body, "<script") || strings.Contains(got.body, "<img src=x") {
			t.Errorf("%s: not escaped", target)
		}
		if !strings.Contains(text(root), hostile) {
			t.Errorf("%s: the text is not shown as it is", target)
		}
	}
	for _, target := range []string{"/v1/refused", "/v1/" + url.PathEscape(hostile), "/v1/events?after=121"} {
		if got := ask(s, "GET", target); strings.Contains(got.body, "<") || !strings.Contains(got.header.Get("Content-Type"), "json") {
			t.Errorf("%s: %s", target, got.body)
		}
	}
}

func TestProblemPage(t *testing.T) {
	s := New(story(t), Options{})
	pool := "/pools/" + id("pool").String()
	for target, want := range map[string]string{
		"/nothing":             "404 There is no such thing",
		"/pools/x":             "404 There is no such thing",
		pool + "/periods/0":    "404 There is no such thing",
		pool + "/periods/9":    "404 There is no such thing",
		pool + "?at=seq:9000":  "404 Beyond the head",
		pool + "?board=weekly": "422 The request does not read",
		pool + "?at=seq:" + strings.Repeat("1", 70): "422 The request does not read",
		pool + "/periods/2/chart.svg":               "404 There is no such thing",
		pool + "/periods/1/chart.svg?kind=x":        "422 The request does not read",
		pool + "/periods/1/chart.svg?theme=x":       "422 The request does not read",
		pool + "/periods/1/chart.svg?size=x":        "422 The request does not read",
	} {
		got, root := load(t, s, target)
		if found := fmt.Sprint(got.status, " ", text(all(root, atom.H1, "")[0])); found != want {
			t.Errorf("%s: %s, want %s", target, found, want)
		}
		if !strings.Contains(text(root), "What to do: ") || got.header.Get("Cache-Control") != cacheNever || got.header.Get("Etag") != "" {
			t.Errorf("%s: no hint, or may be kept: %v", target, got.header)
		}
	}
}

func TestCharts(t *testing.T) {
	s := New(story(t), Options{})
	base := "/pools/" + id("pool").String() + "/periods/1/chart.svg?at=seq:102"
	seen := map[string]string{}
	for _, query := range []string{"", "&kind=rank", "&theme=dark", "&size=narrow", "&kind=rank&theme=dark&size=narrow"} {
		got := ask(s, "GET", base+query)
		if got.status != http.StatusOK || got.header.Get("Content-Type") != "image/svg+xml" || got.header.Get("Content-Security-Policy") != policyImage {
			t.Fatalf("%s: %d %v", query, got.status, got.header)
		}
		if other, ok := seen[got.body]; ok {
			t.Errorf("%q and %q are the same picture", query, other)
		}
		seen[got.body] = query
		d := xml.NewDecoder(strings.NewReader(got.body))
		paths := 0
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", query, err)
			}
			if e, ok := token.(xml.StartElement); ok {
				if e.Name.Local == "script" || e.Name.Local == "image" || e.Name.Local == "foreignObject" {
					t.Errorf("%s: <%s>", query, e.Name.Local)
				}
				if e.Name.Local == "path" {
					paths++
				}
			}
		}
		if paths < 7 {
			t.Errorf("%s: %d paths for 7 models", query, paths)
		}
	}
}
