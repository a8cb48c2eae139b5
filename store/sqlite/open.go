package sqlite

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/peba-edge/peba/sqlitedb"
	"github.com/peba-edge/peba/store"
)

// databases are the open files of this process by real path: a config reload
// opens its store before the old one is closed, and shares it.
var databases = caddy.NewUsagePool()

// database is one database, shared by all handles on it.
type database struct {
	files
	path   string
	writer *writer
	health health
	logger *zap.Logger // the process's: a database outlives configurations

	background sync.WaitGroup
	ctx        context.Context // of the background work
	cancel     context.CancelFunc

	mu      sync.Mutex
	handles []*handle // in the order of opening
}

// open returns a handle on the database at path.
func open(ctx context.Context, path string, opts store.Options) (*handle, error) {
	real, err := sqlitedb.RealPath(path)
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	value, _, err := databases.LoadOrNew(real, func() (caddy.Destructor, error) {
		return openDatabase(ctx, real)
	})
	if err != nil {
		return nil, fmt.Errorf("open store %s: %w", path, err)
	}
	h := &handle{db: value.(*database), newCVE: opts.NewCVE, counted: opts.Counted}
	h.db.add(h)
	return h, nil
}

// openDatabase opens the database at path.
func openDatabase(ctx context.Context, path string) (*database, error) {
	d := &database{path: path, logger: caddy.Log().Named(string(moduleID))}
	d.ctx, d.cancel = context.WithCancel(context.WithoutCancel(ctx))
	d.writer = newWriter(d)
	if err := d.openFiles(ctx); err != nil {
		d.cancel()
		return nil, errors.Join(err, d.unlock())
	}
	go d.writer.run()
	return d, nil
}

// Destruct closes the database. There must be no calls during or after it.
func (d *database) Destruct() error {
	d.cancel()
	d.background.Wait()
	d.writer.stop()
	return errors.Join(d.closeFiles(), d.unlock())
}

// add makes h the newest handle.
func (d *database) add(h *handle) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.handles = append(d.handles, h)
}

// remove removes h and releases its reference to the database.
func (d *database) remove(h *handle) error {
	d.mu.Lock()
	for i, other := range d.handles {
		if other == h {
			d.handles = append(d.handles[:i:i], d.handles[i+1:]...)
			break
		}
	}
	d.mu.Unlock()
	_, err := databases.Delete(d.path)
	return err
}

// announce reports new CVEs to the newest handle's owner. During a reload there
// are two owners, and the older one is about to end.
func (d *database) announce(fresh []store.CVE) {
	if len(fresh) == 0 {
		return
	}
	d.mu.Lock()
	var newCVE func(store.CVE)
	if n := len(d.handles); n > 0 {
		newCVE = d.handles[n-1].newCVE
	}
	d.mu.Unlock()
	if newCVE == nil {
		return
	}
	for _, cve := range fresh {
		newCVE(cve)
	}
}

var _ caddy.Destructor = (*database)(nil)
