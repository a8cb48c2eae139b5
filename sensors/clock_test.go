package sensors

import (
	"slices"
	"testing"
)

func TestReadClock(t *testing.T) {
	const hour = 3600
	around := func(typical int64, jitter ...int64) (delays []int64) {
		for _, j := range jitter {
			delays = append(delays, typical+j)
		}
		return delays
	}
	steady := []int64{2, 15, 31, 44, 58, 61, 90}
	late := []int64{0, 600, 1500, 3000, 5000, 7000, 9000}
	tests := []struct {
		name   string
		delays []int64
		median int64
		clock  string
	}{
		{"two messages", []int64{7200, 7210}, 7210, clockUnknown},
		{"right", around(0, steady...), 44, clockOK},
		{"a minute ahead", around(-60, steady...), -16, clockOK},
		{"two hours behind", around(2*hour, steady...), 2*hour + 44, clockTimeZone},
		{"two hours ahead", around(-2*hour, steady...), -2*hour + 44, clockTimeZone},
		{"Nepal", around(-(5*hour + 45*60), steady...), -(5*hour + 45*60) + 44, clockTimeZone},
		{"37 minutes behind", around(37*60, steady...), 37*60 + 44, clockWrong},
		{"37 minutes ahead", around(-37*60, steady...), -37*60 + 44, clockWrong},
		{"a year ahead", around(-365*24*hour, steady...), -365*24*hour + 44, clockWrong},
		{"sent late", around(300, late...), 3300, clockDelayed},
		{"one message sent late", append(around(0, steady...), 86400), 58, clockOK},
		{"ahead, sent late", around(-20*hour, late...), -20*hour + 3000, clockWrong},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			before := slices.Clone(tt.delays)
			median, clock := readClock(tt.delays)
			if median == nil || *median != tt.median || clock != tt.clock {
				t.Errorf("median %v, clock %q, want %d, %q", median, clock, tt.median, tt.clock)
			}
			if !slices.Equal(tt.delays, before) {
				t.Error("the delays were changed")
			}
		})
	}
	if median, clock := readClock(nil); median != nil || clock != clockUnknown {
		t.Errorf("of nothing: %v, %q", median, clock)
	}
}
