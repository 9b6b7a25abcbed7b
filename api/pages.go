package api

import "github.com/go-chi/chi/v5"

const policyNone = "default-src 'none'; frame-ancestors 'none'"

type pages struct{}

func loadPages() *pages { return &pages{} }

func (*pages) problem(s *Site, p *Problem) *answer { return p.answer() }

func (s *Site) routePages(r chi.Router) { s.routeHealth(r) }
