package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/caddyserver/caddy/v2"
	sqlite3 "modernc.org/sqlite"

	"github.com/peba-edge/peba/sqlitedb"
	"github.com/peba-edge/peba/store"
)

// databases are the files that this process has open, by real path: a config
// reload opens its store before the one it replaces is closed, and shares it.
var databases = caddy.NewUsagePool()

// database is one open file.
type database struct {
	path    string
	lock    *sqlitedb.Conn
	readers *sql.DB
	writer  *writer

	mu      sync.Mutex
	handles []*handle // in the order of opening
}

// open gives a handle on the database at path.
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

// openDatabase opens what the database at path needs, or nothing.
func openDatabase(ctx context.Context, path string) (_ *database, err error) {
	d := &database{path: path}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Destruct())
		}
	}()
	if d.lock, err = sqlitedb.Lock(ctx, path+".lock"); err != nil {
		return nil, err
	}
	if err := sqlitedb.Create(path); err != nil {
		return nil, err
	}
	if d.writer, err = startWriter(ctx, path); err != nil {
		return nil, err
	}
	connector, err := sqlite3.NewConnector(sqlitedb.DSN(path, "ro",
		"busy_timeout(5000)", "query_only(1)", "cache_size(-8192)"))
	if err != nil {
		return nil, err
	}
	n := min(max(4, runtime.GOMAXPROCS(0)), 16)
	d.readers = sql.OpenDB(connector)
	d.readers.SetMaxOpenConns(n)
	d.readers.SetMaxIdleConns(n)
	return d, d.readers.PingContext(ctx)
}

// Destruct closes what is open, the writer first, whose closing moves the
// write-ahead log into the file.
func (d *database) Destruct() error {
	var errs []error
	if d.readers != nil {
		errs = append(errs, d.readers.Close())
	}
	if d.writer != nil {
		errs = append(errs, d.writer.stop())
	}
	if d.lock != nil {
		errs = append(errs, d.lock.Close())
	}
	return errors.Join(errs...)
}

// add makes h the newest handle.
func (d *database) add(h *handle) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.handles = append(d.handles, h)
}

// remove forgets h and gives its share of the database back.
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

// announce tells the newest handle's owner of new CVEs. While a reload is under
// way there are two owners, and the older one is about to go.
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
