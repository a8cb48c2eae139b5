package esclient

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/peba-edge/peba/store"
)

// sensorsAtOnce is how many records one request has: half a megabyte of those
// that are usual.
const sensorsAtOnce = 500

// putSensors writes records to the cluster itself, not by way of the spool: what
// does not get there is written again, with later numbers.
func (s *esStore) putSensors(ctx context.Context, records []store.SensorRecord) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-s.ready:
	default: // else Elasticsearch would make an index of its own idea
		return fmt.Errorf("elasticsearch: the index %s was not looked at so far: %w", s.names.Sensors, store.ErrUnavailable)
	}
	var errs []error
	for some := range slices.Chunk(records, sensorsAtOnce) {
		refused, err := s.indexSensors(ctx, some)
		if errs = append(errs, err); err != nil {
			break // so it would be with the next ones
		}
		if len(refused) > 0 {
			item := refused[0]
			errs = append(errs, fmt.Errorf("elasticsearch: %d of %d records of sensors, the first is %s: %w: status %d, %s %.300q",
				len(refused), len(some), item.ID, store.ErrUnavailable, item.Status, item.Error.Type, item.Error.Reason))
		}
	}
	return errors.Join(errs...)
}

// indexSensors is one bulk request. It returns the records that were not taken.
func (s *esStore) indexSensors(ctx context.Context, records []store.SensorRecord) (refused []bulkItem, err error) {
	var body []byte
	actions := make([]*bulkAction, len(records))
	for i := range records {
		lines, err := bulkLines(opIndex, bulkTarget{Index: s.names.Sensors, ID: records[i].Key}, &records[i])
		if err != nil {
			return nil, err
		}
		body = append(body, lines...)
		actions[i] = &bulkAction{op: opIndex, id: records[i].Key}
	}
	status, text, err := s.client.post(ctx, bulkPath, body)
	if err != nil {
		return nil, err
	}
	if status >= http.StatusBadRequest {
		return nil, newStatusError(http.MethodPost, bulkPath, status, text)
	}
	items, err := readBulkAnswer(text, actions)
	if err != nil {
		return nil, fmt.Errorf("elasticsearch: records of sensors: %w: %w: %w", store.ErrUnavailable, errUnreadable, err)
	}
	for _, item := range items {
		if item.Status >= http.StatusBadRequest {
			refused = append(refused, item)
		}
	}
	return refused, nil
}

// sensors reads records, the last updated first.
func (s *esStore) sensors(ctx context.Context, community bool, n int, visit func(store.SensorRecord) error) error {
	if n <= 0 {
		return ctx.Err()
	}
	order := []object{
		{"updated": object{"order": "desc", "unmapped_type": "date"}},
		{"key": object{"order": "asc", "unmapped_type": "keyword"}},
	}
	p := pages{indices: s.names.Sensors, query: object{"term": object{"community": community}}, order: order, most: n}
	return s.each(ctx, p, func(h hit) error {
		var r store.SensorRecord
		if err := readJSON(h.Source, &r); err != nil {
			return fmt.Errorf("elasticsearch: record %q of a sensor: %w: %w", h.ID, store.ErrUnavailable, err)
		}
		return visit(r)
	})
}
