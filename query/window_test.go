package query

import (
	"math"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
)

func at(t testing.TB, text string) time.Time {
	t.Helper()
	parsed, err := time.Parse(alert.TimeLayout, text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func TestWindows(t *testing.T) {
	now := at(t, "2026-11-23 23:46:05").Add(300 * time.Millisecond)
	const open = "0001-01-01 00:00:00"
	tests := []struct {
		name string
		got  time.Time
		want string
	}{
		{"0 minutes", minutesBefore(now, 0), "2026-11-23 23:46:05"},
		{"5 minutes", minutesBefore(now, 5), "2026-11-23 23:41:05"},
		{"300 years of minutes", minutesBefore(now, 300*525_960), "1726-11-21 23:46:05"},
		{"2100 years of minutes", minutesBefore(now, 2100*525_960), open},
		{"most minutes", minutesBefore(now, math.MaxInt64), open},
		{"0 days", daysBefore(now, 0), "2026-11-23 00:00:00"},
		{"30 days", daysBefore(now, 30), "2026-10-24 00:00:00"},
		{"most days", daysBefore(now, math.MaxInt64), open},
		{"this month", startOfMonth(now, 0), "2026-11-01 00:00:00"},
		{"11 months", startOfMonth(now, 11), "2025-12-01 00:00:00"},
		{"9999 months", startOfMonth(now, 9999), "1193-08-01 00:00:00"},
		{"a month", monthBefore(now), "2026-10-23 00:00:00"},
		{"a month before 31 March", monthBefore(at(t, "2026-03-31 12:00:00")), "2026-02-28 00:00:00"},
		{"a month before 31 March of a leap year", monthBefore(at(t, "2024-03-31 12:00:00")), "2024-02-29 00:00:00"},
		{"a month before 31 December", monthBefore(at(t, "2026-12-31 00:00:00")), "2026-11-30 00:00:00"},
		{"a month before 31 January", monthBefore(at(t, "2026-01-31 23:59:59")), "2025-12-31 00:00:00"},
		{"until now", untilNow(now), "2026-11-23 23:46:06"},
	}
	for _, tt := range tests {
		if got := alert.At(tt.got).String(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
	if !minutesBefore(now, math.MaxInt64).IsZero() || !daysBefore(now, math.MaxInt64).IsZero() {
		t.Error("a window that reaches back without a limit has a start")
	}
}
