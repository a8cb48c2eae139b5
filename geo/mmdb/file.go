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

// watchInterval is how often a file is looked at. Looking costs one stat; the
// vendors' files change every few days.
const watchInterval = 10 * time.Second

// files are those that this process has read, by absolute path: a config reload
// opens its files before the old config closes them. The path is not resolved
// further, since a symbolic link may be set to a newer file.
var files = caddy.NewUsagePool()

// file is a MaxMind DB file that is read anew when it changes.
type file struct {
	path     string
	database atomic.Pointer[database]
	// logger is the newest opener's: the config of an older one may be gone.
	logger atomic.Pointer[zap.Logger]

	// seen is what the file was when it was last read, with or without
	// success; nil when it was missing. It is the watcher's own.
	seen          fs.FileInfo
	stop, stopped chan struct{}
}

// open reads the file and watches it, unless that is done already.
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

// read opens the database in the file. What it returns of the file is from
// before the reading: when it changes meanwhile it will differ from that.
func read(path string) (fs.FileInfo, *database, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, errors.Unwrap(err) // without the path
	}
	if !info.Mode().IsRegular() {
		return info, nil, fmt.Errorf("it is no file but %v", info.Mode())
	}
	content, err := os.ReadFile(path)
	if err != nil {
		return info, nil, errors.Unwrap(err)
	}
	db, err := newDatabase(content)
	return info, db, err
}

// watch reads the file anew when it changes, until Destruct.
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

// refresh reads the file if it has changed. A change for the worse is logged,
// once, and what was read before stays in use.
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
		f.logger.Load().Error("geoip file has changed and cannot be used: keeping what was read before",
			zap.String("file", f.path), zap.Error(err))
		return
	}
	f.database.Store(db)
	f.logger.Load().Info("geoip file has changed: using the new one",
		zap.String("file", f.path), zap.String("type", db.kind), zap.Time("built", db.built))
}

// same tells whether a file has not changed: neither replaced nor overwritten
// nor, when it was missing, been made.
func same(a, b fs.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size()
}

// locate returns what the file knows of addr.
func (f *file) locate(addr netip.Addr) geo.Place {
	db := f.database.Load()
	place, err := db.locate(addr)
	if err != nil && db.complained.CompareAndSwap(false, true) {
		f.logger.Load().Error("geoip file has a record that cannot be read: further ones are not reported",
			zap.String("file", f.path), zap.Stringer("address", addr), zap.Error(err))
	}
	return place
}

// release gives one user's share back.
func (f *file) release() error {
	_, err := files.Delete(f.path)
	return err
}

// Destruct ends the watcher.
func (f *file) Destruct() error {
	close(f.stop)
	<-f.stopped
	return nil
}

var _ caddy.Destructor = (*file)(nil)
