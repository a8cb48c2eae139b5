package esclient

import (
	"context"
	"fmt"

	"github.com/peba-edge/peba/store"
)

// GetRecord implements store.Store.
func (s *esStore) GetRecord(ctx context.Context, kind store.Kind, key string) (store.Record, error) {
	return ask(s, func() (store.Record, error) {
		switch {
		case kind == store.KindUser:
			return s.user(ctx, key)
		case kind == store.KindPayload:
			return s.payload(ctx, key)
		case store.IsPlain(kind):
			return s.plainRecord(ctx, kind, key)
		default:
			return nil, store.Unsupported("get", kind)
		}
	})
}

// ListRecords implements store.Store.
func (s *esStore) ListRecords(ctx context.Context, kind store.Kind, l store.Listing, visit func(store.Record) error) error {
	return s.run(func() error {
		if store.IsPlain(kind) {
			return s.listPlain(ctx, kind, l, visit)
		}
		switch kind {
		case store.KindUser:
			users, err := s.listUsers(ctx)
			return visitAll(users, err, l.N, visit)
		case store.KindSensor:
			return s.listSensors(ctx, l, visit)
		case store.KindStatistic:
			series, err := s.statistics(ctx, l.From, l.To)
			return visitAll(series, err, l.N, visit)
		case store.KindCVE:
			cves, err := s.cves(ctx)
			return visitAll(cves, err, l.N, visit)
		default:
			return store.Unsupported("list", kind)
		}
	})
}

// visitAll visits up to n records, or all if n is 0, of a list that was read unless err says
// otherwise.
func visitAll[R store.Record](list []R, err error, n int, visit func(store.Record) error) error {
	if err != nil {
		return err
	}
	if n > 0 {
		list = list[:min(n, len(list))]
	}
	for _, r := range list {
		if err := visit(r); err != nil {
			return err
		}
	}
	return nil
}

// PutRecords implements store.Store.
func (s *esStore) PutRecords(ctx context.Context, records ...store.Record) error {
	kind, err := store.KindOf(records)
	if err != nil || len(records) == 0 {
		return err
	}
	return s.run(func() error {
		switch {
		case kind == store.KindSensor:
			return s.putSensors(ctx, records)
		case store.IsPlain(kind):
			return s.putPlain(ctx, records)
		}
		for _, r := range records {
			var err error
			switch r := r.(type) {
			case store.User:
				err = s.putUser(ctx, r)
			case store.Statistic:
				err = s.putStatistic(ctx, r)
			default:
				err = store.Unsupported("put", kind)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// DeleteRecord implements store.Store.
func (s *esStore) DeleteRecord(ctx context.Context, kind store.Kind, key string) error {
	return s.run(func() error {
		switch {
		case kind == store.KindUser:
			return s.removeUser(ctx, key)
		case store.IsPlain(kind):
			return s.deletePlain(ctx, kind, key)
		default:
			return store.Unsupported("delete", kind)
		}
	})
}

// laidOutYet returns an error until the indices exist: a document written before that would
// make Elasticsearch create an index with guessed mappings.
func (s *esStore) laidOutYet(ctx context.Context, index string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-s.ready:
		return nil
	default:
		return fmt.Errorf("elasticsearch: the index %s was not checked yet: %w", index, store.ErrUnavailable)
	}
}
