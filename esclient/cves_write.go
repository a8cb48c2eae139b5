package esclient

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

const (
	// mostCVEs bounds what is remembered: sensors can name anything.
	mostCVEs = 4096
	// mostDocumentID is what Elasticsearch takes for an id, in bytes.
	mostDocumentID = 512
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
	if k.ids == nil || len(k.ids) >= mostCVEs {
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
	bulkAction
	items []*item
}

// noteCVEs notes the CVEs that alerts name, and tells of those that are new. An
// error says that the cluster takes nothing right now.
func (s *sender) noteCVEs(ctx context.Context, items []*item) error {
	notes, err := s.withoutForeign(ctx, s.newNotes(items))
	if err != nil {
		return err
	}
	var actions []*bulkAction
	for _, n := range notes {
		var err error
		if n.lines, err = cveLines(s.cves, &n.items[0].alert); err != nil {
			n.outcome, n.reason = outcomeDead, err.Error()
			continue
		}
		actions = append(actions, &n.bulkAction)
	}
	err = s.bulk(ctx, actions)
	for _, n := range notes {
		switch n.outcome {
		case outcomeStored:
			s.announce(n.items[0])
			s.settleCVE(n)
		case outcomeConflict:
			if n.unsure {
				err = errors.Join(err, s.checkCVE(ctx, n))
				continue
			}
			s.settleCVE(n)
		case outcomeDead:
			s.buryCVE(ctx, n)
		default:
			for _, it := range n.items {
				it.cveTries = n.tries
			}
		}
	}
	return err
}

// checkCVE is for a CVE that is there when it is sent again after no answer came:
// if the document is that of one of our alerts, we were the first after all.
func (s *sender) checkCVE(ctx context.Context, n *cveNote) error {
	found, err := s.find(ctx, s.cves, "", []string{n.id})
	if err != nil {
		return err
	}
	if e := found[n.id].failure(); e != nil {
		s.health.blocked(s.cves, e.text(0))
		return nil
	}
	for _, it := range n.items {
		lines, err := cveLines(s.cves, &it.alert)
		if err != nil {
			continue // told of when it was sent
		}
		_, source, _ := bytes.Cut(lines, []byte("\n"))
		if sameJSON(source, found[n.id].Source) {
			s.announce(it)
			break
		}
	}
	s.settleCVE(n)
	return nil
}

// sameJSON tells whether two texts are the same object.
func sameJSON(a, b []byte) bool {
	var one, other map[string]any
	return json.Unmarshal(a, &one) == nil && json.Unmarshal(b, &other) == nil && reflect.DeepEqual(one, other)
}

// newNotes puts together the alerts of each CVE that is not known to be noted.
func (s *sender) newNotes(items []*item) []*cveNote {
	var notes []*cveNote
	at := map[string]*cveNote{}
	for _, it := range items {
		cve := it.alert.cve
		if s.known.has(cve) {
			it.owesCVE = false
			continue
		}
		if at[cve] == nil {
			at[cve] = &cveNote{bulkAction: bulkAction{op: opCreate, index: s.cves, id: cveDocumentID(cve), tries: it.cveTries}}
			notes = append(notes, at[cve])
		}
		at[cve].items = append(at[cve].items, it)
		at[cve].unsure = at[cve].unsure || it.cveTries.unsure
	}
	return notes
}

// withoutForeign settles the CVEs that another program has noted, and returns the others.
func (s *sender) withoutForeign(ctx context.Context, notes []*cveNote) ([]*cveNote, error) {
	var unknown []*cveNote
	for part := range slices.Chunk(notes, payloadsAtOnce) {
		cves, ours := make([]string, len(part)), make([]string, len(part))
		for i, n := range part {
			cves[i], ours[i] = n.items[0].alert.cve, n.id
		}
		found, err := s.foreign(ctx, s.cves, "vulnid", cves, ours)
		if err != nil {
			return nil, err
		}
		for i, n := range part {
			if _, known := found[cves[i]]; known {
				s.settleCVE(n)
			} else {
				unknown = append(unknown, n)
			}
		}
	}
	return unknown, nil
}

// cveDocumentID is the CVE itself, or a digest where that is too long for an id.
func cveDocumentID(cve string) string {
	if len(cve) <= mostDocumentID {
		return cve
	}
	sum := sha256.Sum256([]byte(cve))
	return "sha256-" + hex.EncodeToString(sum[:])
}

// cveLines writes the document of a CVE: that of its alert, without rawhttp.
func cveLines(index string, a *frameAlert) ([]byte, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(a.source(), &fields); err != nil {
		return nil, fmt.Errorf("reading the alert's document: %w", err)
	}
	delete(fields, "rawhttp")
	return bulkLines(opCreate, bulkTarget{Index: index, ID: cveDocumentID(a.cve)}, fields)
}

func (s *sender) settleCVE(n *cveNote) {
	s.known.add(n.items[0].alert.cve)
	for _, it := range n.items {
		it.owesCVE = false
	}
}

// buryCVE makes dead letters of alerts whose CVE was refused for ever.
func (s *sender) buryCVE(ctx context.Context, n *cveNote) {
	letters := make([]deadLetter, len(n.items))
	for i, it := range n.items {
		letters[i] = it.letter(&n.bulkAction)
	}
	if !s.bury(ctx, letters) {
		return
	}
	for _, it := range n.items {
		it.owesCVE = false
	}
}

// announce tells of a CVE that was never seen before.
func (s *sender) announce(it *item) {
	if s.newCVE == nil {
		return
	}
	var d alert.Document
	if err := json.Unmarshal(it.alert.source(), &d); err != nil {
		s.health.trouble("reading the alert of a new CVE", err)
		return
	}
	s.newCVE(store.CVE{
		ID: it.alert.cve, FirstSeen: d.CreateTime.Time,
		SourceIP: d.SourceEntryIP, TargetPort: d.TargetEntryPort, PeerType: d.PeerType,
	})
}
