package esclient

import (
	"context"
	"time"

	"github.com/peba-edge/peba/spool"
)

// round sends what is left to send of some frames, and lets go of those that are
// done with it.
func (w *worker) round(ctx context.Context, work []*delivery) {
	err := w.sendAlerts(ctx, work)
	if err == nil {
		err = w.followUp(ctx, work)
	}
	w.release(work)
	if err != nil {
		w.failures++
		w.resume = time.Now().Add(w.backoff.after(w.failures))
	} else {
		w.failures = 0
	}
	for _, d := range work {
		if err != nil {
			d.due = w.resume
			continue
		}
		d.failures++
		d.due = time.Now().Add(w.backoff.after(d.failures))
		if d.busy() {
			w.resume = d.due // more would make it worse
		}
	}
}

// release lets go of frames that are done.
func (w *worker) release(work []*delivery) {
	var done []spool.Frame
	for _, d := range work {
		if d.done() {
			done = append(done, d.frame)
		}
	}
	if len(done) == 0 {
		return
	}
	w.parked = deleteDone(w.parked)
	if err := w.outbox.Done(done); err != nil {
		// They may come again, and are found to be stored.
		w.health.trouble("noting in the spool what is stored", err)
	}
}

// sendAlerts sends the alerts that are not settled. An error says that the
// cluster takes nothing right now.
func (w *worker) sendAlerts(ctx context.Context, work []*delivery) error {
	var items []*item
	var actions []*bulkAction
	for _, d := range work {
		for _, it := range d.items {
			if !it.settled {
				items = append(items, it)
				actions = append(actions, &it.bulkAction)
			}
		}
	}
	err := w.bulk(ctx, actions)
	var stored, duplicates int
	var refused []*item
	for _, it := range items {
		switch it.outcome {
		case outcomeStored:
			stored++
			it.settled, it.owesPayload, it.owesCVE = true, it.alert.payload != nil, it.alert.cve != ""
		case outcomeConflict:
			// Who stored it counts its payload, unless that was us and we did not
			// come that far.
			duplicates++
			it.settled, it.owesPayload, it.owesCVE = true, it.alert.payload != nil && it.unsure, it.alert.cve != ""
		case outcomeDead:
			refused = append(refused, it)
		}
	}
	w.count(countStored, stored)
	w.count(countDuplicate, duplicates)
	w.buryAlerts(ctx, refused)
	w.buryMalformed(ctx, work)
	return err
}

// buryAlerts makes dead letters of alerts that were refused for ever. When that
// fails they are not settled, and are sent once more later.
func (w *worker) buryAlerts(ctx context.Context, refused []*item) {
	letters := make([]deadLetter, len(refused))
	for i, it := range refused {
		letters[i] = it.letter(&it.bulkAction)
	}
	if !w.bury(ctx, letters) {
		return
	}
	for _, it := range refused {
		it.settled = true
	}
}

func (w *worker) buryMalformed(ctx context.Context, work []*delivery) {
	for _, d := range work {
		if d.malformed != nil && w.bury(ctx, []deadLetter{d.letter()}) {
			d.malformed = nil
		}
	}
}

// bury writes dead letters to the disk, and tells whether they are there.
func (s *sender) bury(ctx context.Context, letters []deadLetter) bool {
	if len(letters) == 0 {
		return true
	}
	if err := s.dead.add(ctx, letters); err != nil {
		if ctx.Err() == nil {
			s.health.trouble("writing dead letters", err)
		}
		return false
	}
	s.health.buried(letters)
	s.count(countDead, len(letters))
	return true
}

// followUp does what hangs on alerts that are stored.
func (w *worker) followUp(ctx context.Context, work []*delivery) error {
	var payloads, cves []*item
	for _, d := range work {
		for _, it := range d.items {
			if it.owesPayload {
				payloads = append(payloads, it)
			}
			if it.owesCVE {
				cves = append(cves, it)
			}
		}
	}
	if err := w.countPayloads(ctx, payloads); err != nil {
		return err
	}
	return w.noteCVEs(ctx, cves)
}

// deleteDone returns the deliveries that are not done.
func deleteDone(all []*delivery) []*delivery {
	var rest []*delivery
	for _, d := range all {
		if !d.done() {
			rest = append(rest, d)
		}
	}
	return rest
}
