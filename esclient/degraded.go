package esclient

import (
	"errors"
	"fmt"
	"time"

	"github.com/peba-edge/peba/store"
)

// What anybody may read of what is wrong with this store.
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

// troubles are what the last look after the indices met. Nil: nothing.
type troubles struct{ layout, clocks error }

// Degraded implements store.Degrader: it goes by what the sender and the look
// after the indices, once a minute, have met.
func (s *esStore) Degraded() []*store.PartError {
	parts := s.out.degraded(time.Now())
	add := func(part string, err error) {
		if err != nil {
			parts = append(parts, &store.PartError{Part: part, Err: err})
		}
	}
	if t := s.troubles.Load(); t != nil {
		add(partLayout, t.layout)
		add(partClocks, t.clocks)
	}
	if faults := s.schema.known(); len(faults) > 0 && s.unanswerable() == nil {
		add(partMappings, &faults[0])
	}
	return parts
}

// unanswerable returns why hardly any question can be answered: an index of alerts
// lacks what nearly all of them use.
func (s *esStore) unanswerable() error {
	for _, f := range s.schema.known() {
		if f.field == "clientDomain" || f.field == "createTime" || f.field == "recievedTime" {
			return &f
		}
	}
	return nil
}

// degraded returns what keeps messages in the spool.
func (o *outgoing) degraded(now time.Time) (parts []*store.PartError) {
	add := func(part, detail string) {
		parts = append(parts, &store.PartError{Part: part, Err: errors.New(detail)})
	}
	status := o.sender.status()
	switch {
	case status.Paused != "":
		add(partRejects, status.Paused)
	case status.Down != "":
		add(partTakes, status.Down)
	}
	if n := len(status.Blocked); n > 0 {
		first := status.Blocked[0]
		add(partBlocked, fmt.Sprintf("%d indices take nothing, the first is %s: %s", n, first.Index, first.Reason))
	}
	if err := o.spool.Trouble(); err != nil {
		parts = append(parts, &store.PartError{Part: partSpool, Err: err})
	}
	if f := o.aside.Load(); f != nil {
		add(partAside, f.Text)
	}
	stats := o.spool.Stats()
	if waited := now.Sub(stats.Oldest).Round(time.Second); !stats.Oldest.IsZero() && waited > slowSpool {
		add(partWaiting, fmt.Sprintf("%d messages wait in %s, the oldest for %v", stats.Frames, o.path, waited))
	}
	return parts
}
