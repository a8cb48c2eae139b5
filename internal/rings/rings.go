// Package rings divides the tests into two rings. The inner one, make check, needs Go and
// Node only and takes about a minute; the outer one, make test, is everything.
//
// Tests of the outer ring call Outer, Tool or, in TestMain, OuterMain. They skip only
// under -short, which only make check passes: go test ./... and make test run everything.
// A test beside this file enforces that tests skip in no other way.
package rings

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// Outer assigns a test to the outer ring, because of what it needs: a server, or
// much time.
func Outer(tb testing.TB, needs string) {
	tb.Helper()
	if testing.Short() {
		tb.Skipf("left to make test, since it needs %s", needs)
	}
}

// Tool assigns a test to the outer ring because it needs a program, and returns the
// program's path. If it is missing, the test fails and names the command to install it.
func Tool(tb testing.TB, program, install string) string {
	tb.Helper()
	Outer(tb, program)
	path, err := exec.LookPath(program)
	if err != nil {
		tb.Fatalf("%s is missing: install it by: %s", program, install)
	}
	return path
}

// OuterMain assigns all tests of a package to the outer ring. TestMain calls it
// first.
func OuterMain(needs string) {
	flag.Parse()
	if testing.Short() {
		fmt.Printf("left to make test, since it needs %s\n", needs)
		os.Exit(0)
	}
}
