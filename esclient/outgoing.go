package esclient

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/spool"
	"github.com/peba-edge/peba/sqlitedb"
	"github.com/peba-edge/peba/store"
)

// spools are those that this process has open, by real path: a config reload
// opens its store before the one it replaces is closed, and shares the spool.
var spools = caddy.NewUsagePool()

// outgoing is an open spool, with the sender that brings what is in it to the
// cluster and the dead letters of that.
type outgoing struct {
	path   string
	spool  *spool.Spool
	dead   *deadLetters
	sender *sender
	recent recent
	days   strangeDays

	names   Indices // that the sender writes to
	maxSize int64
	reserve int64
	stop    context.CancelFunc
	sending sync.WaitGroup
	mu      sync.Mutex
	shares  []*share // in the order of opening
	turned  chan struct{}

	// aside is what lookAside found last: the heartbeat does not wait for the disk.
	aside atomic.Pointer[store.Finding]
}

// share is one store's part in a spool.
type share struct {
	store   *esStore
	urls    []string // of its cluster
	yielded bool     // its configuration goes
}

// openOutgoing opens the store's spool, or shares it with the store of the
// configuration that is about to go.
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
		o.recent.forget() // what is lost may be sent again
		logger.Error("a file of the spool is damaged, missing or cannot be read or removed", zap.String("file", file), zap.Error(err))
	}
	o.spool, err = spool.Open(ctx, path, spool.Options{MaxSize: o.maxSize, Reserve: o.reserve, Report: report})
	if err != nil {
		return nil, err
	}
	if o.dead, err = openDeadLetters(ctx, path, o.spool.Append); err != nil {
		return nil, err
	}
	o.sender = newSender(o.spool, o.post, o.dead, senderOptions{
		log: logger, newCVE: o.announceCVE, payloads: o.names.Payloads, cves: o.names.CVEs,
		count: o.count, create: o.createIndex, timeout: time.Duration(m.Timeout),
	})
	o.lookAside()
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	o.stop = stop
	o.sending.Go(func() { o.sender.run(running) })
	return o, nil
}

// join adds a store to those that share the spool.
func (o *outgoing) join(m *Module, s *esStore) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if m.Index != o.names || m.Spool.MaxSize != o.maxSize || *m.Spool.Reserve != o.reserve {
		return fmt.Errorf("spool %s is in use with other index names, max_size or reserve: stop and start PEBA to change these", o.path)
	}
	o.change(func() { o.shares = append(o.shares, &share{store: s, urls: m.URLs}) })
	return nil
}

// yield says that a store's configuration goes.
func (o *outgoing) yield(s *esStore) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.change(func() {
		for _, share := range o.shares {
			share.yielded = share.yielded || share.store == s
		}
	})
}

// leave undoes join; the last one to leave closes the spool.
func (o *outgoing) leave(s *esStore) error {
	o.mu.Lock()
	o.change(func() {
		o.shares = slices.DeleteFunc(o.shares, func(share *share) bool { return share.store == s })
	})
	o.mu.Unlock()
	_, err := spools.Delete(o.path)
	return err
}

// change changes the shares, and has the sender go on with the store that is the
// current one then. What one cluster has need not be in another. The caller holds mu.
func (o *outgoing) change(shares func()) {
	before := o.first()
	shares()
	after := o.first()
	if after == before {
		return
	}
	if before != nil && (after == nil || !slices.Equal(before.urls, after.urls)) {
		o.recent.forget()
		o.sender.known.forget()
		o.sender.fields.forget()
		o.sender.indices.replace(nil)
	}
	close(o.turned)
	o.turned = make(chan struct{})
}

// first returns the share of the current store: the oldest whose configuration
// stays, so that one which fails to start is never gone by, or if all go the
// newest; nil when the last one is leaving. The caller holds mu.
func (o *outgoing) first() *share {
	for _, share := range o.shares {
		if !share.yielded {
			return share
		}
	}
	if n := len(o.shares); n > 0 {
		return o.shares[n-1]
	}
	return nil
}

// current returns the store whose cluster is sent to, and a channel that is closed
// when it is another one.
func (o *outgoing) current() (*esStore, <-chan struct{}) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if share := o.first(); share != nil {
		return share.store, o.turned
	}
	return nil, o.turned
}

// post is the sender's way to the cluster.
func (o *outgoing) post(ctx context.Context, path string, body []byte) (status int, answer []byte, err error) {
	s, err := o.readyStore(ctx)
	if err != nil {
		return 0, nil, err
	}
	return s.client.post(ctx, path, body)
}

// createIndex is the sender's way to an index that is mapped as it is to be.
func (o *outgoing) createIndex(ctx context.Context, index string) (status int, answer []byte, err error) {
	s, err := o.readyStore(ctx)
	if err != nil {
		return 0, nil, err
	}
	body, err := json.Marshal(s.layout.body(index))
	if err != nil {
		return 0, nil, fmt.Errorf("creating the index %s: %w", index, err)
	}
	return s.client.exchange(ctx, http.MethodPut, "/"+index, body)
}

// readyStore returns the current store. It waits for the index templates, which
// keep Elasticsearch from creating indices by its own idea.
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

// learn takes the indices that a store's cluster has in place of what was known.
func (o *outgoing) learn(s *esStore, names []string) {
	if current, _ := o.current(); current == s {
		o.sender.indices.replace(names)
	}
}

// announceCVE tells the current store's owner of a CVE.
func (o *outgoing) announceCVE(cve store.CVE) {
	if s, _ := o.current(); s != nil && s.opts.NewCVE != nil {
		s.opts.NewCVE(cve)
	}
}

// count counts what became of alerts that were sent.
func (o *outgoing) count(what counted, n int) {
	countSent(what, n)
	switch what {
	case countStored:
		o.report(n, 0)
	case countDuplicate:
		o.report(0, n)
	}
}

// report reports to the current store's owner how many alerts are new, and how many
// the cluster or the spool had.
func (o *outgoing) report(stored, duplicate int) {
	if s, _ := o.current(); s != nil && s.opts.Counted != nil && stored+duplicate > 0 {
		s.opts.Counted(stored, duplicate)
	}
}

// put makes alerts durable: they are sent when the cluster takes them.
func (o *outgoing) put(ctx context.Context, records []alert.Record) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	all := len(records)
	records = o.recent.unknown(records)
	known := all - len(records)
	if len(records) == 0 {
		o.report(0, known)
		return nil
	}
	frame, err := encodeFrame(records, func(d *alert.Document) string { return o.days.index(&o.names, d) })
	if err != nil {
		return err
	}
	if err := o.spool.Append(ctx, frame); err != nil {
		if ctx.Err() != nil {
			return err
		}
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	o.recent.remember(records)
	o.report(0, known)
	return nil
}

// Destruct ends the sender and closes what is open.
func (o *outgoing) Destruct() error {
	if o.stop != nil {
		o.stop()
		o.sending.Wait()
	}
	var errs []error
	if o.dead != nil {
		errs = append(errs, o.dead.close())
	}
	if o.spool != nil {
		errs = append(errs, o.spool.Close())
	}
	return errors.Join(errs...)
}

var _ caddy.Destructor = (*outgoing)(nil)
