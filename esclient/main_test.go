package esclient

import (
	"context"
	"crypto/md5"
	"encoding/hex"
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
	"github.com/peba-edge/peba/esclient/cluster"
	"github.com/peba-edge/peba/esclient/estest"
	"github.com/peba-edge/peba/esclient/index"
	"github.com/peba-edge/peba/esclient/search"
	"github.com/peba-edge/peba/internal/rings"
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
	rings.Outer(tb, "Elasticsearch")
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
		Index: index.Names{
			Alerts: prefix + "ews", WriteAlias: prefix + "ews2017.1", Users: prefix + "users",
			CVEs: prefix + "ewscve", Payloads: prefix + "payloads", Statistics: prefix + "statistics",
			Sensors: prefix + "ewssensors", Feeds: prefix + "ewsfeeds",
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
	return bareStoreBy(tb, m, clientOf(tb, m))
}

// bareStoreBy is bareStore with a client of its own.
func bareStoreBy(tb testing.TB, m *Module, c *cluster.Client) *esStore {
	tb.Helper()
	tb.Cleanup(c.Close)
	indices := managerOf(tb, m, c, time.Now)
	return &esStore{client: c, names: &m.Index, indices: indices, reader: search.New(c, indices, &m.Index), logger: m.logger, now: time.Now}
}

// managerOf returns a manager of the module's indices.
func managerOf(tb testing.TB, m *Module, c *cluster.Client, now func() time.Time) *index.Manager {
	tb.Helper()
	manager, err := index.New(c, &m.Index, index.Options{Shards: m.Shards, Replicas: m.Replicas, Logger: m.logger, Now: now})
	must(tb, err)
	return manager
}

// clientOf returns a client of the module's cluster.
func clientOf(tb testing.TB, m *Module) *cluster.Client {
	tb.Helper()
	c, err := cluster.New(m.cluster())
	must(tb, err)
	return c
}

// deleteAll deletes a test's indices, by their exact names, and its template.
func deleteAll(tb testing.TB, m *Module) {
	tb.Helper()
	c := clientOf(tb, m)
	defer c.Close()
	prefix := strings.TrimSuffix(m.Index.Alerts, "ews")
	var list []struct {
		Index string `json:"index"`
	}
	ctx := context.Background() // the test's has ended
	must(tb, c.Do(ctx, http.MethodGet, "/_cat/indices/"+prefix+"*?h=index&format=json", nil, &list))
	var names []string
	for _, one := range list {
		names = append(names, one.Index)
	}
	const step = 50 // a URL is not endless
	for len(names) > 0 {
		n := min(step, len(names))
		must(tb, c.Do(ctx, http.MethodDelete, "/"+strings.Join(names[:n], ","), nil, nil))
		names = names[n:]
	}
	if err := c.Do(ctx, http.MethodDelete, "/_index_template/peba-"+m.Index.Alerts+"*", nil, nil); !cluster.IsStatus(err, http.StatusNotFound) {
		must(tb, err)
	}
}

// refresh makes what was written visible to searches.
func refresh(tb testing.TB, s *esStore) {
	tb.Helper()
	prefix := strings.TrimSuffix(s.names.Alerts, "ews")
	must(tb, s.client.Do(context.Background(), http.MethodPost, "/"+prefix+"*/_refresh", nil, nil))
}

// settle waits until all that was put is in the cluster, and visible.
func settle(tb testing.TB, s *esStore) {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := s.out.spool.WaitEmpty(ctx); err != nil {
		tb.Fatalf("%v; the sender: %+v", err, s.out.sender.Status())
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

// testID returns a text of its own for each number, in the form of an MD5.
func testID(n int) string {
	sum := md5.Sum(fmt.Append(nil, n))
	return hex.EncodeToString(sum[:])
}

// suite is the conformance suite on the shared server.
func suite() storetest.Suite {
	var module *Module
	return storetest.Suite{
		Open: func(t *testing.T, opts store.Options) store.Store {
			module = newModule(t, server(t).URL())
			return openModule(t, module, opts)
		},
		Reopen: func(t *testing.T, opts store.Options) store.Store { return openModule(t, module, opts) },
		Settle: func(t *testing.T, s store.Store) { settle(t, s.(*esStore)) },
	}
}
