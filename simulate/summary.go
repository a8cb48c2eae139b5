package simulate

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"
)

// Summary is the result of a run. Sent is the sum of the three numbers after it.
type Summary struct {
	// Alerts: sent; answered with 200 and StatusCode OK; answered otherwise; not
	// answered.
	Sent, Accepted, Rejected, Unanswered int
	// Reasons counts alerts that were not accepted by reason; the texts are safe for a
	// terminal.
	Reasons map[string]int
	// Messages is the number of messages.
	Messages int
	// Times from sending a message to its answer; zero if none was answered.
	P50, P99, Max time.Duration
	// Elapsed is the duration of the whole run.
	Elapsed time.Duration
}

// WriteTo writes the summary as a table.
func (s Summary) WriteTo(w io.Writer) (int64, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "sent        %d alerts in %d messages, %s\n", s.Sent, s.Messages, s.Elapsed.Round(time.Millisecond))
	fmt.Fprintf(&b, "accepted    %d alerts, %.1f per second\n", s.Accepted, perSecond(s.Accepted, s.Elapsed))
	fmt.Fprintf(&b, "rejected    %d alerts\n", s.Rejected)
	fmt.Fprintf(&b, "unanswered  %d alerts\n", s.Unanswered)
	reasons := slices.SortedFunc(maps.Keys(s.Reasons), func(x, y string) int {
		return cmp.Or(cmp.Compare(s.Reasons[y], s.Reasons[x]), cmp.Compare(x, y))
	})
	for _, reason := range reasons {
		fmt.Fprintf(&b, "            %d: %s\n", s.Reasons[reason], reason)
	}
	if s.Max > 0 {
		fmt.Fprintf(&b, "answers     p50 %s, p99 %s, max %s\n", short(s.P50), short(s.P99), short(s.Max))
	}
	return b.WriteTo(w)
}

// short rounds to about three digits.
func short(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit)
}

func perSecond(n int, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return float64(n) / d.Seconds()
}

// Reasons beyond maxReasons, which only a server with varying texts causes, are
// counted together.
const (
	maxReasons   = 20
	otherReasons = "other reasons"
)

// tally counts while the messages go out.
type tally struct {
	start time.Time

	mu        sync.Mutex
	summary   Summary
	latencies histogram
}

func newTally() *tally {
	return &tally{start: time.Now(), summary: Summary{Reasons: map[string]int{}}}
}

func (t *tally) sent(alerts int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.summary.Messages++
	t.summary.Sent += alerts
}

// settled counts the outcome of a message with so many alerts, after d.
func (t *tally) settled(alerts int, o outcome, d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if o.answered {
		t.latencies.add(d)
	}
	switch {
	case o.reason == "":
		t.summary.Accepted += alerts
		return
	case o.answered:
		t.summary.Rejected += alerts
	default:
		t.summary.Unanswered += alerts
	}
	reason := o.reason
	if _, known := t.summary.Reasons[reason]; !known && len(t.summary.Reasons) >= maxReasons {
		reason = otherReasons
	}
	t.summary.Reasons[reason] += alerts
}

func (t *tally) hasAnswers() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.summary.Accepted+t.summary.Rejected > 0
}

// snapshot returns the counts so far. The caller owns the map.
func (t *tally) snapshot() Summary {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.summary
	s.Reasons = maps.Clone(s.Reasons)
	s.P50, s.P99, s.Max = t.latencies.quantile(0.5), t.latencies.quantile(0.99), t.latencies.max
	s.Elapsed = time.Since(t.start)
	return s
}
