package feed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/peba-edge/peba/store"
)

// Clients remembers how far clients have come that poll for changes, and when tokens
// were used last. Flush writes what changed to the store, so that both survive a restart.
type Clients struct {
	mu      sync.Mutex
	byKey   map[string]store.FeedClient
	changed map[string]bool
	// dropped are keys to delete from the store.
	dropped []string
	loaded  bool
}

const (
	// maxClients is how many are remembered: a token may be used from many addresses.
	maxClients = 10_000
	// clientsFor is how long a silent client is remembered.
	clientsFor = 30 * 24 * time.Hour
)

// usePrefix is the beginning of the keys for the last uses of tokens.
const usePrefix = "token/"

// NewClients returns an empty memory.
func NewClients() *Clients {
	return &Clients{byKey: make(map[string]store.FeedClient), changed: make(map[string]bool)}
}

// Load reads what is stored, once. What was set before it stays.
func (c *Clients) Load(ctx context.Context, from store.RecordReader) error {
	c.mu.Lock()
	loaded := c.loaded
	c.mu.Unlock()
	if loaded {
		return nil
	}
	stored, err := store.List[store.FeedClient](ctx, from, store.Listing{})
	if err != nil {
		return fmt.Errorf("reading the clients of feeds: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	slices.SortFunc(stored, func(a, b store.FeedClient) int { return b.Updated.Compare(a.Updated) })
	for _, r := range stored {
		switch _, is := c.byKey[r.Key]; {
		case is:
		case len(c.byKey) < maxClients:
			c.byKey[r.Key] = r
		default:
			c.dropped = append(c.dropped, r.Key)
		}
	}
	c.loaded = true
	return nil
}

// Cursor returns how far a client has come. It is false if that is unknown.
func (c *Clients) Cursor(key, feed string) (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, is := c.byKey[key]
	return r.Cursor, is && r.Feed == feed
}

// SetCursor notes how far a client has come.
func (c *Clients) SetCursor(key, feed string, at, now time.Time) {
	c.set(store.FeedClient{Key: key, Feed: feed, Cursor: at.UTC(), Updated: now.UTC()})
}

// Used notes that a token was used. Its resolution is a minute.
func (c *Clients) Used(token string, now time.Time) {
	key := usePrefix + token
	now = now.UTC().Truncate(time.Minute)
	c.mu.Lock()
	same := c.byKey[key].Cursor.Equal(now)
	c.mu.Unlock()
	if !same {
		c.set(store.FeedClient{Key: key, Cursor: now, Updated: now})
	}
}

// LastUsed returns when a token was used last; zero if it was not.
func (c *Clients) LastUsed(token string) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.byKey[usePrefix+token].Cursor
}

func (c *Clients) set(r store.FeedClient) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, is := c.byKey[r.Key]; !is && len(c.byKey) >= maxClients {
		c.dropOldest()
	}
	c.byKey[r.Key] = r
	c.changed[r.Key] = true
}

// dropOldest forgets the client that was silent the longest.
func (c *Clients) dropOldest() {
	var oldest string
	for key, r := range c.byKey {
		if oldest == "" || r.Updated.Before(c.byKey[oldest].Updated) {
			oldest = key
		}
	}
	delete(c.byKey, oldest)
	delete(c.changed, oldest)
	c.dropped = append(c.dropped, oldest)
}

// Flush writes what changed, and deletes clients that have been silent for long. What
// cannot be written is tried again the next time.
func (c *Clients) Flush(ctx context.Context, to store.Store, now time.Time) error {
	records, silent := c.pending(now)
	if len(records) > 0 {
		if err := to.PutRecords(ctx, records...); err != nil {
			c.mu.Lock()
			for _, r := range records {
				c.changed[r.RecordKey()] = true
			}
			c.mu.Unlock()
			return fmt.Errorf("storing the clients of feeds: %w", err)
		}
	}
	for _, key := range silent {
		if err := to.DeleteRecord(ctx, store.KindFeedClient, key); err != nil && !errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("deleting a client of feeds: %w", err)
		}
	}
	return nil
}

// pending returns the records to write and the keys to delete.
func (c *Clients) pending(now time.Time) (records []store.Record, silent []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key := range c.changed {
		if r, is := c.byKey[key]; is {
			records = append(records, r)
		}
	}
	clear(c.changed)
	silent, c.dropped = c.dropped, nil
	silent = slices.DeleteFunc(silent, func(key string) bool { _, is := c.byKey[key]; return is }) // it came back
	for key, r := range c.byKey {
		if now.Sub(r.Updated) > clientsFor {
			delete(c.byKey, key)
			silent = append(silent, key)
		}
	}
	return records, silent
}
