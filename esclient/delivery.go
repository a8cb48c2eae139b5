package esclient

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/peba-edge/peba/spool"
)

// delivery is one frame on its way.
type delivery struct {
	frame spool.Frame
	items []*item
	// malformed is why the frame cannot be taken apart, until that is a dead letter.
	malformed error

	due      time.Time // not to be sent before
	failures int       // rounds in a row that left something over
}

// item is one alert on its way, with what hangs on it.
type item struct {
	bulkAction
	alert frameAlert
	// settled says that the alert itself is in the cluster or in the dead letters.
	settled bool
	// What is still to be done for it then.
	owesPayload, owesCVE bool
	// What was seen of them so far.
	payloadTries, cveTries tries
}

func newDelivery(frame spool.Frame) *delivery {
	alerts, err := decodeFrame(frame.Data)
	d := &delivery{frame: frame, malformed: err, items: make([]*item, len(alerts))}
	for i, a := range alerts {
		d.items[i] = &item{alert: a, bulkAction: bulkAction{
			op: opCreate, index: a.index, id: a.id, lines: a.lines,
			tries: tries{unsure: frame.Tried || a.maybeStored},
		}}
	}
	return d
}

// done tells whether nothing is left to do for the frame.
func (d *delivery) done() bool {
	for _, it := range d.items {
		if !it.settled || it.owesPayload || it.owesCVE {
			return false
		}
	}
	return d.malformed == nil
}

// busy tells whether the cluster had too much to do for some of the alerts.
func (d *delivery) busy() bool {
	for _, it := range d.items {
		if !it.settled && it.outcome == outcomeBusy {
			return true
		}
	}
	return false
}

// blocked tells whether an index refuses some of the alerts until somebody mends it.
func (d *delivery) blocked() bool {
	for _, it := range d.items {
		if !it.settled && it.outcome == outcomeBlocked {
			return true
		}
	}
	return false
}

// letter is the dead letter of a frame that cannot be taken apart.
func (d *delivery) letter() deadLetter {
	sum := sha256.Sum256(d.frame.Data)
	return deadLetter{documentID: hex.EncodeToString(sum[:]), reason: d.malformed.Error(), frame: d.frame.Data}
}

// letter is the dead letter of an alert of which the given action was refused:
// the alert's own, or one for what hangs on it.
func (it *item) letter(refused *bulkAction) deadLetter {
	a := it.alert
	a.maybeStored = a.maybeStored || refused != &it.bulkAction
	return deadLetter{
		index: refused.index, documentID: it.id, reason: refused.reason, attempts: refused.sends,
		frame: joinFrame([]frameAlert{a}),
	}
}
