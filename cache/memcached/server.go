package memcached

import (
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/bradfitz/gomemcache/memcache"
	"github.com/caddyserver/caddy/v2"
)

// maxIdle is the maximum number of idle connections per server.
const maxIdle = 64

// address is one server's, unresolved: every new connection resolves it, so
// that a server may move. It is its own selector.
type address struct{ network, address string }

// parseAddress parses HOST, HOST:PORT or unix//PATH.
func parseAddress(text string) (address, error) {
	parsed, err := caddy.ParseNetworkAddressWithDefaults(text, "tcp", defaultPort)
	if err != nil {
		return address{}, fmt.Errorf("memcached server %q: %w: must be %s", text, err, allowedServers)
	}
	switch parsed.Network {
	case "tcp", "tcp4", "tcp6", "unix":
	default:
		return address{}, fmt.Errorf("memcached server %q: network is %q: must be %s", text, parsed.Network, allowedServers)
	}
	if parsed.Host == "" || parsed.PortRangeSize() != 1 {
		return address{}, fmt.Errorf("memcached server %q: must be %s", text, allowedServers)
	}
	return address{parsed.Network, parsed.JoinHostPort(0)}, nil
}

// Network implements net.Addr.
func (a address) Network() string { return a.network }

// String implements net.Addr.
func (a address) String() string { return a.address }

// PickServer implements memcache.ServerSelector.
func (a address) PickServer(string) (net.Addr, error) { return a, nil }

// Each implements memcache.ServerSelector.
func (a address) Each(f func(net.Addr) error) error { return f(a) }

// server is one memcached server and its connections.
type server struct {
	address address
	client  *memcache.Client
	breaker breaker
}

func newServer(a address, timeout time.Duration) *server {
	client := memcache.NewFromSelector(a)
	client.Timeout = timeout
	client.MaxIdleConns = maxIdle
	return &server{address: a, client: client, breaker: breaker{firstPause: firstPause}}
}

// call runs one operation of the client. After a restart of the server all idle
// connections may be dead: then it retries once, on a new one.
func (s *server) call(do func(*memcache.Client) error) error {
	err := do(s.client)
	if isBroken(err) {
		_ = s.client.Close() // drops them; errors of closing do not matter
		err = do(s.client)
	}
	if err != nil && !errors.Is(err, memcache.ErrCacheMiss) {
		return fmt.Errorf("memcached %s: %w", s.address, err)
	}
	return err
}

// isBroken reports whether err is from an established connection that broke,
// rather than one that failed to open or is too slow.
func isBroken(err error) bool {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Op != "dial" && !op.Timeout()
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// isUnanswered reports whether err means that the server does not answer. Other
// errors are unexpected answers, such as out of memory.
func isUnanswered(err error) bool {
	var (
		network net.Error
		connect *memcache.ConnectTimeoutError
	)
	return errors.As(err, &network) || errors.As(err, &connect) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
