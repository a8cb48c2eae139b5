package sensors

import (
	"slices"
	"time"
)

// States of a sensor's clock: Sensor.Clock.
const (
	clockUnknown  = "unknown"  // too few messages
	clockOK       = "ok"       // alerts arrive within minutes of their CreateTime
	clockTimeZone = "timezone" // late or early by a constant multiple of 15 minutes
	clockWrong    = "wrong"    // late by another constant, or ahead
	clockDelayed  = "delayed"  // the clock may be right: alerts arrive late by varying times
)

// Clocks returns all values of Sensor.Clock.
func Clocks() []string {
	return []string{clockUnknown, clockOK, clockTimeZone, clockWrong, clockDelayed}
}

const (
	// minDelays is the minimum number of messages for a conclusion.
	minDelays = 3
	// usualDelay is the maximum normal delay of alerts, late or early.
	usualDelay = int64(5 * time.Minute / time.Second)
	// steadyDelay is the maximum interquartile range of delays caused by a clock:
	// a sensor checks for new alerts every minute or two.
	steadyDelay = int64(3 * time.Minute / time.Second)
	// Time zones are multiples of zoneStep. zoneEarly and zoneLate limit how far
	// a delay may be from one: in transit an alert only gets later.
	zoneStep  = int64(15 * time.Minute / time.Second)
	zoneEarly = int64(time.Minute / time.Second)
	zoneLate  = int64(4 * time.Minute / time.Second)
	// maxZone is the maximum difference of two time zones.
	maxZone = int64(26 * time.Hour / time.Second)
)

// readClock returns the median of delays, nil if there are none, and the state of the
// sensor's clock.
func readClock(delays []int64) (typical *int64, clock string) {
	if len(delays) == 0 {
		return nil, clockUnknown
	}
	sorted := slices.Sorted(slices.Values(delays))
	n := len(sorted)
	median, spread := sorted[n/2], sorted[n*3/4]-sorted[n/4]
	switch beyond := median - nearestZone(median); {
	case n < minDelays:
		clock = clockUnknown
	case -usualDelay < median && median < usualDelay:
		clock = clockOK
	case spread > steadyDelay && median > 0:
		clock = clockDelayed
	case spread <= steadyDelay && -maxZone-zoneEarly <= median && median <= maxZone+zoneLate && -zoneEarly <= beyond && beyond <= zoneLate:
		clock = clockTimeZone
	default:
		clock = clockWrong
	}
	return &median, clock
}

// nearestZone returns the multiple of zoneStep nearest to a delay.
func nearestZone(delay int64) int64 {
	zone := (delay + zoneEarly) / zoneStep * zoneStep
	if zone > delay+zoneEarly { // the quotient was truncated towards zero
		zone -= zoneStep
	}
	return zone
}
