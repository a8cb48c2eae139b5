package esclient

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// Put implements store.Writer.
func (s *esStore) Put(ctx context.Context, records []alert.Record) error {
	return s.run(func() error { return s.create(ctx, records) })
}

// create stores alerts straight away. One that is there already stays.
func (s *esStore) create(ctx context.Context, records []alert.Record) error {
	if err := ctx.Err(); err != nil || len(records) == 0 {
		return err
	}
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	for i := range records {
		d := &records[i].Document
		action := object{"create": object{"_index": s.names.indexOf(d), "_id": d.ID}}
		if err := encoder.Encode(action); err != nil {
			return err
		}
		if err := encoder.Encode(d); err != nil {
			return err
		}
	}
	status, text, err := s.client.post(ctx, "/_bulk", body.Bytes())
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return newStatusError(http.MethodPost, "/_bulk", status, text)
	}
	var done struct {
		Items []struct {
			Create struct {
				ID     string          `json:"_id"`
				Status int             `json:"status"`
				Error  json.RawMessage `json:"error"`
			} `json:"create"`
		} `json:"items"`
	}
	if err := json.Unmarshal(text, &done); err != nil || len(done.Items) != len(records) {
		return fmt.Errorf("elasticsearch: answer to a bulk of %d: %w: %d items, %w", len(records), store.ErrUnavailable, len(done.Items), err)
	}
	for _, item := range done.Items {
		if c := item.Create; c.Status >= http.StatusBadRequest && c.Status != http.StatusConflict {
			return fmt.Errorf("elasticsearch: alert %q: %w: status %d, %.300q", c.ID, store.ErrUnavailable, c.Status, c.Error)
		}
	}
	return nil
}
