// Package integration tests the real binary, as its own process.
package integration

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/peba-edge/peba/integration/edgetest"
	"github.com/peba-edge/peba/internal/rings"
)

// binary is ./cmd/peba, built once for all tests.
var binary edgetest.Binary

// elastics is the cluster that tests use one after the other.
var elastics = edgetest.Elastics{Nodes: 3}

func TestMain(m *testing.M) {
	rings.OuterMain("the built binary, Elasticsearch, memcached and Chromium")
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "peba-integration")
	if err != nil {
		fmt.Fprintln(os.Stderr, "making a folder:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	if binary, err = edgetest.Build(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	if err := elastics.Close(); err != nil {
		fmt.Fprintln(os.Stderr, "ending Elasticsearch:", err)
		return 1
	}
	return code
}

// server is a process of the binary, with what these tests ask of it.
type server struct {
	*edgetest.Server
	t testing.TB
}

// newServer prepares a server without starting it.
func newServer(t testing.TB, appOptions, routeOptions string) *server {
	t.Helper()
	return &server{binary.New(t, appOptions, routeOptions), t}
}

// startServer starts a server and ends it with the test.
func startServer(t testing.TB, appOptions, routeOptions string) *server {
	t.Helper()
	s := newServer(t, appOptions, routeOptions)
	s.Start()
	return s
}

// startLedger starts sensors that send to the servers.
func startLedger(t testing.TB, servers ...*server) *edgetest.Ledger {
	var edges []*edgetest.Server
	for _, s := range servers {
		edges = append(edges, s.Server)
	}
	return edgetest.StartLedger(t, edgetest.Traffic{}, edges...)
}

// recordings returns a folder of recordings: the one that the environment
// variable names, or the repository's own.
func recordings(variable, folder string) string {
	if dir := os.Getenv(variable); dir != "" {
		return dir
	}
	return filepath.Join("../testdata/recorded", folder)
}
