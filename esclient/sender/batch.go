package sender

import (
	"context"
	"slices"
	"time"

	"github.com/peba-edge/peba/esclient/cluster"
	"github.com/peba-edge/peba/spool"
)

// batch sends what is left to send of some frames, and lets go of those that are
// done with it.
func (w *worker) batch(ctx context.Context, work []*delivery) {
	left, err := w.send(ctx, takeTasks(work))
	returnTasks(left)
	w.buryMalformed(ctx, work)
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

// takeTasks takes out of frames what is left to do for them.
func takeTasks(work []*delivery) pending {
	var all pending
	for _, d := range work {
		all.alerts = append(all.alerts, d.left.alerts...)
		all.payloads = append(all.payloads, d.left.payloads...)
		all.cves = append(all.cves, d.left.cves...)
		d.left = pending{}
	}
	return all
}

// returnTasks gives what is left to do back to the frames that it is of.
func returnTasks(left pending) {
	for _, t := range left.alerts {
		t.of.left.alerts = append(t.of.left.alerts, t)
	}
	for _, t := range left.payloads {
		t.of.left.payloads = append(t.of.left.payloads, t)
	}
	for _, t := range left.cves {
		t.of.left.cves = append(t.of.left.cves, t)
	}
}

// send does what is pending, stage by stage, and returns what is left of it. An
// error says that the cluster takes nothing right now.
func (s *Sender) send(ctx context.Context, p pending) (left pending, err error) {
	left, err = s.sendAlerts(ctx, p.alerts)
	left.payloads = append(p.payloads, left.payloads...)
	left.cves = append(p.cves, left.cves...)
	if err == nil {
		left.payloads, err = s.countPayloads(ctx, left.payloads)
	}
	if err == nil {
		left.cves, err = s.noteCVEs(ctx, left.cves)
	}
	return left, err
}

// sendAlerts is the first stage. It returns the alerts that are to be sent again, with
// the payloads and CVEs of those that are stored.
func (s *Sender) sendAlerts(ctx context.Context, alerts []task) (left pending, err error) {
	actions := make([]action, len(alerts))
	for i, t := range alerts {
		actions[i] = t.create()
	}
	results, err := s.bulk(ctx, actions)
	var stored, duplicates int
	var dead []letter
	var buried []task
	for i, t := range alerts {
		r := &results[i]
		switch r.outcome {
		case outcomeStored:
			stored++
			left.follow(t, true)
		case outcomeConflict:
			// Who stored it counts its payload, unless that was us and we did not
			// come that far.
			duplicates++
			left.follow(t, r.tries.unsure)
		case outcomeDead:
			dead = append(dead, letters(alerts[i:i+1], t.alert.index, r, false)...)
			buried = append(buried, t.after(r))
		default:
			left.alerts = append(left.alerts, t.after(r))
		}
	}
	s.count(Stored, stored)
	s.count(Duplicate, duplicates)
	if !s.bury(ctx, dead) {
		left.alerts = append(left.alerts, buried...) // sent once more later
	}
	return left, err
}

// create is the action that creates the alert's own document.
func (t *task) create() action {
	a := t.alert
	return action{op: cluster.Create, index: a.index, id: a.id, lines: a.lines, tries: t.tries}
}

// buryMalformed makes dead letters of frames that cannot be decoded.
func (w *worker) buryMalformed(ctx context.Context, work []*delivery) {
	for _, d := range work {
		if d.malformed != nil && w.bury(ctx, []letter{d.letter()}) {
			d.malformed = nil
		}
	}
}

// bury writes dead letters to the disk, and tells whether they are there.
func (s *Sender) bury(ctx context.Context, letters []letter) bool {
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
	s.count(Dead, len(letters))
	return true
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
	w.parked = slices.DeleteFunc(w.parked, (*delivery).done)
	if err := w.outbox.Done(done); err != nil {
		// They may come again, and are found to be stored.
		w.health.trouble("recording delivered messages in the spool failed", err)
	}
}
