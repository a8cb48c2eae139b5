package esclient

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// Fields of a record of the statistics series. All others are its values.
const (
	fieldFrom = "UTCtimeFrom"
	fieldTo   = "UTCtimeTo"
)

// pathID is an id as part of a path.
func pathID(id string) string { return url.PathEscape(id) }

// putStatistic creates the hour's document; one that is there stays.
func (s *esStore) putStatistic(ctx context.Context, stat store.Statistic) error {
	doc := object{fieldFrom: alert.At(stat.From), fieldTo: alert.At(stat.To)}
	for name, v := range stat.Values {
		doc[name] = v
	}
	id := stat.From.UTC().Format(time.RFC3339)
	err := s.client.do(ctx, http.MethodPut, "/"+s.names.Statistics+"/_create/"+pathID(id), doc, nil)
	if isStatus(err, http.StatusConflict) {
		return nil
	}
	return err
}

// statistics returns the series. The Python service's records have other ids than
// ours: of two for one hour the first counts.
func (s *esStore) statistics(ctx context.Context, from, to time.Time) ([]store.Statistic, error) {
	if to.Before(from) {
		return nil, nil
	}
	// The window ends before to's next second, as to itself is meant.
	bounds := window(from, to.Truncate(time.Second).Add(time.Second))
	query := allOf(object{"range": object{fieldFrom: bounds}})
	order := []object{{fieldFrom: object{"order": "asc", "unmapped_type": "date"}}}
	var series []store.Statistic
	err := s.each(ctx, pages{indices: s.names.Statistics, query: query, order: order}, func(h hit) error {
		stat, err := decodeStatistic(h)
		if err == nil && (len(series) == 0 || !series[len(series)-1].From.Equal(stat.From)) {
			series = append(series, stat)
		}
		return err
	})
	return series, err
}

func decodeStatistic(h hit) (store.Statistic, error) {
	fields, err := decodeFields(h.Source)
	if err != nil {
		return store.Statistic{}, fmt.Errorf("statistic %q in elasticsearch: %w", h.ID, err)
	}
	stat := store.Statistic{From: toTime(fields[fieldFrom]), To: toTime(fields[fieldTo]), Values: make(map[string]float64)}
	for name, v := range fields {
		n, ok := v.(json.Number)
		if !ok {
			continue
		}
		if stat.Values[name], err = n.Float64(); err != nil {
			return stat, fmt.Errorf("statistic %q in elasticsearch: %s is %s: %w", h.ID, name, n, err)
		}
	}
	return stat, nil
}
