package store

import "github.com/peba-edge/peba/alert"

// The counters of a sensor are the sum of many records. Each belongs to one
// process, so that edges need no coordination. Its numbers are totals, not
// increments, so that writing it again changes nothing.

// SensorRecord has the counters of one sensor in one run of a process, since its
// first message or since the record was dropped.
type SensorRecord struct {
	// Key identifies the record, in hex digits. A record with the same key replaces
	// it.
	Key string `json:"key"`
	// Sensor is the sensor's id; empty for sensors not counted individually.
	Sensor string `json:"sensor"`
	// UUID, Hostname, Version and Analyzers are the latest ones sent.
	UUID      string   `json:"uuid"`
	Hostname  string   `json:"hostname"`
	Version   string   `json:"version"`
	Analyzers []string `json:"analyzers"`
	// Community is true if it sends with the community's login.
	Community bool `json:"community"`
	// FirstSeen and LastSeen are the arrivals of its first and last message
	// with a correct login; zero if there is none.
	FirstSeen alert.Time `json:"firstSeen"`
	LastSeen  alert.Time `json:"lastSeen"`
	// Updated is the time of the last change.
	Updated alert.Time `json:"updated"`
	// Messages is the number of messages with a correct login.
	Messages int64 `json:"messages"`
	// Accepted is the number of alerts answered OK, Refused the number not
	// stored, by reason.
	Accepted int64            `json:"accepted"`
	Refused  map[string]int64 `json:"refused"`
	// Delays are the delays from CreateTime to arrival of its last messages, in
	// seconds, oldest first; negative if the sensor's clock is ahead. There are
	// at most a few dozen.
	Delays []int64 `json:"delays,omitempty"`
	// Counts are the accepted alerts of the last day by span, oldest first: spans
	// of ten minutes, older ones of an hour.
	Counts []SensorCount `json:"counts"`
}

// SensorCount is the number of alerts accepted in a time span.
type SensorCount struct {
	// Start is in seconds since the Unix epoch.
	Start int64 `json:"start"`
	Count int64 `json:"count"`
}
