package store

import (
	"context"
	"time"
)

// Outbox is what a store may be besides: one that takes alerts in some time
// before they can be counted.
type Outbox interface {
	// Settle makes all alerts countable that are stored already, and returns about
	// when the oldest was taken in that is not; now if there is none.
	Settle(ctx context.Context) (time.Time, error)

	// Yield says that this store's configuration goes, though requests may use it
	// still. Stores of several configurations may share what they have taken in
	// (Opener): from now on it goes by those that have not yielded.
	Yield()
}
