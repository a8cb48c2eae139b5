package mmdb

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/peba-edge/peba/geo"
)

// watchInterval is how often a file is checked. A check costs one stat; the
// vendors' files change every few days.
const watchInterval = 10 * time.Second

// files are those read by this process, by absolute path: a config reload opens
// its files before the old config closes them. Symbolic links are not resolved,
// since they may be changed to a newer file.
var files = caddy.NewUsagePool()

// file is a MaxMind DB file that is reloaded when it changes.
type file struct {
	path     string
	database atomic.Pointer[database]
	// logger is the newest opener's: an older config may be gone.
	logger atomic.Pointer[zap.Logger]

	// seen is the file's state at the last attempt to read it, successful or
	// not; nil if it was missing. Only the watcher uses it.
	seen          fs.FileInfo
	stop, stopped chan struct{}
}

// open reads the file and watches it, unless it already does.
func open(path string, logger *zap.Logger) (*file, error) {
	value, _, err := files.LoadOrNew(path, func() (caddy.Destructor, error) {
		f := &file{path: path, stop: make(chan struct{}), stopped: make(chan struct{})}
		f.logger.Store(logger)
		info, db, err := read(path)
		if err != nil {
			return nil, err
		}
		f.seen = info
		f.database.Store(db)
		go f.watch()
		return f, nil
	})
	if err != nil {
		return nil, fmt.Errorf("geoip file %s: %w", path, err)
	}
	f := value.(*file)
	f.logger.Store(logger)
	return f, nil
}

// read opens the database in the file. The file info it returns is from before
// reading, so that a change in between is noticed.
func read(path string) (fs.FileInfo, *database, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, errors.Unwrap(err) // without the path
	}
	if !info.Mode().IsRegular() {
		return info, nil, fmt.Errorf("expected a regular file, got %v", info.Mode())
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return info, nil, errors.Unwrap(err)
	}
	db, err := newDatabase(content)
	return info, db, err
}

// watch reloads the file when it changes, until Destruct.
func (f *file) watch() {
	defer close(f.stopped)
	ticker := time.NewTicker(watchInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			f.refresh()
		case <-f.stop:
			return
		}
	}
}

// refresh reloads the file if it has changed. If the new version is unusable,
// it logs that once, and the old one stays in use.
func (f *file) refresh() {
	info, err := os.Stat(f.path)
	if err != nil {
		info = nil
	}
	if same(info, f.seen) {
		return
	}
	info, db, err := read(f.path)
	f.seen = info
	if err != nil {
		f.logger.Load().Error("geoip file has changed and cannot be used: keeping the previous version",
			zap.String("file", f.path), zap.Error(err))
		return
	}
	f.database.Store(db)
	f.logger.Load().Info("geoip file has changed: using the new one",
		zap.String("file", f.path), zap.String("type", db.kind), zap.Time("built", db.built))
}

// same reports whether a file is unchanged: not replaced, overwritten or, if it
// was missing, created.
func same(a, b fs.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}

// locate returns the place of addr in the file.
func (f *file) locate(addr netip.Addr) geo.Place {
	db := f.database.Load()
	place, err := db.locate(addr)
	if err != nil && db.complained.CompareAndSwap(false, true) {
		f.logger.Load().Error("geoip file has an unreadable record: further ones are not logged",
			zap.String("file", f.path), zap.Stringer("address", addr), zap.Error(err))
	}
	return place
}

// release releases one user's reference.
func (f *file) release() error {
	_, err := files.Delete(f.path)
	return err
}

// Destruct stops the watcher.
func (f *file) Destruct() error {
	close(f.stop)
	<-f.stopped
	return nil
}

var _ caddy.Destructor = (*file)(nil)
