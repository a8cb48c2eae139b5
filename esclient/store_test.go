package esclient

import (
	"context"
	"testing"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/query/goldentest"
	"github.com/peba-edge/peba/store"
)

func TestConformance(t *testing.T) { suite().Run(t) }

func TestGoldenAnswers(t *testing.T) {
	goldentest.Run(t, func(t *testing.T, opts store.Options) store.Store {
		return &settled{openTest(t, opts), t}
	})
}

// settled is a store that shows at once what was put, for those who do not wait.
type settled struct {
	*esStore
	t *testing.T
}

func (s *settled) Put(ctx context.Context, records []alert.Record) error {
	err := s.esStore.Put(ctx, records)
	settle(s.t, s.esStore)
	return err
}

func (s *settled) PutRecords(ctx context.Context, records ...store.Record) error {
	err := s.esStore.PutRecords(ctx, records...)
	settle(s.t, s.esStore)
	return err
}
