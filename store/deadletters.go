package store

import (
	"context"
	"encoding/json"
	"time"
)

// DeadLetters is implemented by stores that deliver alerts to a server which can
// reject one permanently. Such an alert is kept, with the reason, until an
// operator requeues or drops it. A store that rejects alerts in Put has no dead
// letters.
type DeadLetters interface {
	// CountDeadLetters returns the number of dead letters.
	CountDeadLetters(ctx context.Context) (int64, error)

	// ListDeadLetters returns up to n dead letters, newest first, without their
	// documents: those with an ID below before, or the newest if before is 0.
	ListDeadLetters(ctx context.Context, before int64, n int) ([]DeadLetter, error)

	// DeadLetter returns one with its document, or ErrNotFound.
	DeadLetter(ctx context.Context, id int64) (DeadLetter, error)

	// RequeueDeadLetter retries one, or returns ErrNotFound. At any time it is
	// durable in at least one place. If it is rejected again, it becomes a dead
	// letter with a new ID.
	RequeueDeadLetter(ctx context.Context, id int64) error

	// DropDeadLetter deletes one permanently, or returns ErrNotFound.
	DropDeadLetter(ctx context.Context, id int64) error
}

// DeadLetter is a document that was rejected permanently.
type DeadLetter struct {
	ID int64 `json:"id"`
	// Time is when it was last rejected, in UTC.
	Time time.Time `json:"time"`
	// Index is where it should have been stored; empty if unknown.
	Index string `json:"index"`
	// DocumentID is the id of the alert.
	DocumentID string `json:"document_id"`
	// Reason is the server's error.
	Reason string `json:"reason"`
	// Attempts is the number of times it was sent.
	Attempts int `json:"attempts"`
	// Document is the stored form of the alert; nil in lists and if unknown.
	Document json.RawMessage `json:"document,omitempty"`
}
