package esclient

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/peba-edge/peba/alert"
)

const (
	// payloadsAtOnce bounds what is read in one request.
	payloadsAtOnce = 256
	// payloadRounds is how often changed documents are read again at once.
	payloadRounds = 8
)

// payloadCount is what a batch adds to one payload's document: all its alerts in
// one change, so that a hot payload costs no more than a rare one.
type payloadCount struct {
	bulkAction
	items []*item
}

// countPayloads counts the payloads of alerts. An error says that the cluster
// takes nothing right now.
func (s *sender) countPayloads(ctx context.Context, items []*item) error {
	if len(items) == 0 {
		return nil
	}
	select {
	case s.counting <- struct{}{}:
		defer func() { <-s.counting }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for part := range slices.Chunk(byPayload(items), payloadsAtOnce) {
		for round := 0; len(part) > 0 && round < payloadRounds; round++ {
			var err error
			if part, err = s.countOnce(ctx, part); err != nil {
				return err
			}
		}
	}
	return nil
}

// byPayload puts together the alerts of each payload, both in order.
func byPayload(items []*item) []*payloadCount {
	var all []*payloadCount
	at := map[string]*payloadCount{}
	for _, it := range items {
		fuzzy := it.alert.payload.fuzzyHash
		if at[fuzzy] == nil {
			at[fuzzy] = &payloadCount{bulkAction: bulkAction{id: fuzzy, tries: it.payloadTries}}
			all = append(all, at[fuzzy])
		}
		at[fuzzy].items = append(at[fuzzy].items, it)
	}
	return all
}

// countOnce reads the documents, changes them and writes them back. It returns
// those that somebody else has changed meanwhile.
func (s *sender) countOnce(ctx context.Context, counts []*payloadCount) (changed []*payloadCount, err error) {
	ids := make([]string, len(counts))
	for i, c := range counts {
		ids[i] = c.id
	}
	stored, err := s.find(ctx, s.payloads, "?_source_excludes=content", ids)
	if err != nil {
		return nil, err
	}
	if err := s.adoptForeign(ctx, counts, stored); err != nil {
		return nil, err
	}
	var sent []*payloadCount
	var actions []*bulkAction
	for _, c := range counts {
		if e := stored[c.id].failure(); e != nil {
			s.health.blocked(s.payloads, e.text(0))
			continue
		}
		news, err := c.prepare(s.payloads, stored[c.id])
		if err != nil {
			return nil, fmt.Errorf("payload %s: %w", c.id, err)
		}
		if !news {
			c.settle()
			continue
		}
		sent = append(sent, c)
		actions = append(actions, &c.bulkAction)
	}
	err = s.bulk(ctx, actions)
	for _, c := range sent {
		switch c.outcome {
		case outcomeStored:
			c.settle()
		case outcomeConflict, outcomeGone:
			changed = append(changed, c)
		case outcomeDead:
			s.buryPayload(ctx, c)
		default:
			for _, it := range c.items {
				it.payloadTries = c.tries
			}
		}
	}
	return changed, err
}

// adoptForeign has payloads that another program has stored counted in its documents.
func (s *sender) adoptForeign(ctx context.Context, counts []*payloadCount, stored map[string]*foundDocument) error {
	var missing []string
	for _, c := range counts {
		if found := stored[c.id]; found.failure() == nil && !found.Found {
			missing = append(missing, c.id)
		}
	}
	adopted, err := s.foreign(ctx, s.payloads, "hashfuzzyhttp", missing, missing)
	if err != nil || len(adopted) == 0 {
		return err
	}
	found, err := s.find(ctx, s.payloads, "?_source_excludes=content", slices.Sorted(maps.Values(adopted)))
	if err != nil {
		return err
	}
	for _, c := range counts {
		id, there := adopted[c.id]
		if there && found[id].Found {
			c.id, stored[id] = id, found[id]
		}
	}
	return nil
}

// settle notes that the alerts are counted.
func (c *payloadCount) settle() {
	for _, it := range c.items {
		it.owesPayload = false
	}
}

// buryPayload makes dead letters of alerts whose payload was refused for ever.
func (s *sender) buryPayload(ctx context.Context, c *payloadCount) {
	letters := make([]deadLetter, len(c.items))
	for i, it := range c.items {
		letters[i] = it.letter(&c.bulkAction)
	}
	if s.bury(ctx, letters) {
		c.settle()
	}
}

// prepare makes the action that counts the alerts, and tells whether there is
// anything to count.
func (c *payloadCount) prepare(index string, stored *foundDocument) (news bool, err error) {
	c.index = index
	if !stored.Found {
		return true, c.prepareNew()
	}
	hash, counts := readCounts(stored.Source)
	news = counts.countAll(c.items, hash)
	c.op = opUpdate
	c.lines, err = bulkLines(opUpdate,
		bulkTarget{Index: c.index, ID: c.id, SeqNo: &stored.SeqNo, PrimaryTerm: &stored.PrimaryTerm},
		map[string]payloadCounts{"doc": counts})
	return news, err
}

// prepareNew makes the document of a payload that is seen for the first time.
func (c *payloadCount) prepareNew() (err error) {
	first := c.items[0].alert.payload
	doc := createdPayload{
		Hash: first.hash, FuzzyHash: first.fuzzyHash, MIMEType: first.mimeType,
		InitialIP: first.sourceIP, InitialDestPort: first.targetPort,
		FirstSeen: alert.At(time.Unix(first.created, 0)),
		Data:      inStore, Content: first.data,
	}
	doc.LastSeen = doc.FirstSeen
	doc.countAll(c.items, first.hash)
	c.op = opCreate
	c.lines, err = bulkLines(opCreate, bulkTarget{Index: c.index, ID: c.id}, doc)
	return err
}
