package store

import (
	"context"
	"time"
)

// Outbox is an optional interface of a store that accepts alerts some time before
// they can be counted.
type Outbox interface {
	// Settle makes all stored alerts countable. It returns the approximate time of
	// arrival of the oldest alert still queued, or now if there is none.
	Settle(ctx context.Context) (time.Time, error)

	// Yield announces that this store's configuration is being replaced, though
	// requests may still use it. Stores of several configurations may share
	// queued alerts (see Opener), which from now on are delivered by those that
	// have not yielded.
	Yield()
}
