package cluster

import (
	"encoding/json"
	"fmt"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// KeywordBelow is where Elasticsearch puts the exact value of a text whose field it
// maps by itself.
const KeywordBelow = ".keyword"

// Answer is what _search answers.
type Answer struct {
	TimedOut bool   `json:"timed_out"`
	Shards   Shards `json:"_shards"`
	Hits     struct {
		Total struct {
			Value int64 `json:"value"`
		} `json:"total"`
		Hits []Hit `json:"hits"`
	} `json:"hits"`
	// Aggregations is a pointer to what they are read into.
	Aggregations any `json:"aggregations"`
}

// Shards says how many shards there are and how many answered. Those that a
// window does not touch are skipped, and count as successful.
type Shards struct {
	Total      int `json:"total"`
	Successful int `json:"successful"`
	Skipped    int `json:"skipped"`
	Failed     int `json:"failed"`
}

// Whole returns an error unless every shard answered. OpenSearch leaves out the
// shards that are just starting, with status 200 and none that failed.
func (a *Answer) Whole() error {
	if a.TimedOut || a.Shards.Failed > 0 || a.Shards.Successful < a.Shards.Total {
		return fmt.Errorf("%w: incomplete answer: timed out: %t, %d of %d shards answered, %d failed",
			store.ErrUnavailable, a.TimedOut, a.Shards.Successful, a.Shards.Total, a.Shards.Failed)
	}
	return nil
}

// Hit is a document that was found.
type Hit struct {
	Index  string          `json:"_index"`
	ID     string          `json:"_id"`
	Source json.RawMessage `json:"_source"`
	Sort   json.RawMessage `json:"sort"`
	// Document is what a scanner has read of Source, instead of it.
	Document *alert.Document `json:"-"`
}
