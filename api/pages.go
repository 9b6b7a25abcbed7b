package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"strconv"
	"time"

	"github.com/aobench/aobench/event"
	"github.com/aobench/aobench/projections"
	"github.com/go-chi/chi/v5"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed static/*
var staticFiles embed.FS

// Content-Security-Policy of the sorts of answers: nothing comes from anywhere else, and nothing is a script.
const (
	policyNone  = "default-src 'none'; frame-ancestors 'none'"
	policyPage  = "default-src 'none'; style-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	policyImage = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
)

// A pages renders HTML. It is the same for all requests.
type pages struct {
	sets   map[string]*template.Template
	assets string // hash of the static files, part of their addresses
}

// frame is what the layout shows around every page.
type frame struct {
	Name, Network, Title, Description string
	Assets                            string
	Seq                               event.Seq
	AsOf, Order                       string
	Root                              event.Hash
	JSON, Permalink, Now              string
	Data                              any
}

func loadPages() *pages {
	p := &pages{sets: map[string]*template.Template{}}
	funcs := template.FuncMap{"phase": phaseText}
	for _, name := range []string{"pools", "board", "history", "problem"} {
		p.sets[name] = template.Must(template.New(name).Funcs(funcs).ParseFS(templateFiles, "templates/layout.html", "templates/"+name+".html"))
	}
	h := sha256.New()
	for _, name := range []string{"static/style.css", "static/mark.svg"} {
		b, err := staticFiles.ReadFile(name)
		if err != nil {
			panic("api: " + err.Error()) // embedded: only a programming error gets here
		}
		h.Write(b)
	}
	p.assets = hex.EncodeToString(h.Sum(nil))[:12]
	return p
}

func (p *pages) render(name string, f frame) (*answer, error) {
	f.Assets = p.assets
	var b bytes.Buffer
	if err := p.sets[name].ExecuteTemplate(&b, "page", f); err != nil {
		return nil, fmt.Errorf("render page %s: %w", name, err)
	}
	a := newAnswer("text/html; charset=utf-8", cacheLive, b.Bytes())
	a.policy = policyPage
	return a, nil
}

// problem is the page of a request that was not answered.
func (p *pages) problem(s *Site, why *Problem) *answer {
	a, err := p.render("problem", frame{Name: s.opts.Name, Title: why.Title, Description: why.Title, Data: why})
	if err != nil {
		return why.answer()
	}
	a.status, a.etag, a.cache = why.Status, "", cacheNever
	return a
}

func (s *Site) routePages(r chi.Router) {
	s.routeHealth(r)
	r.Get("/static/{assets}/{file}", s.static)
	s.page(r, "/", poolsPage)
	for _, base := range []string{"/pools/{pool}", "/pools/{pool}/periods/{n}"} {
		s.page(r, base, boardPage)
		s.page(r, base+"/history", historyPage)
		s.page(r, base+"/chart.svg", chartImage)
	}
}

func (s *Site) static(w http.ResponseWriter, r *http.Request) {
	name := chi.URLParam(r, "file")
	b, err := staticFiles.ReadFile("static/" + path.Base(name))
	if err != nil || chi.URLParam(r, "assets") != s.pages.assets {
		s.fail(w, r, notFound("there is no file "+cut(name, 40), "load the page again"))
		return
	}
	mime := "text/css; charset=utf-8"
	if path.Ext(name) == ".svg" {
		mime = "image/svg+xml"
	}
	a := newAnswer(mime, cacheForever, b)
	a.policy = policyImage
	a.send(w, r, 0)
}

// A pageRequest is what a page is asked with.
type pageRequest struct {
	subject
	board, theme, size, kind string
}

// page registers a page. Pages of the past are asked about again, because the next release may draw them better.
func (s *Site) page(r chi.Router, route string, f func(*view, pageRequest) (*answer, error)) {
	r.Get(route, func(w http.ResponseWriter, r *http.Request) {
		s.serve(w, r, func(ctx context.Context, live *projections.State) (*answer, error) {
			want, err := readPageRequest(r)
			if err != nil {
				return nil, err
			}
			v, elsewhere, err := s.look(ctx, r, live, want.subject)
			if err != nil || elsewhere != nil {
				return elsewhere, err
			}
			a, err := f(v, want)
			if err == nil && v.past() {
				a.cache = cacheAsk
			}
			return a, err
		})
	})
}

func readPageRequest(r *http.Request) (pageRequest, error) {
	q := r.URL.Query()
	want := pageRequest{
		subject: subject{at: q.Get("at"), boards: path.Base(r.URL.Path) != "chart.svg" && path.Base(r.URL.Path) != "history"},
		board:   q.Get("board"), theme: q.Get("theme"), size: q.Get("size"), kind: q.Get("kind"),
	}
	if text := chi.URLParam(r, "pool"); text != "" {
		id, err := event.ParseID(text)
		if err != nil {
			return want, notFound(cut(text, 60)+" is no pool's id", "a pool's id has 43 characters; all pools are on the first page")
		}
		want.pool = id
	}
	if text := chi.URLParam(r, "n"); text != "" {
		n, err := strconv.ParseUint(text, 10, 32)
		if err != nil || n == 0 {
			return want, notFound(cut(text, 20)+" is no period", "periods are numbered 1, 2, 3 …")
		}
		want.period = uint32(n)
	}
	if want.board != "" && want.board != boardLive && want.board != boardOfficial {
		return want, badRequest("board="+cut(want.board, 20)+" is not live or official", "leave it out")
	}
	if len(want.at) > 64 {
		return want, badRequest("at= is too long", atHint)
	}
	return want, nil
}

// frame fills what the layout shows. here is the page's own path, json that of the same as JSON.
func (v *view) frame(title, description, here, json string) (frame, error) {
	root, err := v.site.src.Root(v.Seq)
	if err != nil {
		return frame{}, err
	}
	at := "?at=seq:" + strconv.FormatUint(uint64(v.Seq), 10)
	f := frame{
		Name: v.site.opts.Name, Network: v.Opened.Name, Title: title, Description: description,
		Seq: v.Seq, AsOf: dateTime(v.Recorded), Order: v.Stream.Order, Root: root,
		JSON: json + at, Permalink: here + at,
	}
	if v.past() {
		f.Now = here
	}
	return f, nil
}

func phaseText(phase string) string {
	return map[string]string{
		phaseOpen: "Open", phaseEnded: "Ended", phaseClosed: "Closed", phasePreliminary: "Preliminary", phaseFinal: "Final",
	}[phase]
}

func dateTime(m event.Millis) string { return m.Time().Format("2 Jan 2006, 15:04 UTC") }

// span says a length of time in its two greatest units.
func span(m event.Millis) string {
	d := time.Duration(m) * time.Millisecond
	days, hours, minutes := int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60
	switch {
	case days > 0:
		return fmt.Sprintf("%d d %d h", days, hours)
	case hours > 0:
		return fmt.Sprintf("%d h %d min", hours, minutes)
	}
	return fmt.Sprintf("%d min", minutes)
}

// percent writes part/whole in per cent with one decimal, rounded half up, from integers; "" when there is no whole.
func percent(part, whole uint32) string {
	if whole == 0 {
		return ""
	}
	n := (uint64(part)*2000 + uint64(whole)) / (2 * uint64(whole))
	return fmt.Sprintf("%d.%d", n/10, n%10)
}
