package query

import (
	"context"
	"time"
)

var retrieveIPs15m = &Question{
	Name:    "retrieveIPs15m",
	Summary: "The globally routable source addresses of the last 15 minutes, most alerts first. " + sourcesLeftOut,
	Private: true,
	Formats: []string{XML, JSON},
	TTL:     fixed(60 * time.Second),
	Params:  []Param{outParam, allParam},
	Answers: sourceAnswers,
	AlsoEWS: true,
	Ask: func(ctx context.Context, in Input) ([]byte, error) {
		return askSources(ctx, in, 15*time.Minute)
	},
}
