package sensors

import "time"

// The community's login is widely known, and anyone who has it may invent any number
// of sensors, so everything has a limit. The limits apply separately to the
// community's sensors and to private users', so that invented ones cannot displace the
// others. They are far above a real community's size.
const (
	// MaxCounted is the maximum number of sensors that a Counter counts individually
	// at a time; any others are counted together.
	MaxCounted = 20_000
	// MaxListed is the maximum number of sensors of a Listing.
	MaxListed = 50_000
	// MaxRecords is the maximum number of records read for a Listing, last updated
	// first. That takes a few seconds.
	MaxRecords = 200_000
	// MaxAnalyzers is the maximum number of honeypots of a sensor.
	MaxAnalyzers = 32
	// MaxDelays is the number of a sensor's last messages whose delay is kept.
	MaxDelays = 31

	// maxKnown is the maximum number of known sensors of a Counter.
	maxKnown = 100_000
	// maxName and maxAnalyzer are in bytes, maxVersion is in characters.
	maxName     = 128
	maxAnalyzer = 64
	maxVersion  = 64
	// minIdle is how long a sensor must be silent before another one may replace it.
	// Each replacement creates a record, so this limits records of invented sensors
	// per day.
	minIdle = 24 * time.Hour
	// roomMade is the part of a full group dropped at once.
	roomMade = 10
)

// Accepted alerts are counted in spans of ten minutes; spans before the last seven are
// merged into hours.
const (
	fineSpan   = 10 * time.Minute
	coarseSpan = time.Hour
	fineSpans  = 7
	// lastHourSpans is the number of spans in Sensor.LastHour, including the
	// current one.
	lastHourSpans = 6
	// Hours is the number of hours kept.
	Hours = 24
)
