package esclient

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/esclient/estest"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/storetest"
)

// shared is the server that most tests use, each with index names of its own: it
// takes ten seconds to start.
var shared struct {
	sync.Mutex
	server *estest.Server
}

func TestMain(m *testing.M) {
	code := m.Run()
	if shared.server != nil {
		if err := shared.server.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

// server returns the shared server.
func server(tb testing.TB) *estest.Server {
	tb.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil {
		s, err := estest.Launch(1)
		if err != nil {
			tb.Fatal(err)
		}
		shared.server = s
	}
	return shared.server
}

var prefixes atomic.Int64

// newModule returns a module with index names of its own, provisioned.
func newModule(tb testing.TB, urls ...string) *Module {
	tb.Helper()
	prefix := fmt.Sprintf("t%d-", prefixes.Add(1))
	m := &Module{
		URLs: urls,
		Index: Indices{
			Alerts: prefix + "ews", WriteAlias: prefix + "ews2017.1", Users: prefix + "users",
			CVEs: prefix + "ewscve", Payloads: prefix + "payloads", Statistics: prefix + "statistics",
			Sensors: prefix + "ewssensors",
		},
		Spool: Spool{Path: tb.TempDir()},
	}
	must(tb, m.Provision(caddyContext(tb)))
	must(tb, m.Validate())
	m.logger = zap.NewNop()
	return m
}

func caddyContext(tb testing.TB) caddy.Context {
	ctx, cancel := caddy.NewContext(caddy.Context{Context: tb.Context()})
	tb.Cleanup(cancel)
	return ctx
}

// openTest opens a store with index names of its own on the shared server.
func openTest(tb testing.TB, opts store.Options) *esStore {
	tb.Helper()
	return openModule(tb, newModule(tb, server(tb).URL()), opts)
}

// openModule opens a store that is closed, and whose indices are deleted, when
// the test ends.
func openModule(tb testing.TB, m *Module, opts store.Options) *esStore {
	tb.Helper()
	s, err := m.open(tb.Context(), opts)
	must(tb, err)
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
		deleteAll(tb, m)
	})
	return s
}

// bareStore is a store that only asks a cluster, with neither spool nor users.
func bareStore(tb testing.TB, m *Module) *esStore {
	tb.Helper()
	c, err := newClient(m)
	must(tb, err)
	tb.Cleanup(c.close)
	l, err := newLayout(m)
	must(tb, err)
	return &esStore{client: c, names: &m.Index, layout: l, schema: newSchema(c, l, m.logger), logger: m.logger, now: time.Now}
}

// deleteAll deletes a test's indices, by their exact names, and its template.
func deleteAll(tb testing.TB, m *Module) {
	tb.Helper()
	c, err := newClient(m)
	must(tb, err)
	defer c.close()
	prefix := strings.TrimSuffix(m.Index.Alerts, "ews")
	var list []struct {
		Index string `json:"index"`
	}
	ctx := context.Background() // the test's has ended
	must(tb, c.do(ctx, http.MethodGet, "/_cat/indices/"+prefix+"*?h=index&format=json", nil, &list))
	var names []string
	for _, one := range list {
		names = append(names, one.Index)
	}
	const step = 50 // a URL is not endless
	for len(names) > 0 {
		n := min(step, len(names))
		must(tb, c.do(ctx, http.MethodDelete, "/"+strings.Join(names[:n], ","), nil, nil))
		names = names[n:]
	}
	must(tb, gone(c.do(ctx, http.MethodDelete, "/_index_template/peba-"+m.Index.Alerts+"*", nil, nil)))
}

// refresh makes what was written visible to searches.
func refresh(tb testing.TB, s *esStore) {
	tb.Helper()
	prefix := strings.TrimSuffix(s.names.Alerts, "ews")
	must(tb, s.client.do(context.Background(), http.MethodPost, "/"+prefix+"*/_refresh", nil, nil))
}

// settle waits until all that was put is in the cluster, and visible.
func settle(tb testing.TB, s *esStore) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := s.out.spool.WaitEmpty(ctx); err != nil {
		tb.Fatalf("%v; the sender: %+v", err, s.out.sender.status())
	}
	refresh(tb, s)
}

// putNow returns when the alerts are in the cluster.
func putNow(tb testing.TB, s *esStore, records []alert.Record) {
	tb.Helper()
	must(tb, s.Put(tb.Context(), records))
	settle(tb, s)
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// suite is the conformance suite on the shared server.
func suite() storetest.Suite {
	return storetest.Suite{
		Open:   func(t *testing.T, opts store.Options) store.Store { return openTest(t, opts) },
		Settle: func(t *testing.T, s store.Store) { settle(t, s.(*esStore)) },
	}
}
