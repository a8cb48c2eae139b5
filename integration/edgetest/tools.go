package edgetest

import (
	"bytes"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/peba-edge/peba/esclient/estest"
)

// FreeAddress is an address of the loopback interface with a port that is this test's
// alone, also while its server is down.
func FreeAddress(t testing.TB) string {
	t.Helper()
	ports, err := estest.FreePorts(1)
	if err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[0]))
}

// Log collects what a process writes.
type Log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write adds to it.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String returns what there is so far.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Eventually waits until what is so; it fails the test when that takes longer
// than a machine under load can need.
func Eventually(t testing.TB, what string, so func() bool) {
	t.Helper()
	const patience = 2 * time.Minute
	for deadline := time.Now().Add(patience); !so(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// Tail is the end of a long text.
func Tail(text string) string { return text[max(0, len(text)-8000):] }
