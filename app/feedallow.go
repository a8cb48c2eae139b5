package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/peba-edge/peba/feed"
	"github.com/peba-edge/peba/store"
)

// lastYear is the last year in which an allowance may end; JSON has no years above 9999.
const lastYear = 9998

// AllowanceError says what is wrong with an allowance. Its text may be shown to clients.
type AllowanceError struct{ reason string }

// Error returns the reason.
func (e *AllowanceError) Error() string { return e.reason }

// FeedAllowances returns the networks that no feed lists, including expired ones.
func (a *App) FeedAllowances(ctx context.Context) ([]store.FeedAllowance, error) {
	if err := a.wait(ctx); err != nil {
		return nil, err
	}
	list, err := store.List[store.FeedAllowance](ctx, a.store, store.Listing{})
	if list == nil {
		list = []store.FeedAllowance{} // not null in JSON
	}
	return list, err
}

// AllowInFeeds removes a network from all feeds, from the next time of the grid on. by is
// who decided so. The error is an *AllowanceError for invalid input.
func (a *App) AllowInFeeds(ctx context.Context, wanted NewFeedAllowance, by string) (store.FeedAllowance, error) {
	if err := a.wait(ctx); err != nil {
		return store.FeedAllowance{}, err
	}
	network, err := feed.ParseNetwork(wanted.CIDR)
	if err == nil {
		err = feed.CheckWidth(network)
	}
	if err != nil {
		return store.FeedAllowance{}, &AllowanceError{err.Error()}
	}
	now := time.Now().UTC().Truncate(time.Second)
	wanted.Reason = strings.TrimSpace(wanted.Reason)
	switch n := len(wanted.Reason); {
	case n == 0 || n > maxReason:
		return store.FeedAllowance{}, &AllowanceError{fmt.Sprintf("reason has %d bytes: must have 1 to %d", n, maxReason)}
	case !wanted.Until.IsZero() && (!wanted.Until.After(now) || wanted.Until.UTC().Year() > lastYear):
		return store.FeedAllowance{}, &AllowanceError{fmt.Sprintf("until: got %s, must be in the future and before the year %d", wanted.Until.Format(time.RFC3339), lastYear+1)}
	}
	if err := checkPrintable("reason", wanted.Reason); err != nil {
		return store.FeedAllowance{}, &AllowanceError{err.Error()}
	}
	allowed := store.FeedAllowance{CIDR: network.String(), Reason: wanted.Reason, By: by, Created: now, Until: wanted.Until.UTC()}
	if err := a.store.PutRecords(ctx, allowed); err != nil {
		return store.FeedAllowance{}, fmt.Errorf("storing the allowance: %w", err)
	}
	fields := []zap.Field{zap.String("network", allowed.CIDR), zap.String("by", by), zap.String("reason", allowed.Reason)}
	if !allowed.Until.IsZero() {
		fields = append(fields, zap.Time("until", allowed.Until))
	}
	a.logger.Info("a network was removed from all feeds", fields...)
	return allowed, nil
}

// RemoveAllowance lets feeds list a network again. The error is or wraps store.ErrNotFound
// if it is not allowed, and an *AllowanceError if it is no network.
func (a *App) RemoveAllowance(ctx context.Context, cidr, by string) error {
	if err := a.wait(ctx); err != nil {
		return err
	}
	network, err := feed.ParseNetwork(cidr)
	if err != nil {
		return &AllowanceError{err.Error()}
	}
	if err := store.Delete[store.FeedAllowance](ctx, a.store, network.String()); err != nil {
		return fmt.Errorf("removing the allowance: %w", err)
	}
	a.logger.Info("feeds may list a network again", zap.String("network", network.String()), zap.String("by", by))
	return nil
}
