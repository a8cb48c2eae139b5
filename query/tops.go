package query

import (
	"context"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

var tops = &Question{
	Name:    "tops",
	Summary: "The most frequent URLs requested from web honeypots, or target ports, by time of arrival, with their counts over time, highest first.",
	Formats: []string{JSON},
	TTL:     fixed(7200 * time.Second),
	Params: []Param{
		{
			Name:     "type",
			Summary:  "What to rank.",
			Kind:     Word,
			Words:    []string{"urls", "destports"},
			Required: true,
			Example:  "urls",
		},
		{
			Name:    "topx",
			Summary: "Maximum number of entries.",
			Kind:    Number,
			Min:     1,
			Max:     30,
			Default: "10",
			Example: "10",
		},
		{
			Name:    "days",
			Summary: "Number of days: 1 counts by hour from 24 hours ago, 7 by six hours, and 28 by day, ending today.",
			Kind:    Word,
			Words:   []string{"1", "7", "28"},
			Default: "1",
			Example: "7",
		},
	},
	Answers: []Answer{{
		Schema: byKey("", &Schema{
			Type:                 "object",
			Properties:           Properties{field("total", count("Total number of alerts."))},
			Required:             []string{"total"},
			PropertyNames:        &Schema{Pattern: `^(total|[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:00:00)$`},
			AdditionalProperties: count("Number of alerts from that time, in UTC, to the next."),
		}, "By URL or port, highest total first; each with all buckets of the window (hours, six hours or days)."),
		Example: `{
  "/wp-login.php": {
    "total": 12,
    "2026-11-23 22:00:00": 0,
    "2026-11-23 23:00:00": 12
  }
}`,
	}},
	Ask: askTops,
}

// notRanked are texts for a missing URL or port. Clients send the last two for an
// unknown port.
var notRanked = map[string]bool{"": true, "0": true, "None": true}

func askTops(ctx context.Context, in Input) ([]byte, error) {
	topx := int(in.number("topx"))
	from, bucket := in.topsWindow()
	filter := store.Filter{Domain: in.Domain, From: from}
	grouping := store.Grouping{
		By:     []store.Dimension{store.TargetPort},
		Bucket: bucket,
		Top:    topx + len(notRanked),
	}
	if in.text("type") == "urls" {
		grouping.By[0] = store.Request
		filter.Web = true
	}
	slots := slotsUntil(from.Truncate(bucket), in.Now, bucket)
	filter.To = slots[len(slots)-1].Add(bucket)
	groups, err := in.Reader.Group(ctx, filter, grouping)
	if err != nil {
		return nil, err
	}
	counts := make(map[string]map[time.Time]int64)
	totals := make(map[string]int64)
	for _, g := range groups {
		key := g.Key[0]
		if notRanked[key] {
			continue
		}
		if counts[key] == nil {
			counts[key] = make(map[time.Time]int64)
		}
		counts[key][g.Start] = g.Count
		totals[key] += g.Count
	}
	answer := ranked(totals)
	answer = answer[:min(topx, len(answer))]
	for i, entry := range answer {
		answer[i].value = timeline(entry, slots, counts[entry.key])
	}
	return encodeJSON(answer)
}

// topsWindow returns the start of the window and its bucket.
func (in Input) topsWindow() (from time.Time, bucket time.Duration) {
	switch in.text("days") {
	case "7":
		return daysBefore(in.Now, 6), 6 * time.Hour
	case "28":
		return daysBefore(in.Now, 27), oneDay
	default:
		return minutesBefore(in.Now, 24*60), time.Hour
	}
}

// slotsUntil returns the starts of all buckets from first to the one that
// contains now.
func slotsUntil(first, now time.Time, bucket time.Duration) []time.Time {
	var slots []time.Time
	for slot := first; !slot.After(now); slot = slot.Add(bucket) {
		slots = append(slots, slot)
	}
	return slots
}

// timeline returns the total and the count of each slot.
func timeline(total member, slots []time.Time, counts map[time.Time]int64) object {
	line := make(object, 0, 1+len(slots))
	line = append(line, member{"total", total.value})
	for _, slot := range slots {
		line = append(line, member{alert.At(slot).String(), counts[slot]})
	}
	return line
}
