package memcached

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"
)

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
