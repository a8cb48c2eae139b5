package esclient

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/esclient/cluster"
	"github.com/peba-edge/peba/esclient/index"
	"github.com/peba-edge/peba/esclient/search"
	"github.com/peba-edge/peba/esclient/search/hits"
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
	err := s.client.Do(ctx, http.MethodPut, "/"+s.names.Statistics+"/_create/"+pathID(id), doc, nil)
	if cluster.IsStatus(err, http.StatusConflict) {
		return nil
	}
	return err
}

// statistics returns the series. The Python service's records have other ids than
// ours: of two for one hour the first counts.
func (s *esStore) statistics(ctx context.Context, from, to time.Time) ([]store.Statistic, error) {
	if !to.IsZero() && to.Before(from) {
		return nil, nil
	}
	if !to.IsZero() { // to itself is meant, and the window ends before its end
		to = to.Truncate(time.Second).Add(time.Second)
	}
	query := object{"match_all": object{}}
	if bounds := index.Window(from, to); bounds != nil {
		query = object{"bool": object{"filter": object{"range": object{fieldFrom: bounds}}}}
	}
	order := []object{{fieldFrom: object{"order": "asc", "unmapped_type": "date"}}}
	var series []store.Statistic
	err := s.reader.Each(ctx, search.Pages{Indices: s.names.Statistics, Query: query, Order: order}, func(h cluster.Hit) error {
		stat, err := decodeStatistic(h)
		if err == nil && (len(series) == 0 || !series[len(series)-1].From.Equal(stat.From)) {
			series = append(series, stat)
		}
		return err
	})
	return series, err
}

func decodeStatistic(h cluster.Hit) (store.Statistic, error) {
	fields, err := hits.Fields(h.Source)
	if err != nil {
		return store.Statistic{}, fmt.Errorf("statistic %q in elasticsearch: %w", h.ID, err)
	}
	stat := store.Statistic{From: hits.Time(fields[fieldFrom]), To: hits.Time(fields[fieldTo]), Values: make(map[string]float64)}
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
