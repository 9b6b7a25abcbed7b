package api

import (
	"fmt"
	"math"

	"github.com/aobench/aobench/event"
	"github.com/go-analyze/charts"
)

// maxLines is how many models a chart shows: the best of the newest closed board.
const maxLines = 8

// palette holds the colours of a chart; style.css has the same for the legend. Neighbours differ in lightness as well.
type palette struct {
	text, grid string
	lines      [maxLines]string
	dark       bool
}

var (
	lightPalette = palette{"#5f6b7a", "#e6e9ee", [maxLines]string{"#0f766e", "#d97706", "#4f6bdc", "#be3a8c", "#5b9a1e", "#0e91b5", "#8a5a3c", "#64748b"}, false}
	darkPalette  = palette{"#97a3b4", "#2a313c", [maxLines]string{"#2dd4bf", "#fbbf24", "#8ea6ff", "#f08bcb", "#a3d65c", "#4cc9f0", "#d3a384", "#94a3b8"}, true}
)

// line is one model's values by day; NaN stands for a day without one.
type line struct {
	model  event.ID
	values []float64
}

// The quantities that a chart can show.
const (
	chartScore = "score"
	chartRank  = "rank"
)

// chartLines picks the values that a chart shows out of a history.
func chartLines(h history, kind string) []line {
	column := map[event.Day]int{}
	for i, d := range h.Days {
		column[d.Day] = i
	}
	var out []line
	for _, m := range h.Models {
		if len(out) == maxLines {
			break
		}
		l := line{model: m.Model, values: make([]float64, len(h.Days))}
		for i := range l.values {
			l.values[i] = math.NaN()
		}
		any := false
		for _, d := range m.Days {
			switch {
			case d.Rank == nil:
				continue
			case kind == chartRank:
				l.values[column[d.Day]] = -float64(*d.Rank) // the axis grows upwards and the first rank is the best
			default:
				l.values[column[d.Day]] = 100 * float64(d.Correct) / float64(d.Total)
			}
			any = true
		}
		if any {
			out = append(out, l)
		}
	}
	return out
}

// drawChart returns the lines as an SVG of its own, which a page shows as an image: no style of it can leak out.
func drawChart(h history, kind string, dark, narrow bool) ([]byte, error) {
	lines := chartLines(h, kind)
	if len(lines) == 0 {
		return nil, notFound("no day with a ranked model has been closed yet", "the first board is frozen after the first day of a period")
	}
	colours := lightPalette
	if dark {
		colours = darkPalette
	}
	data := make([][]float64, len(lines))
	for i, l := range lines {
		data[i] = l.values
		for j, v := range data[i] {
			if math.IsNaN(v) {
				data[i][j] = charts.GetNullValue()
			}
		}
	}
	opt := charts.NewLineChartOptionWithData(data)
	opt.Theme = colours.theme()
	opt.Padding = charts.Box{Top: 12, Right: 16, Bottom: 4, Left: 4}
	opt.Legend.Show = charts.Ptr(false)
	opt.LineStrokeWidth = 2.5
	opt.Symbol = charts.Symbol{Shape: charts.SymbolDot, Size: 4}
	opt.XAxis.BoundaryGap = charts.Ptr(false)
	opt.XAxis.LabelFontStyle.FontSize = 11
	for i, d := range h.Days {
		opt.XAxis.Labels[i] = d.Day.Start().Time().Format("2 Jan")
	}
	opt.YAxis[0] = valueAxis(lines, kind)
	size := charts.PainterOptions{OutputFormat: charts.ChartOutputSVG, Width: 860, Height: 300}
	if narrow {
		size.Width, size.Height = 400, 260
	}
	p := charts.NewPainter(size)
	if err := p.LineChart(opt); err != nil {
		return nil, fmt.Errorf("draw chart: %w", err)
	}
	b, err := p.Bytes()
	if err != nil {
		return nil, fmt.Errorf("draw chart: %w", err)
	}
	return b, nil
}

// valueAxis fits the axis to the values: whole tens of per cent, or one line a rank.
func valueAxis(lines []line, kind string) charts.YAxisOption {
	low, high := math.Inf(1), math.Inf(-1)
	for _, l := range lines {
		for _, v := range l.values {
			if v != charts.GetNullValue() {
				low, high = min(low, v), max(high, v)
			}
		}
	}
	axis := charts.YAxisOption{SplitLineShow: charts.Ptr(true), SpineLineShow: charts.Ptr(false)}
	axis.LabelFontStyle.FontSize = 11
	if kind == chartRank {
		axis.Min, axis.Max = charts.Ptr(min(low, -2)), charts.Ptr(-1.0)
		axis.LabelCount = int(-*axis.Min)
		axis.ValueFormatter = func(v float64) string { return fmt.Sprintf("%.0f", -v) }
		return axis
	}
	axis.Min, axis.Max = charts.Ptr(max(0, 10*math.Floor(low/10-.3))), charts.Ptr(min(100, 10*math.Ceil(high/10+.3)))
	axis.LabelCount = int(*axis.Max-*axis.Min)/10 + 1
	axis.ValueFormatter = func(v float64) string { return fmt.Sprintf("%.0f %%", v) }
	return axis
}

func (p palette) theme() charts.ColorPalette {
	series := make([]charts.Color, len(p.lines))
	for i, c := range p.lines {
		series[i] = charts.ParseColor(c)
	}
	text, grid := charts.ParseColor(p.text), charts.ParseColor(p.grid)
	return charts.MakeTheme(charts.ThemeOption{
		IsDarkMode: p.dark, AxisStrokeColor: grid, AxisSplitLineColor: grid, TextColor: text, SeriesColors: series,
		BackgroundColor: charts.ColorTransparent,
	})
}
