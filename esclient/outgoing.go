package esclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/esclient/index"
	"github.com/peba-edge/peba/esclient/sender"
	"github.com/peba-edge/peba/spool"
	"github.com/peba-edge/peba/sqlitedb"
	"github.com/peba-edge/peba/store"
)

// spools are the open spools of this process by real path: a config reload
// opens its store before the old one is closed, and shares the spool.
var spools = caddy.NewUsagePool()

// outgoing is an open spool with its sender and dead letters.
type outgoing struct {
	path   string
	spool  *spool.Spool
	dead   *sender.DeadLetters
	sender *sender.Sender
	seen   seenIDs
	days   index.OutlierDays

	names   index.Names // that the sender writes to
	maxSize int64
	reserve int64
	stop    context.CancelFunc
	sending sync.WaitGroup
	mu      sync.Mutex
	shares  []*share // in the order of opening
	turned  chan struct{}

	// aside is the last result of lookAside, since the heartbeat must not wait for
	// the disk.
	aside atomic.Pointer[store.Finding]
}

// openOutgoing opens the store's spool, or shares it with the store of the
// configuration being replaced.
func openOutgoing(ctx context.Context, m *Module, s *esStore) (*outgoing, error) {
	if err := os.MkdirAll(m.Spool.Path, 0o700); err != nil {
		return nil, fmt.Errorf("folder of the spool: %w", err)
	}
	path, err := sqlitedb.RealPath(m.Spool.Path)
	if err != nil {
		return nil, fmt.Errorf("folder of the spool: %w", err)
	}
	value, _, err := spools.LoadOrNew(path, func() (caddy.Destructor, error) { return newOutgoing(ctx, path, m) })
	if err != nil {
		return nil, err
	}
	o := value.(*outgoing)
	if err := o.join(m, s); err != nil {
		_, closing := spools.Delete(path)
		return nil, errors.Join(err, closing)
	}
	return o, nil
}

func newOutgoing(ctx context.Context, path string, m *Module) (_ *outgoing, err error) {
	o := &outgoing{path: path, names: m.Index, maxSize: m.Spool.MaxSize, reserve: *m.Spool.Reserve, turned: make(chan struct{})}
	defer func() {
		if err != nil {
			err = errors.Join(err, o.Destruct())
		}
	}()
	logger := m.logger // outlives the module, which only made it
	report := func(file string, err error) {
		o.seen.forget() // what is lost may be sent again
		logger.Error("a spool file is damaged, missing, unreadable or cannot be removed", zap.String("file", file), zap.Error(err))
	}
	o.spool, err = spool.Open(ctx, path, spool.Options{MaxSize: o.maxSize, Reserve: o.reserve, Report: report})
	if err != nil {
		return nil, err
	}
	if o.dead, err = sender.OpenDeadLetters(ctx, path, o.spool.Append); err != nil {
		return nil, err
	}
	o.sender = sender.New(o.spool, o.post, o.dead, sender.Options{
		Log: logger, NewCVE: o.announceCVE, Payloads: o.names.Payloads, CVEs: o.names.CVEs,
		Count: o.count, Create: o.createIndex, Timeout: time.Duration(m.Timeout),
	})
	o.lookAside()
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	o.stop = stop
	o.sending.Go(func() { o.sender.Run(running) })
	return o, nil
}

// post is the sender's connection to the cluster.
func (o *outgoing) post(ctx context.Context, path string, body []byte) (status int, answer []byte, err error) {
	s, err := o.readyStore(ctx)
	if err != nil {
		return 0, nil, err
	}
	return s.client.Post(ctx, path, body)
}

// createIndex creates an index with its mapping for the sender.
func (o *outgoing) createIndex(ctx context.Context, index string) (status int, answer []byte, err error) {
	s, err := o.readyStore(ctx)
	if err != nil {
		return 0, nil, err
	}
	body, err := json.Marshal(s.indices.Body(index))
	if err != nil {
		return 0, nil, fmt.Errorf("creating the index %s: %w", index, err)
	}
	return s.client.Exchange(ctx, http.MethodPut, "/"+index, body)
}

// readyStore returns the current store. It waits for the index templates, which
// keep Elasticsearch from creating indices with guessed mappings.
func (o *outgoing) readyStore(ctx context.Context) (*esStore, error) {
	for {
		s, turned := o.current()
		var ready <-chan struct{}
		if s != nil {
			ready = s.ready
		}
		select {
		case <-ready:
			return s, nil
		case <-turned:
		case <-ctx.Done():
			return nil, fmt.Errorf("waiting for the index templates: %w", ctx.Err())
		}
	}
}

// learn replaces the known indices by those of a store's cluster.
func (o *outgoing) learn(s *esStore, names []string) {
	if current, _ := o.current(); current == s {
		o.sender.Learn(names)
	}
}

// announceCVE reports a CVE to the current store's owner.
func (o *outgoing) announceCVE(cve store.CVE) {
	if s, _ := o.current(); s != nil && s.opts.NewCVE != nil {
		s.opts.NewCVE(cve)
	}
}

// count counts outcomes of sent alerts.
func (o *outgoing) count(what sender.Counted, n int) {
	countSent(what, n)
	switch what {
	case sender.Stored:
		o.report(n, 0)
	case sender.Duplicate:
		o.report(0, n)
	}
}

// report reports the numbers of new and duplicate alerts to the current store's
// owner.
func (o *outgoing) report(stored, duplicate int) {
	if s, _ := o.current(); s != nil && s.opts.Counted != nil && stored+duplicate > 0 {
		s.opts.Counted(stored, duplicate)
	}
}

// put makes alerts durable in the spool, from which they are sent to the
// cluster.
func (o *outgoing) put(ctx context.Context, records []alert.Record) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	all := len(records)
	records = o.seen.unknown(records)
	known := all - len(records)
	if len(records) == 0 {
		o.report(0, known)
		return nil
	}
	frame, err := sender.EncodeFrame(records, func(d *alert.Document) string { return o.days.Index(&o.names, d) })
	if err != nil {
		return err
	}
	if err := o.spool.Append(ctx, frame); err != nil {
		if ctx.Err() != nil {
			return err
		}
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	o.seen.remember(records)
	o.report(0, known)
	return nil
}

// Destruct ends the sender and closes the files.
func (o *outgoing) Destruct() error {
	if o.stop != nil {
		o.stop()
		o.sending.Wait()
	}
	var errs []error
	if o.dead != nil {
		errs = append(errs, o.dead.Close())
	}
	if o.spool != nil {
		errs = append(errs, o.spool.Close())
	}
	return errors.Join(errs...)
}

var _ caddy.Destructor = (*outgoing)(nil)
