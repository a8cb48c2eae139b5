package query

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// A replay consists of slices.
const (
	replaySlice = 10 * time.Second
	// shownPerSlice is the maximum number of alerts shown per slice, and
	// readPerSlice the maximum number read to select from.
	shownPerSlice = 10
	readPerSlice  = 3 * shownPerSlice
	// readWhole is the maximum number of alerts for reading all slices in one
	// request.
	readWhole = int64(readPerSlice * (replayStep / replaySlice))
	// slicesAtOnce is the number of slices read concurrently.
	slicesAtOnce = 4
)

var replay = &Question{
	Name:    "replay",
	Summary: "Five minutes of alerts to replay, by time of arrival, oldest first, without source addresses: an evenly spread selection of at most 10 per ten seconds.",
	Formats: []string{JSON},
	AtOnce:  2,
	TTL: func(args Args, now time.Time) time.Duration {
		return replayTTL(args.time("from").Add(replayStep), now, 10*time.Second)
	},
	Params: []Param{{
		Name:     "from",
		Summary:  "Start of the five minutes.",
		Kind:     Moment,
		Every:    replayStep,
		Required: true,
		Example:  "2026-11-22 14:05:00",
	}},
	Answers: []Answer{{
		Schema: record(
			field("from", textLike(momentPattern, "The start, in UTC.")),
			field("to", text("The end, exclusive.")),
			field("count", count("Number of alerts that arrived in that time.")),
			field("alerts", list(publicAlertSchema, "The alerts, oldest first, as in retrieveAlertsJson. If more than 30 arrived in ten seconds, the selection may be from the last 30."))),
		Example: `{
  "from": "2026-11-22 14:05:00",
  "to": "2026-11-22 14:10:00",
  "count": 12345,
  "alerts": [
` + publicAlertExample("2026-11-22 14:05:55") + `
  ]
}`,
	}},
	Ask: askReplay,
}

func askReplay(ctx context.Context, in Input) ([]byte, error) {
	from := in.time("from")
	counts, err := in.countSteps(ctx, from, from.Add(replayStep), replaySlice)
	if err != nil {
		return nil, err
	}
	var answer struct {
		From   string        `json:"from"`
		To     string        `json:"to"`
		Count  int64         `json:"count"`
		Alerts []publicAlert `json:"alerts"`
	}
	answer.From, answer.To = alert.At(from).String(), alert.At(from.Add(replayStep)).String()
	answer.Alerts = []publicAlert{} // not nil: an empty answer is []
	for _, n := range counts {
		answer.Count += n
	}
	read := in.readSlices
	if answer.Count <= readWhole {
		read = in.readAtOnce
	}
	bySlice, err := read(ctx, from, counts)
	if err != nil {
		return nil, err
	}
	for _, docs := range bySlice {
		shown := min(shownPerSlice, len(docs))
		for i := range shown {
			d := &docs[i*len(docs)/shown]
			answer.Alerts = append(answer.Alerts, in.public(d, requestString(d)))
		}
	}
	return encodeJSON(answer)
}

// readAtOnce reads all alerts of a replay by slice, oldest first. Usually that
// is one request to the store.
func (in Input) readAtOnce(ctx context.Context, from time.Time, counts []int64) ([][]alert.Document, error) {
	bySlice := make([][]alert.Document, len(counts))
	if slices.Max(counts) == 0 {
		return bySlice, nil
	}
	docs, err := in.readBetween(ctx, from, from.Add(replayStep), readWhole)
	for _, d := range docs {
		i := d.RecievedTime.Sub(from) / replaySlice
		bySlice[i] = append(bySlice[i], d)
	}
	return bySlice, err
}

// readSlices reads the last alerts of each slice that has any, oldest first. It
// reads a few slices concurrently: with a remote store, waiting for one after
// the other takes longer than reading them.
func (in Input) readSlices(ctx context.Context, from time.Time, counts []int64) ([][]alert.Document, error) {
	bySlice := make([][]alert.Document, len(counts))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(slicesAtOnce)
	for i, n := range counts {
		if n == 0 {
			continue
		}
		group.Go(func() (err error) {
			start := from.Add(time.Duration(i) * replaySlice)
			bySlice[i], err = in.readBetween(ctx, start, start.Add(replaySlice), readPerSlice)
			return err
		})
	}
	return bySlice, group.Wait()
}

// readBetween reads the last alerts that arrived in a time span, oldest first.
func (in Input) readBetween(ctx context.Context, from, to time.Time, most int64) ([]alert.Document, error) {
	docs, err := in.Reader.Newest(ctx, store.Filter{Domain: in.Domain, From: from, To: to}, int(most), publicFields...)
	slices.Reverse(docs)
	return docs, err
}
