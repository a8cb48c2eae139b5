package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"go.uber.org/zap"

	"github.com/peba-edge/peba/sqlitedb"
	"github.com/peba-edge/peba/store"
)

const (
	// smallProbe and largeProbe are the minimum and maximum size of a probe; the
	// maximum is the largest message. Probes larger than freeProbe are made at
	// most once a second. All are in bytes.
	smallProbe = 64 << 10
	freeProbe  = 4 << 20
	largeProbe = 64 << 20
	// rowBytes is a generous estimate of an alert's size in the log.
	rowBytes = 1 << 10

	probeEvery = time.Second
)

// dropProbe deletes a probe's data.
const dropProbe = "DELETE FROM payload_data WHERE id = -1"

// health is the state of the database.
type health struct {
	mu      sync.Mutex
	failed  error // of the last commit, or nil
	size    int64 // bytes that must be written to prove recovery
	probed  time.Time
	missing error // not nil: files are lost
	kind    sqlitedb.Loss
	damage  error // not nil: something could not be read, and the file was not proven intact since
	proving bool
	full    bool // whether the disk is nearly full
}

// fail records that nothing can be written.
func (h *health) fail(d *database, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failed == nil {
		d.logger.Error("the store cannot write", zap.Error(err))
	}
	h.failed = err
	h.size = max(h.size, smallProbe)
}

// committed records the result of a commit. After a failed one the store has
// recovered once a message was stored or as much was written: small data may fit
// where a message does not.
func (h *health) committed(d *database, group []*job, err error) {
	size, message := int64(smallProbe), false
	for _, j := range group {
		size += int64(j.bytes) + rowBytes*int64(j.rows)
		message = message || j.message
	}
	size = min(size, largeProbe)
	if err != nil && !sqlitedb.IsDown(err) {
		return
	}
	if err != nil {
		h.fail(d, err)
		if sqlitedb.IsDamage(err) {
			d.suspect(err)
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		h.size = max(h.size, size)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failed != nil && (message || size >= h.size) {
		d.logger.Info("the store writes again")
		h.failed, h.size = nil, 0
	}
}

// failure returns the error that prevents writing.
func (h *health) failure() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failed == nil {
		return errOpening
	}
	return h.failed
}

// lose records that files are lost, and returns an error with advice.
func (h *health) lose(d *database, kind sqlitedb.Loss, err error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.missing == nil || h.kind != kind {
		h.missing, h.kind = fmt.Errorf("%w: nothing is accepted until it is back", err), kind
		d.logger.Error("the store's files are no longer at their paths", zap.Error(err), zap.String("advice", lossAdvice(d.path, kind)))
	}
	return h.missing
}

// found records that all files are at their paths.
func (h *health) found(d *database) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.missing != nil {
		d.logger.Info("the store's files are in place again")
		h.missing, h.kind = nil, sqlitedb.LostNothing
	}
}

// lost returns an error if files are lost.
func (h *health) lost() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.missing
}

func (h *health) loss() sqlitedb.Loss {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.kind
}

// damaged returns an error if something could not be read.
func (h *health) damaged() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.damage
}

// probe returns how much Ping must write to prove recovery: nothing if all is
// well, and an error if it was tried just now.
func (h *health) probe() (size int64, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.failed == nil {
		return 0, nil
	}
	if h.size > freeProbe && time.Since(h.probed) < probeEvery {
		return 0, h.failed
	}
	h.probed = time.Now()
	return h.size, nil
}

// ping checks reading and writing. After a failed commit it writes as much as
// that commit, to detect before the next message whether the disk is still full.
// The writer comes first, since it may repair reading.
func (d *database) ping(ctx context.Context) error {
	d.measure()
	size, err := d.health.probe()
	if err == nil {
		err = d.tryWriting(ctx, size)
	}
	if err != nil {
		return err
	}
	if err := d.health.damaged(); err != nil {
		return describe("read", d.path, err)
	}
	return d.read(ctx, func(readers *sql.DB) error {
		var n int
		return readers.QueryRowContext(ctx, "SELECT count(*) FROM (SELECT 1 FROM alerts LIMIT 1)").Scan(&n)
	})
}

// tryWriting commits so many bytes and deletes them.
func (d *database) tryWriting(ctx context.Context, size int64) error {
	if size == 0 {
		return d.do(ctx, &job{work: func(*writer) error { return nil }})
	}
	err := d.do(ctx, &job{bytes: int(size), work: func(w *writer) error {
		_, err := w.change("INSERT OR REPLACE INTO payload_data (id, data) VALUES (-1, zeroblob(?))", size)
		return err
	}})
	if err == nil {
		_, err = d.write(ctx, dropProbe)
	}
	return err
}

// lowDisk is the free disk space in bytes below which the store is degraded:
// space for the longest log, for moving it into the file, and for the largest
// message.
const lowDisk = 2*logLimit + largeProbe

// measure measures the free disk space; -1 if unknown.
func (d *database) measure() (free int64) {
	free, err := sqlitedb.FreeBytes(filepath.Dir(d.path))
	if err != nil {
		free = -1
	}
	d.health.mu.Lock()
	defer d.health.mu.Unlock()
	d.health.full = free >= 0 && free < lowDisk
	return free
}

// degraded implements store.Degrader, with the results of the last Ping.
func (d *database) degraded() []*store.PartError {
	d.health.mu.Lock()
	defer d.health.mu.Unlock()
	if !d.health.full {
		return nil
	}
	return []*store.PartError{{Part: "disk nearly full", Err: fmt.Errorf("less than %d bytes are free for %s", int64(lowDisk), d.path)}}
}
