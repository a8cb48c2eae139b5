package sender

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"

	"github.com/peba-edge/peba/esclient/cluster"
)

// foundDocument is what the cluster has under an id.
type foundDocument struct {
	ID          string          `json:"_id"`
	Found       bool            `json:"found"`
	SeqNo       int64           `json:"_seq_no"`
	PrimaryTerm int64           `json:"_primary_term"`
	Source      json.RawMessage `json:"_source"`
	Error       *cluster.Cause  `json:"error"`
}

// failure is why it is not known whether there is a document.
func (d *foundDocument) failure() *cluster.Cause {
	if d.Error == nil || d.Error.Type == cluster.KindNoIndex {
		return nil
	}
	return d.Error
}

// find looks for documents by their ids, as they are at this moment. Each id is
// in what it returns. An error says that the cluster does not answer right now.
func (s *Sender) find(ctx context.Context, index, options string, ids []string) (map[string]*foundDocument, error) {
	body, err := json.Marshal(map[string][]string{"ids": ids})
	if err != nil {
		return nil, fmt.Errorf("asking for documents of %s: %w", index, err)
	}
	answer, err := s.ask(ctx, "/"+url.PathEscape(index)+"/_mget"+options, body)
	if err != nil {
		return nil, err
	}
	found, err := readFound(answer, ids)
	if err != nil {
		return nil, s.health.failed(err)
	}
	s.health.answered()
	return found, nil
}

// readFound reads an answer, which must speak of just these documents.
func readFound(answer []byte, ids []string) (map[string]*foundDocument, error) {
	var parsed struct {
		Docs []*foundDocument `json:"docs"`
	}
	if err := json.Unmarshal(answer, &parsed); err != nil {
		return nil, fmt.Errorf("the answer to %d ids (%d bytes) cannot be read: %w", len(ids), len(answer), err)
	}
	if len(parsed.Docs) != len(ids) {
		return nil, fmt.Errorf("the answer has %d documents for %d ids", len(parsed.Docs), len(ids))
	}
	found := make(map[string]*foundDocument, len(ids))
	for i, doc := range parsed.Docs {
		if doc == nil || doc.ID != ids[i] {
			return nil, fmt.Errorf("document %d of %d in the answer is not %.64q", i+1, len(ids), ids[i])
		}
		found[doc.ID] = doc
	}
	return found, nil
}
