package store

import "github.com/peba-edge/peba/alert"

// What is known of sensors is the sum of many records. Each is one process's own,
// so that several edges need not agree; and its numbers are all that it has
// counted, not what was added, so that writing it again changes nothing.

// SensorRecord is what one run of a process has counted of one sensor since it
// first heard of it, or heard of it again.
type SensorRecord struct {
	// Key names the record: some hex digits. A record with the same key replaces it.
	Key string `json:"key"`
	// Sensor is the sensor's id; empty for what belongs to none that is told apart.
	Sensor string `json:"sensor"`
	// UUID, Hostname, Version and Analyzers are what it last said of itself.
	UUID      string   `json:"uuid"`
	Hostname  string   `json:"hostname"`
	Version   string   `json:"version"`
	Analyzers []string `json:"analyzers"`
	// Community is whether it sends as one of the community.
	Community bool `json:"community"`
	// FirstSeen and LastSeen are when its first and last message came that had
	// the right log-in; zero if none did.
	FirstSeen alert.Time `json:"firstSeen"`
	LastSeen  alert.Time `json:"lastSeen"`
	// Updated is when something was counted last.
	Updated alert.Time `json:"updated"`
	// Messages is how many had the right log-in.
	Messages int64 `json:"messages"`
	// Accepted is how many alerts were answered OK, and Refused how many were
	// not stored, by reason.
	Accepted int64            `json:"accepted"`
	Refused  map[string]int64 `json:"refused"`
	// Delays are how long after their CreateTime the alerts of its last messages
	// arrived, in seconds, the oldest first; negative where the sensor's clock is
	// ahead. There are some dozens at most.
	Delays []int64 `json:"delays,omitempty"`
	// Counts are the accepted alerts of the last day, by the start of a span, the
	// first one first: ten minutes, and what is older by the hour.
	Counts []SensorCount `json:"counts"`
}

// SensorCount is how many alerts were accepted in a span of time.
type SensorCount struct {
	// Start is in seconds since the Unix epoch.
	Start int64 `json:"start"`
	Count int64 `json:"count"`
}
