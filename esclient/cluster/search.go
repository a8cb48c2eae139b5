package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/peba-edge/peba/store"
)

// kindNoShard is how Elasticsearch says that a shard has no copy to ask: also for an
// index that an edge drops in that moment, which is gone a moment later.
const (
	kindNoShard = "no_shard_available_action_exception"
	lookAgain   = 100 * time.Millisecond
)

// Search runs a search and reads its answer into a. Whatever keeps it from a whole
// answer is store.ErrUnavailable with the cause. options are the path's, with their
// question mark.
func (c *Client) Search(ctx context.Context, indices, options string, body any, a *Answer) error {
	return c.SearchBy(ctx, indices, options, body, a, func(text []byte, a *Answer) error { return ReadJSON(text, a) })
}

// SearchBy is Search with a reader of its own.
func (c *Client) SearchBy(ctx context.Context, indices, options string, body any, a *Answer, read func(text []byte, a *Answer) error) error {
	path := "/" + indices + "/_search" + options
	text, err := c.Ask(ctx, http.MethodGet, path, body)
	if IsKind(err, kindNoShard) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lookAgain):
		}
		text, err = c.Ask(ctx, http.MethodGet, path, body)
	}
	var status *Error
	if errors.As(err, &status) && !errors.Is(err, store.ErrUnavailable) {
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	if err != nil {
		return err
	}
	if err := read(text, a); err != nil {
		return Unreadable(http.MethodGet, path, err)
	}
	if err := a.Whole(); err != nil {
		return fmt.Errorf("elasticsearch: search of %s: %w", indices, err)
	}
	return nil
}
