package sender

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/peba-edge/peba/spool"
)

// delivery is one frame on its way.
type delivery struct {
	frame spool.Frame
	// malformed is why the frame cannot be decoded, until that is a dead letter.
	malformed error
	left      pending // what is still to be done for its alerts

	due      time.Time // not to be sent before
	failures int       // batches in a row that left something over
}

// pending is what is still to be done, by stage: alerts are sent first, and then the
// payloads and CVEs of those that are stored.
type pending struct{ alerts, payloads, cves []task }

// task is one document that is to be written for an alert: its own, or that of its
// payload or CVE.
type task struct {
	of    *delivery
	alert *frameAlert
	tries tries
	last  outcome // of the last try
}

func newDelivery(frame spool.Frame) *delivery {
	alerts, err := decodeFrame(frame.Data)
	d := &delivery{frame: frame, malformed: err}
	d.left.alerts = make([]task, len(alerts))
	for i := range alerts {
		a := &alerts[i]
		d.left.alerts[i] = task{of: d, alert: a, tries: tries{unsure: frame.Tried || a.maybeStored}}
	}
	return d
}

// done tells whether nothing is left to do for the frame.
func (d *delivery) done() bool {
	return d.malformed == nil && len(d.left.alerts)+len(d.left.payloads)+len(d.left.cves) == 0
}

// busy tells whether the cluster had too much to do for some of the alerts.
func (d *delivery) busy() bool { return d.met(outcomeBusy) }

// blocked tells whether an index rejects some of the alerts until somebody fixes it.
func (d *delivery) blocked() bool { return d.met(outcomeBlocked) }

func (d *delivery) met(o outcome) bool {
	for i := range d.left.alerts {
		if d.left.alerts[i].last == o {
			return true
		}
	}
	return false
}

// letter is the dead letter of a frame that cannot be decoded.
func (d *delivery) letter() letter {
	sum := sha256.Sum256(d.frame.Data)
	return letter{documentID: hex.EncodeToString(sum[:]), reason: d.malformed.Error(), frame: d.frame.Data}
}

// follow adds the CVE of an alert that is stored, and its payload if that is to be
// counted.
func (p *pending) follow(t task, count bool) {
	if count && t.alert.payload != nil {
		p.payloads = append(p.payloads, task{of: t.of, alert: t.alert})
	}
	if t.alert.cve != "" {
		p.cves = append(p.cves, task{of: t.of, alert: t.alert})
	}
}

// after returns the task as it is after a try.
func (t task) after(r *result) task {
	t.tries, t.last = r.tries, r.outcome
	return t
}

// letters are the dead letters of alerts of which a document in index was rejected:
// their own, or if they are stored one that follows.
func letters(tasks []task, index string, r *result, stored bool) []letter {
	all := make([]letter, len(tasks))
	for i, t := range tasks {
		a := *t.alert
		a.maybeStored = a.maybeStored || stored
		all[i] = letter{
			index: index, documentID: a.id, reason: r.reason, attempts: r.tries.sends,
			frame: joinFrame([]frameAlert{a}),
		}
	}
	return all
}
