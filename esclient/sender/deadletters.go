package sender

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/peba-edge/peba/sqlitedb"
	"github.com/peba-edge/peba/store"
)

// maxListed is how many dead letters are listed at once.
const maxListed = 1000

// CountDeadLetters implements store.DeadLetters.
func (d *DeadLetters) CountDeadLetters(ctx context.Context) (int64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	row := make([]driver.Value, 1)
	if _, err := d.count.Row(ctx, row); err != nil {
		return 0, d.describe(ctx, err)
	}
	n, _ := row[0].(int64)
	return n, nil
}

// ListDeadLetters implements store.DeadLetters.
func (d *DeadLetters) ListDeadLetters(ctx context.Context, before int64, n int) ([]store.DeadLetter, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	letters := []store.DeadLetter{}
	err := d.list.Each(ctx, 6, func(row []driver.Value) {
		letters = append(letters, readLetter(row))
	}, before, int64(min(n, maxListed)))
	if err != nil {
		return nil, d.describe(ctx, err)
	}
	return letters, nil
}

// DeadLetter implements store.DeadLetters.
func (d *DeadLetters) DeadLetter(ctx context.Context, id int64) (store.DeadLetter, error) {
	letter, frame, err := d.find(ctx, id)
	if err != nil {
		return store.DeadLetter{}, err
	}
	if alerts, err := decodeFrame(frame); err == nil && len(alerts) == 1 {
		letter.Document = alerts[0].source()
	} // else the reason says what is wrong with it
	return letter, nil
}

// RequeueDeadLetter implements store.DeadLetters.
func (d *DeadLetters) RequeueDeadLetter(ctx context.Context, id int64) error {
	_, frame, err := d.find(ctx, id)
	if err != nil {
		return err
	}
	if err := d.requeue(ctx, frame); err != nil {
		return fmt.Errorf("requeue dead letter %d: %w", id, err)
	}
	// Now it is in both places. If it is refused again before the next line, that
	// letter has another id.
	if err := d.delete(context.WithoutCancel(ctx), id); err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	return nil
}

// DropDeadLetter implements store.DeadLetters.
func (d *DeadLetters) DropDeadLetter(ctx context.Context, id int64) error {
	return d.delete(ctx, id)
}

func (d *DeadLetters) delete(ctx context.Context, id int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	changed, _, err := d.remove.Exec(ctx, id)
	if err != nil {
		return d.describe(ctx, err)
	}
	if changed == 0 {
		return fmt.Errorf("dead letter %d: %w", id, store.ErrNotFound)
	}
	return nil
}

func (d *DeadLetters) find(ctx context.Context, id int64) (store.DeadLetter, []byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	row := make([]driver.Value, 7)
	found, err := d.get.Row(ctx, row, id)
	if err != nil {
		return store.DeadLetter{}, nil, d.describe(ctx, err)
	}
	if !found {
		return store.DeadLetter{}, nil, fmt.Errorf("dead letter %d: %w", id, store.ErrNotFound)
	}
	frame, _ := row[6].([]byte)
	return readLetter(row), frame, nil
}

// readLetter reads a row. The table is strict: types are as they were written.
func readLetter(row []driver.Value) store.DeadLetter {
	var l store.DeadLetter
	l.ID, _ = row[0].(int64)
	l.Index, _ = row[1].(string)
	l.DocumentID, _ = row[2].(string)
	milliseconds, _ := row[3].(int64)
	l.Time = time.UnixMilli(milliseconds).UTC()
	l.Reason, _ = row[4].(string)
	attempts, _ := row[5].(int64)
	l.Attempts = int(attempts)
	return l
}

// describe says which file an error is of, and whether it may pass.
func (d *DeadLetters) describe(ctx context.Context, err error) error {
	if sqlitedb.IsDown(err) && ctx.Err() == nil {
		return fmt.Errorf("dead letters %s: %w: %w", d.path, store.ErrUnavailable, err)
	}
	return fmt.Errorf("dead letters %s: %w", d.path, err)
}
