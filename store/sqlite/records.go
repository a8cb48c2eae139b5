package sqlite

import (
	"context"
	"slices"

	"github.com/peba-edge/peba/store"
)

// GetRecord implements store.Store.
func (h *handle) GetRecord(ctx context.Context, kind store.Kind, key string) (store.Record, error) {
	return ask(h, func(d *database) (store.Record, error) {
		switch {
		case kind == store.KindUser:
			return d.user(ctx, key)
		case kind == store.KindPayload:
			return d.payload(ctx, key)
		case store.IsPlain(kind):
			return d.plainRecord(ctx, kind, key)
		default:
			return nil, store.Unsupported("get", kind)
		}
	})
}

// ListRecords implements store.Store.
func (h *handle) ListRecords(ctx context.Context, kind store.Kind, l store.Listing, visit func(store.Record) error) error {
	if l.N == 0 {
		l.N = -1 // SQLite's value for no limit
	}
	return h.run(func(d *database) error {
		if store.IsPlain(kind) {
			return d.listPlain(ctx, kind, l, visit)
		}
		switch kind {
		case store.KindUser:
			return d.listUsers(ctx, l, visit)
		case store.KindSensor:
			return d.listSensors(ctx, l, visit)
		case store.KindStatistic:
			return d.listStatistics(ctx, l, visit)
		case store.KindCVE:
			return d.listCVEs(ctx, l, visit)
		default:
			return store.Unsupported("list", kind)
		}
	})
}

// PutRecords implements store.Store.
func (h *handle) PutRecords(ctx context.Context, records ...store.Record) error {
	kind, err := store.KindOf(records)
	if err != nil || len(records) == 0 {
		return err
	}
	return h.run(func(d *database) error {
		if store.IsPlain(kind) {
			return d.putPlain(ctx, records)
		}
		switch kind {
		case store.KindUser:
			return d.putUsers(ctx, records)
		case store.KindSensor:
			return d.putSensors(ctx, records)
		case store.KindStatistic:
			return d.putStatistics(ctx, records)
		default:
			return store.Unsupported("put", kind)
		}
	})
}

// DeleteRecord implements store.Store.
func (h *handle) DeleteRecord(ctx context.Context, kind store.Kind, key string) error {
	return h.run(func(d *database) error {
		switch {
		case kind == store.KindUser:
			return d.removeUser(ctx, key)
		case store.IsPlain(kind):
			return d.deletePlain(ctx, kind, key)
		default:
			return store.Unsupported("delete", kind)
		}
	})
}

// recordsAtOnce is the maximum number of records per transaction, so that
// messages do not wait longer for them than for each other.
const recordsAtOnce = 500

// putChunks runs put with chunks of the records, each in its own transaction.
func (d *database) putChunks(ctx context.Context, records []store.Record, put func(w *writer, some []store.Record) error) error {
	for some := range slices.Chunk(records, recordsAtOnce) {
		if err := d.do(ctx, &job{rows: len(some), work: func(w *writer) error { return put(w, some) }}); err != nil {
			return err
		}
	}
	return ctx.Err()
}
