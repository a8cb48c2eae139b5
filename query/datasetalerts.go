package query

import (
	"context"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// The parameter for the start of a series of days.
var daysParam = Param{
	Name:    "days",
	Summary: "Start of the series: 00:00 UTC so many days before today; by default one calendar month ago.",
	Kind:    Number,
	Example: "7",
}

var datasetAlertsPerMonth = &Question{
	Name:    "datasetAlertsPerMonth",
	Summary: "Number of alerts per day, by the sensors' clocks, without alerts of more than a day in the future.",
	Formats: []string{JSON},
	TTL:     fixed(600 * time.Second),
	Params:  []Param{daysParam},
	Answers: []Answer{{
		Schema: datasetSchema(count("Number of alerts."), "By day, in order. Days without alerts between the first and the last are included as 0."),
		Example: `[
  {
    "datasetAlertsPerMonth": {
      "2026-11-21 00:00:00": 25,
      "2026-11-22 00:00:00": 0,
      "2026-11-23 00:00:00": 377
    }
  }
]`,
	}},
	Ask: func(ctx context.Context, in Input) ([]byte, error) {
		groups, err := in.askDays(ctx, store.Created)
		if err != nil {
			return nil, err
		}
		return encodeDataset(fillDays(groups))
	},
}

// axisEnd returns the end, exclusive, of time axes by the sensors' clocks:
// alerts of more than a day in the future come from wrong clocks.
func axisEnd(now time.Time) time.Time { return untilNow(now).Add(oneDay) }

// askDays counts alerts per day of one of their times, from the start given by
// the parameter days up to axisEnd.
func (in Input) askDays(ctx context.Context, clock store.TimeField, by ...store.Dimension) ([]store.Group, error) {
	from := monthBefore(in.Now)
	if in.given("days") {
		from = daysBefore(in.Now, in.number("days"))
	}
	return in.Reader.Group(ctx,
		store.Filter{Domain: in.Domain, Time: clock, From: from, To: axisEnd(in.Now)},
		store.Grouping{By: by, Bucket: oneDay})
}

const oneDay = 24 * time.Hour

// fillDays sorts days and adds those without alerts between the first and the
// last. It adds none before 2000: such alerts come only from sensors without a
// clock, and one alert of the year 1 must not make the answer long.
func fillDays(groups []store.Group) object {
	counts := make(map[time.Time]int64, len(groups))
	for _, g := range groups {
		counts[g.Start] = g.Count
	}
	days := sortedKeys(counts)
	earliest := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	filled := make(object, 0, len(days))
	for i, day := range days {
		filled = append(filled, member{alert.At(day).String(), counts[day]})
		if i+1 == len(days) {
			break
		}
		gap := later(day.Add(oneDay), earliest)
		for ; gap.Before(days[i+1]); gap = gap.Add(oneDay) {
			filled = append(filled, member{alert.At(gap).String(), 0})
		}
	}
	return filled
}

// datasetSchema is the schema of encodeDataset's output.
func datasetSchema(day *Schema, description string) *Schema {
	only := list(record(field("datasetAlertsPerMonth", byKey(dayPattern, day, description))), "One object.")
	only.MaxItems = 1
	return only
}

// encodeDataset encodes the answer of both dataset questions, which share a
// name in it.
func encodeDataset(days object) ([]byte, error) {
	return encodeJSON([]object{{{"datasetAlertsPerMonth", days}}})
}
