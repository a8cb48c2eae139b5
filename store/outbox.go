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
}
