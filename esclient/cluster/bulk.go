package cluster

import (
	"bytes"
	"fmt"
)

// BulkPath is the path of every bulk request. The answer is cut to what is read of it; time-out
// is how long the cluster waits for a shard, and ends before the request does.
const BulkPath = "/_bulk?timeout=10s&filter_path=error,status,items.*._id,items.*.status," +
	"items.*.error.type,items.*.error.reason,items.*.error.caused_by.reason"

// The actions of a bulk request that are used.
const (
	Create = "create"
	Update = "update"
	Index  = "index" // writes a document, whether it is there or not
)

// Target is the metadata of an action of a bulk request.
type Target struct {
	Index       string `json:"_index"`
	ID          string `json:"_id"`
	SeqNo       *int64 `json:"if_seq_no,omitempty"`
	PrimaryTerm *int64 `json:"if_primary_term,omitempty"`
}

// BulkLines writes one action of a bulk request with its source.
func BulkLines(op string, t Target, source any) ([]byte, error) {
	var b bytes.Buffer
	for _, line := range []any{map[string]Target{op: t}, source} {
		if err := WriteJSON(&b, line); err != nil {
			return nil, fmt.Errorf("writing a line of a bulk request: %w", err)
		}
		b.WriteByte('\n') // there is none within
	}
	return b.Bytes(), nil
}

// Item is what an answer says of one action.
type Item struct {
	ID     string `json:"_id"`
	Status int    `json:"status"`
	Error  Cause  `json:"error"`
}

// ReadBulk reads what became of each of n actions, of which action tells the operation and
// the id. An answer that does not speak of just these, in their order, is not
// believed at all.
func ReadBulk(answer []byte, n int, action func(i int) (op, id string)) ([]Item, error) {
	var parsed struct {
		Items []struct {
			Create *Item `json:"create"`
			Update *Item `json:"update"`
			Index  *Item `json:"index"`
		} `json:"items"`
	}
	if err := ReadJSON(answer, &parsed); err != nil {
		return nil, fmt.Errorf("the answer to %d actions (%d bytes) cannot be read: %w", n, len(answer), err)
	}
	if len(parsed.Items) != n {
		return nil, fmt.Errorf("the answer has %d items for %d actions", len(parsed.Items), n)
	}
	items := make([]Item, n)
	for i := range items {
		op, id := action(i)
		item := parsed.Items[i].Create
		switch op {
		case Update:
			item = parsed.Items[i].Update
		case Index:
			item = parsed.Items[i].Index
		}
		if item == nil || item.Status == 0 || item.ID != id {
			return nil, fmt.Errorf("item %d of %d in the answer is not that of %s %s", i+1, n, op, id)
		}
		items[i] = *item
	}
	return items, nil
}
