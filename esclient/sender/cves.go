package sender

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sync"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/esclient/cluster"
	"github.com/peba-edge/peba/store"
)

const (
	// maxCVEs bounds what is remembered: sensors can name anything.
	maxCVEs = 4096
	// maxDocumentID is what Elasticsearch takes for an id, in bytes.
	maxDocumentID = 512
)

// knownCVEs are CVEs that are in the cluster. Most alerts that name one name one
// of a few.
type knownCVEs struct {
	mu  sync.Mutex
	ids map[string]bool
}

func (k *knownCVEs) has(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.ids[id]
}

func (k *knownCVEs) add(id string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.ids == nil || len(k.ids) >= maxCVEs {
		k.ids = map[string]bool{}
	}
	k.ids[id] = true
}

func (k *knownCVEs) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.ids = nil
}

// cveNote is a CVE on its way, with the alerts of a batch that name it. The
// first of them is the one that is told of.
type cveNote struct {
	cve, id string // of the document
	tasks   []task
	tries   tries
}

// noteCVEs is the stage of CVEs: it notes those that alerts name, tells of those that are
// new, and returns what is left to note. An error says that the cluster takes
// nothing right now.
func (s *Sender) noteCVEs(ctx context.Context, tasks []task) (left []task, err error) {
	notes, err := s.unknown(ctx, s.notes(tasks))
	if err != nil {
		return tasksOfNotes(notes), err
	}
	var sent, later []cveNote
	var actions []action
	for _, n := range notes {
		a := action{op: cluster.Create, index: s.cves, id: n.id, tries: n.tries}
		if a.lines, err = cveLines(s.cves, n.tasks[0].alert); err != nil {
			r := result{outcome: outcomeDead, reason: err.Error(), tries: n.tries}
			if !s.bury(ctx, letters(n.tasks, s.cves, &r, true)) {
				later = append(later, n)
			}
			continue
		}
		sent, actions = append(sent, n), append(actions, a)
	}
	results, err := s.bulk(ctx, actions)
	for i, n := range sent {
		n.tries = results[i].tries
		noted, failed := s.concludeCVE(ctx, n, &results[i])
		if failed != nil {
			err = errors.Join(err, failed)
		}
		if !noted {
			later = append(later, n)
		}
	}
	return tasksOfNotes(later), err
}

// concludeCVE does what a result asks for, and tells whether nothing is left to do.
func (s *Sender) concludeCVE(ctx context.Context, n cveNote, r *result) (done bool, err error) {
	switch {
	case r.outcome == outcomeStored:
		s.announce(n.tasks[0].alert)
		s.known.add(n.cve)
		return true, nil
	case r.outcome == outcomeConflict && r.tries.unsure:
		return s.checkCVE(ctx, n)
	case r.outcome == outcomeConflict:
		s.known.add(n.cve)
		return true, nil
	case r.outcome == outcomeDead:
		return s.bury(ctx, letters(n.tasks, s.cves, r, true)), nil
	}
	return false, nil
}

// checkCVE is for a CVE that is there when it is sent again after no answer came:
// if the document is that of one of our alerts, we were the first after all.
func (s *Sender) checkCVE(ctx context.Context, n cveNote) (done bool, err error) {
	found, err := s.find(ctx, s.cves, "", []string{n.id})
	if err != nil {
		return false, err
	}
	if e := found[n.id].failure(); e != nil {
		s.health.blocked(s.cves, e.Text(0))
		return false, nil
	}
	for _, t := range n.tasks {
		lines, err := cveLines(s.cves, t.alert)
		if err != nil {
			continue // told of when it was sent
		}
		_, source, _ := bytes.Cut(lines, []byte("\n"))
		if sameJSON(source, found[n.id].Source) {
			s.announce(t.alert)
			break
		}
	}
	s.known.add(n.cve)
	return true, nil
}

// sameJSON tells whether two texts are the same object.
func sameJSON(a, b []byte) bool {
	var one, other map[string]any
	return json.Unmarshal(a, &one) == nil && json.Unmarshal(b, &other) == nil && reflect.DeepEqual(one, other)
}

// notes puts together the alerts of each CVE that is not known to be noted.
func (s *Sender) notes(tasks []task) []cveNote {
	var notes []cveNote
	at := map[string]int{}
	for _, t := range tasks {
		cve := t.alert.cve
		if s.known.has(cve) {
			continue
		}
		i, there := at[cve]
		if !there {
			i = len(notes)
			at[cve] = i
			notes = append(notes, cveNote{cve: cve, id: cveDocumentID(cve), tries: t.tries})
		}
		notes[i].tasks = append(notes[i].tasks, t)
		notes[i].tries.unsure = notes[i].tries.unsure || t.tries.unsure
	}
	return notes
}

// tasksOfNotes takes notes apart again.
func tasksOfNotes(notes []cveNote) (tasks []task) {
	for _, n := range notes {
		for _, t := range n.tasks {
			t.tries = n.tries
			tasks = append(tasks, t)
		}
	}
	return tasks
}

// unknown returns the CVEs that no other program has noted; with an error also those of
// which that is not known.
func (s *Sender) unknown(ctx context.Context, notes []cveNote) (unknown []cveNote, err error) {
	for len(notes) > 0 {
		part := notes[:min(payloadsAtOnce, len(notes))]
		cves, ours := make([]string, len(part)), make([]string, len(part))
		for i, n := range part {
			cves[i], ours[i] = n.cve, n.id
		}
		found, err := s.foreign(ctx, s.cves, "vulnid", cves, ours)
		if err != nil {
			return append(unknown, notes...), err
		}
		for _, n := range part {
			if _, known := found[n.cve]; known {
				s.known.add(n.cve)
			} else {
				unknown = append(unknown, n)
			}
		}
		notes = notes[len(part):]
	}
	return unknown, nil
}

// cveDocumentID is the CVE itself, or a digest where that is too long for an id.
func cveDocumentID(cve string) string {
	if len(cve) <= maxDocumentID {
		return cve
	}
	sum := sha256.Sum256([]byte(cve))
	return "sha256-" + hex.EncodeToString(sum[:])
}

// cveLines writes the document of a CVE: that of its alert, without rawhttp and
// what alerts are grouped by.
func cveLines(index string, a *frameAlert) ([]byte, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(a.source(), &fields); err != nil {
		return nil, fmt.Errorf("reading the alert's document: %w", err)
	}
	delete(fields, "rawhttp")
	delete(fields, "interaction")
	return cluster.BulkLines(cluster.Create, cluster.Target{Index: index, ID: cveDocumentID(a.cve)}, fields)
}

// announce tells of a CVE that was never seen before.
func (s *Sender) announce(a *frameAlert) {
	if s.newCVE == nil {
		return
	}
	var d alert.Document
	if err := json.Unmarshal(a.source(), &d); err != nil {
		s.health.trouble("reading the alert of a new CVE", err)
		return
	}
	s.newCVE(store.CVE{
		ID: a.cve, FirstSeen: d.CreateTime.Time,
		SourceIP: d.SourceEntryIP, TargetPort: d.TargetEntryPort, PeerType: d.PeerType,
	})
}
