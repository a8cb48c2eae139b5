package query

import (
	"maps"
	"slices"
	"time"
)

// Windows are rounded to whole seconds, the resolution of stored times: they
// include alerts of the second in which they start or end. Windows that begin
// before the year 1 have no start (the zero time, as in store.Filter).

// secondsSinceYear1 limits how far back a non-zero time.Time can be.
func secondsSinceYear1(t time.Time) int64 { return t.Unix() - time.Time{}.Unix() }

// minutesBefore returns the start of the window of the last n minutes.
func minutesBefore(now time.Time, n int64) time.Time {
	if n >= secondsSinceYear1(now)/60 {
		return time.Time{}
	}
	return time.Unix(now.Unix()-n*60, 0).UTC()
}

// daysBefore returns 00:00 UTC of the day n days before now.
func daysBefore(now time.Time, n int64) time.Time {
	const day = 24 * 60 * 60
	if n >= secondsSinceYear1(now)/day {
		return time.Time{}
	}
	return time.Unix(startOfDay(now).Unix()-n*day, 0).UTC()
}

// startOfDay returns 00:00 UTC of t's day.
func startOfDay(t time.Time) time.Time {
	y, m, d := t.UTC().Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// startOfMonth returns 00:00 UTC of the first day of the month n months before now.
func startOfMonth(now time.Time, n int64) time.Time {
	y, m, _ := now.UTC().Date()
	return time.Date(y, m-time.Month(n), 1, 0, 0, 0, 0, time.UTC)
}

// monthBefore returns 00:00 UTC one calendar month ago, or of that month's last
// day if it has no such day.
func monthBefore(now time.Time) time.Time {
	y, m, d := now.UTC().Date()
	lastDay := time.Date(y, m, 0, 0, 0, 0, 0, time.UTC) // of the month before
	return lastDay.AddDate(0, 0, min(d, lastDay.Day())-lastDay.Day())
}

// untilNow returns the end, exclusive, of windows up to now.
func untilNow(now time.Time) time.Time {
	return now.UTC().Truncate(time.Second).Add(time.Second)
}

// later returns the later of two times.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// sortedKeys returns times in ascending order.
func sortedKeys[V any](m map[time.Time]V) []time.Time {
	return slices.SortedFunc(maps.Keys(m), time.Time.Compare)
}

// day returns the day given by the parameter, or today.
func (a Args) day(now time.Time) time.Time {
	if a.given("day") {
		return a.time("day")
	}
	return startOfDay(now)
}
