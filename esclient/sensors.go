package esclient

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/peba-edge/peba/store"
)

// sensorsAtOnce is how many records one request has: half a megabyte of those
// that are usual.
const sensorsAtOnce = 500

// opIndex writes a document, whether it is there or not.
const opIndex = "index"

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
	for some := range slices.Chunk(records, sensorsAtOnce) {
		if err := s.indexSensors(ctx, some); err != nil {
			return err
		}
	}
	return nil
}

// indexSensors is one bulk request.
func (s *esStore) indexSensors(ctx context.Context, records []store.SensorRecord) error {
	var body []byte
	for i := range records {
		lines, err := bulkLines(opIndex, bulkTarget{Index: s.names.Sensors, ID: records[i].Key}, &records[i])
		if err != nil {
			return err
		}
		body = append(body, lines...)
	}
	status, text, err := s.client.post(ctx, bulkPath, body)
	if err != nil {
		return err
	}
	if status >= http.StatusBadRequest {
		return newStatusError(http.MethodPost, bulkPath, status, text)
	}
	var answer struct {
		Items []struct {
			Index bulkItem `json:"index"`
		} `json:"items"`
	}
	if err := json.Unmarshal(text, &answer); err != nil || len(answer.Items) != len(records) {
		return fmt.Errorf("elasticsearch: answer to %d records of sensors has %d: %w: %w", len(records), len(answer.Items), store.ErrUnavailable, errUnreadable)
	}
	for _, item := range answer.Items {
		if item.Index.Status >= http.StatusBadRequest || item.Index.Status == 0 {
			return fmt.Errorf("elasticsearch: record %s of a sensor: %w: status %d, %s %.300q",
				item.Index.ID, store.ErrUnavailable, item.Index.Status, item.Index.Error.Type, item.Index.Error.Reason)
		}
	}
	return nil
}

// sensors reads records, the last updated first.
func (s *esStore) sensors(ctx context.Context, n int) ([]store.SensorRecord, error) {
	if n <= 0 {
		return nil, ctx.Err()
	}
	order := []object{
		{"updated": object{"order": "desc", "unmapped_type": "date"}},
		{"key": object{"order": "asc", "unmapped_type": "keyword"}},
	}
	var found []store.SensorRecord
	p := pages{indices: s.names.Sensors, query: object{"match_all": object{}}, order: order, most: n}
	err := s.each(ctx, p, func(h hit) error {
		var r store.SensorRecord
		if err := readJSON(h.Source, &r); err != nil {
			return fmt.Errorf("elasticsearch: record %q of a sensor: %w: %w", h.ID, store.ErrUnavailable, err)
		}
		found = append(found, r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}
