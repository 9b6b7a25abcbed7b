package api

import (
	"net/http"
	"net/http/pprof"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Admin returns the handler of the admin listener: /livez, /readyz, /metrics and /debug/pprof/. It must not be reachable
// by strangers: a profile costs time and shows insides.
func (s *Site) Admin() http.Handler {
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(
		s.metrics.requests, s.metrics.seconds, stateCollector{s.src},
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	r := chi.NewRouter()
	s.routeHealth(r)
	r.Handle("/metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError}))
	r.HandleFunc("/debug/pprof/*", pprof.Index)
	r.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	r.HandleFunc("/debug/pprof/profile", pprof.Profile)
	r.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	r.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return r
}

// routeHealth adds the two questions that a supervisor asks: whether to restart the process, and whether to send requests.
func (s *Site) routeHealth(r chi.Router) {
	r.Get("/livez", func(w http.ResponseWriter, r *http.Request) {
		newAnswer("text/plain; charset=utf-8", cacheNever, []byte("ok\n")).send(w, r, 0)
	})
	r.Get("/readyz", func(w http.ResponseWriter, r *http.Request) {
		reasons := []string{"the log is still being read"}
		if s.src.Live() != nil {
			reasons = s.src.Status().NotReady
		}
		if len(reasons) == 0 {
			newAnswer("text/plain; charset=utf-8", cacheNever, []byte("ok\n")).send(w, r, 0)
			return
		}
		a := newAnswer("text/plain; charset=utf-8", cacheNever, []byte("not ready: "+strings.Join(reasons, "; ")+"\n"))
		a.status, a.etag = http.StatusServiceUnavailable, ""
		a.send(w, r, 0)
	})
}

// metrics are about requests. Routes are patterns, never addresses as asked for, so that strangers cannot make more.
type metrics struct {
	requests *prometheus.CounterVec
	seconds  prometheus.Histogram
}

func newMetrics() *metrics {
	return &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "aobench_http_requests_total", Help: "Requests by route and status class; route kept is an answer rendered before.",
		}, []string{"route", "status"}),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "aobench_http_render_seconds", Help: "Time to answer what had not been rendered before.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}),
	}
}

var classes = [...]string{"none", "1xx", "2xx", "3xx", "4xx", "5xx"}

func (m *metrics) done(route string, status int, begin time.Time) {
	m.requests.WithLabelValues(route, classes[min(status/100, 5)]).Inc()
	if route != "kept" {
		m.seconds.Observe(time.Since(begin).Seconds())
	}
}

// stateCollector reads its figures from the newest state when it is asked.
type stateCollector struct{ src Source }

var figures = []struct {
	desc  *prometheus.Desc
	value func(*view, Status) float64
}{
	{gauge("aobench_head", "Newest event in the log."), func(_ *view, st Status) float64 { return float64(st.Head) }},
	{gauge("aobench_seq", "Newest event in the state that is served."), func(v *view, _ Status) float64 { return float64(v.Seq) }},
	{gauge("aobench_recorded_timestamp_seconds", "When the newest event was recorded."), func(v *view, _ Status) float64 { return float64(v.Recorded) / 1000 }},
	{gauge("aobench_window_height", "Highest height read completely."), func(v *view, _ Status) float64 { return float64(v.Window.To) }},
	{gauge("aobench_window_timestamp_seconds", "Block time of that height."), func(v *view, _ Status) float64 { return float64(v.Window.Time) / 1000 }},
	{gauge("aobench_lag_blocks", "Heights known and not read."), func(v *view, st Status) float64 { return float64(lagOf(v, st).Blocks) }},
	{gauge("aobench_nonce_gaps", "Missing nonces, counted to 1000."), func(v *view, _ Status) float64 { return float64(len(v.Stream.Gaps(1000))) }},
	{gauge("aobench_messages_pending", "Messages without an assignment."), func(v *view, _ Status) float64 { return float64(len(v.Stream.Waiting)) }},
	{gauge("aobench_refused_items", "Items refused for their bytes."), func(v *view, _ Status) float64 { return float64(uint64(len(v.Refused)) + v.Lost) }},
	{gauge("aobench_faults", "Events that should not be."), func(v *view, _ Status) float64 { return float64(len(v.Faults)) }},
	{gauge("aobench_pools", "Pools."), func(v *view, _ Status) float64 { return float64(len(v.Pools())) }},
	{gauge("aobench_runs_due", "Runs due and not being done."), func(_ *view, st Status) float64 { return float64(st.Due) }},
	{gauge("aobench_runs_running", "Runs being done."), func(_ *view, st Status) float64 { return float64(st.Running) }},
	{gauge("aobench_ready", "1 when requests should be sent here."), func(_ *view, st Status) float64 { return truth(len(st.NotReady) == 0) }},
	{gauge("aobench_read_only", "1 when the log takes no more events."), func(_ *view, st Status) float64 { return truth(st.ReadOnly) }},
}

func gauge(name, help string) *prometheus.Desc { return prometheus.NewDesc(name, help, nil, nil) }

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// Describe implements prometheus.Collector.
func (c stateCollector) Describe(to chan<- *prometheus.Desc) {
	for _, f := range figures {
		to <- f.desc
	}
}

// Collect implements prometheus.Collector.
func (c stateCollector) Collect(to chan<- prometheus.Metric) {
	live := c.src.Live()
	if live == nil {
		return
	}
	v, st := &view{State: live}, c.src.Status()
	for _, f := range figures {
		to <- prometheus.MustNewConstMetric(f.desc, prometheus.GaugeValue, f.value(v, st))
	}
}
