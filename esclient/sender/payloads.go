package sender

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/esclient/cluster"
)

const (
	// payloadsAtOnce bounds what is read in one request.
	payloadsAtOnce = 256
	// payloadRounds is how often changed documents are read again at once.
	payloadRounds = 8
)

// payloadChange is what a batch adds to one payload's document: all its alerts in
// one change, so that a hot payload costs no more than a rare one.
type payloadChange struct {
	id    string // of the document
	tasks []task
	tries tries
}

// countPayloads is the stage of payloads: it counts those of alerts, and returns what is
// left to count. An error says that the cluster takes nothing right now.
func (s *Sender) countPayloads(ctx context.Context, tasks []task) (left []task, err error) {
	if len(tasks) == 0 {
		return nil, nil
	}
	select {
	case s.counting <- struct{}{}:
		defer func() { <-s.counting }()
	case <-ctx.Done():
		return tasks, ctx.Err()
	}
	changes := byPayload(tasks)
	for len(changes) > 0 && err == nil {
		part := changes[:min(payloadsAtOnce, len(changes))]
		changes = changes[len(part):]
		for round := 0; len(part) > 0 && round < payloadRounds && err == nil; round++ {
			var later []payloadChange
			part, later, err = s.countOnce(ctx, part)
			left = append(left, tasksOf(later)...)
		}
		left = append(left, tasksOf(part)...)
	}
	return append(left, tasksOf(changes)...), err
}

// byPayload puts together the alerts of each payload, both in order.
func byPayload(tasks []task) []payloadChange {
	var all []payloadChange
	at := map[string]int{}
	for _, t := range tasks {
		fuzzy := t.alert.payload.fuzzyHash
		i, known := at[fuzzy]
		if !known {
			i = len(all)
			at[fuzzy] = i
			all = append(all, payloadChange{id: fuzzy, tries: t.tries})
		}
		all[i].tasks = append(all[i].tasks, t)
	}
	return all
}

// tasksOf takes changes apart again.
func tasksOf(changes []payloadChange) (tasks []task) {
	for _, c := range changes {
		for _, t := range c.tasks {
			t.tries = c.tries
			tasks = append(tasks, t)
		}
	}
	return tasks
}

// countOnce reads the documents, changes them and writes them back. It returns those
// that somebody else has changed meanwhile, to be read again at once, and those to
// be tried later.
func (s *Sender) countOnce(ctx context.Context, changes []payloadChange) (changed, later []payloadChange, err error) {
	stored, err := s.readPayloads(ctx, changes)
	if err != nil {
		return nil, changes, err
	}
	var sent []payloadChange
	var actions []action
	for _, c := range changes {
		if e := stored[c.id].failure(); e != nil {
			s.health.blocked(s.payloads, e.Text(0))
			later = append(later, c)
			continue
		}
		a, news, err := c.action(s.payloads, stored[c.id])
		if err != nil {
			return nil, changes, fmt.Errorf("payload %s: %w", c.id, err)
		}
		if news {
			sent, actions = append(sent, c), append(actions, a)
		}
	}
	results, err := s.bulk(ctx, actions)
	for i, c := range sent {
		r := &results[i]
		c.tries = r.tries
		switch r.outcome {
		case outcomeStored:
		case outcomeConflict, outcomeGone:
			changed = append(changed, c)
		case outcomeDead:
			if !s.bury(ctx, letters(c.tasks, s.payloads, r, true)) {
				later = append(later, c)
			}
		default:
			later = append(later, c)
		}
	}
	return changed, later, err
}

// readPayloads reads the documents of payloads, without their bytes. A payload that
// another program has stored is counted in its document: it gets the id of that one.
func (s *Sender) readPayloads(ctx context.Context, changes []payloadChange) (map[string]*foundDocument, error) {
	const withoutBytes = "?_source_excludes=content"
	ids := make([]string, len(changes))
	for i, c := range changes {
		ids[i] = c.id
	}
	stored, err := s.find(ctx, s.payloads, withoutBytes, ids)
	if err != nil {
		return nil, err
	}
	var missing []string
	for _, id := range ids {
		if found := stored[id]; found.failure() == nil && !found.Found {
			missing = append(missing, id)
		}
	}
	adopted, err := s.foreign(ctx, s.payloads, "hashfuzzyhttp", missing, missing)
	if err != nil || len(adopted) == 0 {
		return stored, err
	}
	found, err := s.find(ctx, s.payloads, withoutBytes, slices.Sorted(maps.Values(adopted)))
	if err != nil {
		return nil, err
	}
	for i := range changes {
		id, there := adopted[changes[i].id]
		if there && found[id].Found {
			changes[i].id, stored[id] = id, found[id]
		}
	}
	return stored, nil
}

// action returns the action that counts the alerts, and tells whether there is
// anything to count.
func (c *payloadChange) action(index string, stored *foundDocument) (a action, news bool, err error) {
	a = action{index: index, id: c.id, tries: c.tries}
	if !stored.Found {
		a.op = cluster.Create
		a.lines, err = cluster.BulkLines(a.op, cluster.Target{Index: index, ID: c.id}, c.document())
		return a, true, err
	}
	hash, counts := readCounts(stored.Source)
	news = counts.countAll(c.tasks, hash)
	a.op = cluster.Update
	a.lines, err = cluster.BulkLines(a.op,
		cluster.Target{Index: index, ID: c.id, SeqNo: &stored.SeqNo, PrimaryTerm: &stored.PrimaryTerm},
		map[string]payloadCounts{"doc": counts})
	return a, news, err
}

// document returns the document of a payload that is seen for the first time.
func (c *payloadChange) document() createdPayload {
	first := c.tasks[0].alert.payload
	doc := createdPayload{
		Hash: first.hash, FuzzyHash: first.fuzzyHash, MIMEType: first.mimeType,
		InitialIP: first.sourceIP, InitialDestPort: first.targetPort,
		FirstSeen: alert.At(time.Unix(first.created, 0)),
		Data:      inStore, Content: first.data,
	}
	doc.LastSeen = doc.FirstSeen
	doc.countAll(c.tasks, first.hash)
	return doc
}
