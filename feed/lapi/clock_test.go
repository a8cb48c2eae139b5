package lapi

import (
	"testing"
	"time"
)

func TestClock(t *testing.T) {
	c := NewClock()
	for _, step := range []struct {
		elapsed, ahead, slack time.Duration
	}{
		{0, 0, 0},
		{time.Minute, 0, 0},
		{2 * time.Minute, 500 * time.Millisecond, 500 * time.Millisecond}, // not noted
		{3 * time.Minute, 300 * time.Second, 300 * time.Second},
		{4 * time.Minute, -100 * time.Second, 400 * time.Second},
		{5 * time.Minute, 0, 400 * time.Second},
		{13 * time.Minute, 0, 400 * time.Second}, // it was 300 s ahead until 4 minutes
		{14 * time.Minute, 0, 100 * time.Second},
		{15 * time.Minute, 0, 0},
		{time.Hour, 0, 0},
	} {
		if got := c.slack(step.ahead, step.elapsed, 10*time.Minute); got != step.slack {
			t.Errorf("after %s: got %s, expected %s", step.elapsed, got, step.slack)
		}
	}
	for i := range time.Duration(1000) {
		c.slack(i%2*time.Hour, 2*time.Hour+i*time.Second, time.Minute)
	}
	if n := len(c.settings); n != maxSettings {
		t.Errorf("%d settings are kept", n)
	}
	if slack := NewClock().Slack(time.Now(), time.Hour); slack > time.Second {
		t.Errorf("a clock that nobody set: got %s", slack)
	}
}
