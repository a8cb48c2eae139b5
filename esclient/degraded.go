package esclient

import (
	"errors"
	"fmt"
	"time"

	"github.com/peba-edge/peba/esclient/index"
	"github.com/peba-edge/peba/store"
)

// Public descriptions of this store's problems.
const (
	partRejects  = "elasticsearch rejects alerts: they are queued"
	partTakes    = "elasticsearch takes no alerts: they are queued"
	partBlocked  = "an index takes no alerts: they are queued"
	partWaiting  = "alerts have been queued for minutes"
	partSpool    = "files of the spool cannot be read or written"
	partAside    = "damaged files of the spool are set aside: messages in them may be salvaged"
	partLayout   = "indices are not maintained"
	partClocks   = "clocks differ or cannot be compared: nothing is retired"
	partMappings = "an index has a wrong mapping: some questions get no answer"
)

// troubles are the errors of the last maintenance of the indices.
type troubles struct{ layout, clocks error }

// Degraded implements store.Degrader, from the results of the sender and of the
// maintenance of the indices once a minute.
func (s *esStore) Degraded() []*store.PartError {
	return append(s.out.degraded(time.Now()), upkeepParts(s.troubles.Load(), s.indices.Faults())...)
}

// upkeepParts returns the problems found by the maintenance of the indices.
func upkeepParts(t *troubles, faults []index.Fault) (parts []*store.PartError) {
	add := func(part string, err error) {
		if err != nil {
			parts = append(parts, &store.PartError{Part: part, Err: err})
		}
	}
	if t != nil {
		add(partLayout, t.layout)
		add(partClocks, t.clocks)
	}
	if len(faults) > 0 && unanswerable(faults) == nil {
		add(partMappings, &faults[0])
	}
	return parts
}

// unanswerable returns why hardly any question can be answered: an index of alerts
// lacks a field that nearly all of them use.
func unanswerable(faults []index.Fault) error {
	for _, f := range faults {
		if f.Field == "clientDomain" || f.Field == "createTime" || f.Field == "recievedTime" {
			return &f
		}
	}
	return nil
}

// degraded returns the problems that keep messages in the spool.
func (o *outgoing) degraded(now time.Time) (parts []*store.PartError) {
	add := func(part, detail string) {
		parts = append(parts, &store.PartError{Part: part, Err: errors.New(detail)})
	}
	status := o.sender.Status()
	switch {
	case status.Paused != "":
		add(partRejects, status.Paused)
	case status.Down != "":
		add(partTakes, status.Down)
	}
	if n := len(status.Blocked); n > 0 {
		first := status.Blocked[0]
		add(partBlocked, fmt.Sprintf("%d indices reject writes, the first is %s: %s", n, first.Index, first.Reason))
	}
	if err := o.spool.Trouble(); err != nil {
		parts = append(parts, &store.PartError{Part: partSpool, Err: err})
	}
	if f := o.aside.Load(); f != nil {
		add(partAside, f.Text)
	}
	stats := o.spool.Stats()
	if waited := now.Sub(stats.Oldest).Round(time.Second); !stats.Oldest.IsZero() && waited > slowSpool {
		add(partWaiting, fmt.Sprintf("%d messages are queued in %s, the oldest for %v", stats.Frames, o.path, waited))
	}
	return parts
}
