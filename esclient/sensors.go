package esclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/peba-edge/peba/esclient/cluster"
	"github.com/peba-edge/peba/esclient/search"
	"github.com/peba-edge/peba/store"
)

// sensorsAtOnce is the number of records per request: half a megabyte of usual
// records.
const sensorsAtOnce = 500

// putSensors writes records directly to the cluster, not through the spool:
// failed ones are written again with later numbers.
func (s *esStore) putSensors(ctx context.Context, records []store.Record) error {
	if err := s.laidOutYet(ctx, s.names.Sensors); err != nil {
		return err
	}
	var errs []error
	for some := range slices.Chunk(records, sensorsAtOnce) {
		refused, err := s.indexSensors(ctx, some)
		if errs = append(errs, err); err != nil {
			break // so it would be with the next ones
		}
		if len(refused) > 0 {
			item := refused[0]
			errs = append(errs, fmt.Errorf("elasticsearch: %d of %d records of sensors, the first is %s: %w: %s",
				len(refused), len(some), item.ID, store.ErrUnavailable, item.Error.Text(item.Status)))
		}
	}
	return errors.Join(errs...)
}

// indexSensors is one bulk request. It returns the rejected records.
func (s *esStore) indexSensors(ctx context.Context, records []store.Record) (refused []cluster.Item, err error) {
	var body []byte
	for i := range records {
		lines, err := cluster.BulkLines(cluster.Index, cluster.Target{Index: s.names.Sensors, ID: records[i].RecordKey()}, records[i])
		if err != nil {
			return nil, err
		}
		body = append(body, lines...)
	}
	status, text, err := s.client.Post(ctx, cluster.BulkPath, body)
	if err != nil {
		return nil, err
	}
	if status >= http.StatusBadRequest {
		return nil, cluster.NewError(http.MethodPost, cluster.BulkPath, status, text)
	}
	items, err := cluster.ReadBulk(text, len(records), func(i int) (op, id string) { return cluster.Index, records[i].RecordKey() })
	if err != nil {
		return nil, fmt.Errorf("elasticsearch: records of sensors: %w: %w: %w", store.ErrUnavailable, cluster.ErrUnreadable, err)
	}
	for _, item := range items {
		if item.Status >= http.StatusBadRequest {
			refused = append(refused, item)
		}
	}
	return refused, nil
}

// listSensors reads records, the last updated first.
func (s *esStore) listSensors(ctx context.Context, l store.Listing, visit func(store.Record) error) error {
	order := []object{
		{"updated": object{"order": "desc", "unmapped_type": "date"}},
		{"key": object{"order": "asc", "unmapped_type": "keyword"}},
	}
	p := search.Pages{Indices: s.names.Sensors, Query: object{"term": object{"community": l.Domain == store.Community}}, Order: order, Max: l.N}
	return s.reader.Each(ctx, p, func(h cluster.Hit) error {
		var r store.SensorRecord
		if err := cluster.ReadJSON(h.Source, &r); err != nil {
			return fmt.Errorf("elasticsearch: record %q of a sensor: %w: %w", h.ID, store.ErrUnavailable, err)
		}
		return visit(r)
	})
}
