package query

import (
	"slices"
	"time"
)

// What a sensor's clock looks like.
const (
	clockUnknown  = "unknown"  // too few messages
	clockOK       = "ok"       // alerts arrive within minutes of their CreateTime
	clockTimeZone = "timezone" // always about the same multiple of 15 minutes too late or early
	clockWrong    = "wrong"    // always about the same, and no time zone; or ahead
	clockDelayed  = "delayed"  // the clock may be right: alerts arrive late, by different times
)

// clocks are all of them.
var clocks = []string{clockUnknown, clockOK, clockTimeZone, clockWrong, clockDelayed}

const (
	// leastDelays is how many messages tell something.
	leastDelays = 3
	// usualDelay is how late or early alerts may be while all is well.
	usualDelay = int64(5 * time.Minute / time.Second)
	// steadyDelay is how far apart the middle half of delays may be for a clock to
	// be the cause: a sensor looks for new alerts once a minute or two.
	steadyDelay = int64(3 * time.Minute / time.Second)
	// zoneStep is what time zones are multiples of, zoneEarly and zoneLate how
	// far a delay may be from one: on its way an alert only gets later.
	zoneStep  = int64(15 * time.Minute / time.Second)
	zoneEarly = int64(time.Minute / time.Second)
	zoneLate  = int64(4 * time.Minute / time.Second)
	// mostZone is how far apart two time zones are.
	mostZone = int64(26 * time.Hour / time.Second)
)

// readClock returns the median of delays, nil if there are none, and what they say of
// the sensor's clock.
func readClock(delays []int64) (typical *int64, clock string) {
	if len(delays) == 0 {
		return nil, clockUnknown
	}
	sorted := slices.Sorted(slices.Values(delays))
	n := len(sorted)
	median, spread := sorted[n/2], sorted[n*3/4]-sorted[n/4]
	switch beyond := median - nearestZone(median); {
	case n < leastDelays:
		clock = clockUnknown
	case -usualDelay < median && median < usualDelay:
		clock = clockOK
	case spread > steadyDelay && median > 0:
		clock = clockDelayed
	case spread <= steadyDelay && -mostZone-zoneEarly <= median && median <= mostZone+zoneLate && -zoneEarly <= beyond && beyond <= zoneLate:
		clock = clockTimeZone
	default:
		clock = clockWrong
	}
	return &median, clock
}

// nearestZone returns the multiple of zoneStep that a delay is least far behind, or before.
func nearestZone(delay int64) int64 {
	zone := (delay + zoneEarly) / zoneStep * zoneStep
	if zone > delay+zoneEarly { // the quotient was cut towards zero
		zone -= zoneStep
	}
	return zone
}
