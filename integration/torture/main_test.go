//go:build linux

// Package torture keeps a ledger of what sensors were answered while one thing
// after the other fails around the real binary, and writes docs/RELIABILITY.md's
// table. Most faults need root, for mounts and strace; see needRoot.
package torture

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
	"testing"

	"github.com/peba-edge/peba/integration/edgetest"
	"github.com/peba-edge/peba/internal/rings"
)

var (
	long  = flag.Bool("long", false, "the long version: as many rounds as the table in docs/RELIABILITY.md has")
	table = flag.String("table", "", "the document whose table gets the rows of this run")
)

// bench is what all rows share.
var bench struct {
	binary edgetest.Binary
	// one is a cluster of one node for all rows but those that kill nodes of three.
	one, three edgetest.Elastics
}

// atOnce is how many rows go at once: most of their time they wait.
const atOnce = 8

func TestMain(m *testing.M) {
	rings.OuterMain("the built binary, Elasticsearch and root")
	if err := flag.Set("test.parallel", strconv.Itoa(atOnce)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "peba-torture")
	if err != nil {
		fmt.Fprintln(os.Stderr, "making a folder:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	if bench.binary, err = edgetest.Build(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	bench.one.Nodes, bench.three.Nodes = 1, 3
	code := m.Run()
	if err := errors.Join(bench.one.Close(), bench.three.Close()); err != nil {
		fmt.Fprintln(os.Stderr, "ending Elasticsearch:", err)
		return 1
	}
	return code
}
