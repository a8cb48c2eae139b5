package memcached

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"
)

// real is a memcached of the test's own.
type real struct {
	t       testing.TB
	address string
	port    string // as memcached's option; -1: any that is free
	process *exec.Cmd
	output  strings.Builder
}

// startMemcached starts a memcached on a free port. It ends with the test.
func startMemcached(t testing.TB) *real {
	t.Helper()
	r := &real{t: t, port: "-1"}
	r.start()
	t.Cleanup(r.stop)
	return r
}

func (r *real) start() {
	r.t.Helper()
	program, err := exec.LookPath("memcached")
	if err != nil {
		r.t.Fatalf("these tests need memcached, a Debian package (see .ci/dependencies): %v", err)
	}
	me, err := user.Current()
	if err != nil {
		r.t.Fatal(err)
	}
	// memcached writes there which port it took.
	ports := filepath.Join(r.t.TempDir(), "ports")
	r.process = exec.Command(program, "-l", "127.0.0.1", "-p", r.port, "-U", "0", "-u", me.Username)
	r.process.Env = append(os.Environ(), "MEMCACHED_PORT_FILENAME="+ports)
	r.process.Stdout, r.process.Stderr = &r.output, &r.output
	if err := r.process.Start(); err != nil {
		r.t.Fatal(err)
	}
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		text, err := os.ReadFile(ports)
		if err != nil {
			continue
		}
		if _, err := fmt.Sscanf(string(text), "TCP INET: %s", &r.port); err == nil {
			r.address = net.JoinHostPort("127.0.0.1", r.port)
			return
		}
	}
	r.stop()
	r.t.Fatalf("memcached does not start:\n%s", r.output.String())
}

// stop kills memcached, as a crash would.
func (r *real) stop() {
	if r.process == nil {
		return
	}
	_ = r.process.Process.Kill()
	_ = r.process.Wait() // its error tells of the kill
	r.process = nil
}

// startSilent is a server that takes connections and never answers: for the
// client like a memcached that hangs.
func startSilent(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var (
		wg    sync.WaitGroup
		conns []net.Conn
	)
	wg.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conns = append(conns, conn)
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		wg.Wait()
		for _, conn := range conns {
			_ = conn.Close()
		}
	})
	return listener.Addr().String()
}

// startDead is an address where nobody listens.
func startDead(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// open is a cache in the servers, with a time-out long enough for a busy machine.
func open(t testing.TB, timeout time.Duration, servers ...string) *handle {
	t.Helper()
	seal, err := newSealer([]byte("a secret"))
	if err != nil {
		t.Fatal(err)
	}
	var addresses []address
	for _, server := range servers {
		a, err := parseAddress(server)
		if err != nil {
			t.Fatal(err)
		}
		addresses = append(addresses, a)
	}
	h := newHandle(addresses, timeout, seal, zap.NewNop())
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// countDials counts the connections that h tries to make to its first server.
func countDials(h *handle) *atomic.Int32 {
	n := new(atomic.Int32)
	h.servers[0].client.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		n.Add(1)
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	return n
}
