package lapi

import (
	"sync"
	"time"
)

// Clock measures how far this machine's clock was set while the process runs.
type Clock struct {
	mu sync.Mutex
	// started has the clock's time and a monotonic one.
	started time.Time
	// settings are what the clock was set to, oldest first.
	settings []setting
}

// setting is how far the clock was ahead of a monotonic clock since a time.
type setting struct {
	since, ahead time.Duration
}

const (
	// minSetting is the minimum change of a clock that is noted: clocks are always a little
	// corrected.
	minSetting = time.Second
	// maxSettings is how many are kept.
	maxSettings = 100
)

// NewClock returns a clock that measures from now on.
func NewClock() *Clock {
	return &Clock{started: time.Now(), settings: make([]setting, 1)}
}

// Slack returns how far the clock was set at most, forward or back, within a duration before
// now. Now must be from time.Now.
func (c *Clock) Slack(now time.Time, within time.Duration) time.Duration {
	elapsed := now.Sub(c.started)
	return c.slack(now.Round(0).Sub(c.started.Round(0))-elapsed, elapsed, within)
}

// slack is Slack for a clock that is so far ahead of a monotonic one.
func (c *Clock) slack(ahead, elapsed, within time.Duration) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	last := c.settings[len(c.settings)-1]
	if (ahead - last.ahead).Abs() >= minSetting {
		c.settings = append(c.settings, setting{elapsed, ahead})
		c.settings = c.settings[max(0, len(c.settings)-maxSettings):]
	}
	least, most := ahead, ahead
	for i := len(c.settings) - 1; i >= 0; i-- {
		least, most = min(least, c.settings[i].ahead), max(most, c.settings[i].ahead)
		if c.settings[i].since <= elapsed-within {
			break // the clock had this setting when the duration began
		}
	}
	return most - least
}
