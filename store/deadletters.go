package store

import (
	"context"
	"encoding/json"
	"time"
)

// DeadLetters is implemented by stores that pass alerts on to a server which can
// refuse one for ever. Such an alert is kept, with the reason, until somebody
// requeues or drops it. A store that refuses before it takes has none.
type DeadLetters interface {
	// CountDeadLetters returns how many there are.
	CountDeadLetters(ctx context.Context) (int64, error)

	// ListDeadLetters returns up to n dead letters, newest first, without their
	// documents: those with an ID below before, or the newest if before is 0.
	ListDeadLetters(ctx context.Context, before int64, n int) ([]DeadLetter, error)

	// DeadLetter returns one with its document, or ErrNotFound.
	DeadLetter(ctx context.Context, id int64) (DeadLetter, error)

	// RequeueDeadLetter has one sent again, or returns ErrNotFound. It is durable
	// in the one place or the other at any time, for a moment in both. If it is
	// refused again it comes back under another ID.
	RequeueDeadLetter(ctx context.Context, id int64) error

	// DropDeadLetter deletes one for good, or returns ErrNotFound.
	DropDeadLetter(ctx context.Context, id int64) error
}

// DeadLetter is a document that was refused for ever.
type DeadLetter struct {
	ID int64 `json:"id"`
	// Time is when it was refused last, in UTC.
	Time time.Time `json:"time"`
	// Index is where it was to be stored; empty when that cannot be told.
	Index string `json:"index"`
	// DocumentID is the id of the alert that is in question.
	DocumentID string `json:"document_id"`
	// Reason is what the server said.
	Reason string `json:"reason"`
	// Attempts is how often it was sent.
	Attempts int `json:"attempts"`
	// Document is the alert as it is stored; nil in lists, and when it cannot be told.
	Document json.RawMessage `json:"document,omitempty"`
}
