package esclient

import (
	"context"
	"errors"
	"time"

	"go.uber.org/zap"
)

const (
	// layoutEvery is the interval of the maintenance of templates, indices and
	// alias, and layoutRetry the interval after a failure.
	layoutEvery = time.Minute
	layoutRetry = 5 * time.Second
)

// keepLayout maintains templates, indices and alias until ctx ends, first after
// wait.
func (s *esStore) keepLayout(ctx context.Context, wait time.Duration) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		wait = layoutEvery
		if err := s.settleIndices(ctx); err != nil && ctx.Err() == nil {
			wait = layoutRetry
			s.logger.Warn("maintaining the indices in Elasticsearch failed", zap.Error(err), zap.Duration("again_in", wait))
		}
	}
}

// settleIndices creates and repairs templates, indices and alias, and checks the existing
// ones.
func (s *esStore) settleIndices(ctx context.Context) error {
	s.out.lookAside()
	err := errors.Join(s.layOut(ctx), s.look(ctx))
	s.troubles.Store(&troubles{layout: err, clocks: s.indices.CheckClocks(ctx)})
	return err
}

// layOut creates and repairs templates, indices and alias.
func (s *esStore) layOut(ctx context.Context) error {
	if err := s.indices.LayOut(ctx); err != nil {
		return err
	}
	s.laidOut.Do(func() { close(s.ready) })
	return s.indices.EnsureAlias(ctx, time.Now())
}

// look finds the existing indices and checks whether they can be searched.
func (s *esStore) look(ctx context.Context) error {
	names, err := s.indices.Look(ctx)
	if err != nil {
		return err
	}
	s.out.days.Learn(s.names, names, s.now())
	s.out.learn(s, names)
	return nil
}
