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

// maxIdle is how many connections a server keeps when nobody uses them.
const maxIdle = 64

// address is one server's, in words: it is resolved whenever a connection is
// made, so that a server which moves is found. It is all of its own selector.
type address struct{ network, address string }

// parseAddress reads HOST, HOST:PORT or unix//PATH.
func parseAddress(text string) (address, error) {
	parsed, err := caddy.ParseNetworkAddressWithDefaults(text, "tcp", defaultPort)
	if err != nil {
		return address{}, fmt.Errorf("memcached server %q: %w: allowed is %s", text, err, allowedServers)
	}
	switch parsed.Network {
	case "tcp", "tcp4", "tcp6", "unix":
	default:
		return address{}, fmt.Errorf("memcached server %q: network is %q: allowed is %s", text, parsed.Network, allowedServers)
	}
	if parsed.Host == "" || parsed.PortRangeSize() != 1 {
		return address{}, fmt.Errorf("memcached server %q: allowed is %s", text, allowedServers)
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

// server is one memcached, as this process sees it.
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

// call has the client do one thing. The connections kept from before may all be
// dead when the server has been restarted: then it is tried once more, on a new one.
func (s *server) call(do func(*memcache.Client) error) error {
	err := do(s.client)
	if isBroken(err) {
		_ = s.client.Close() // forgets them; what closing them says is of no use
		err = do(s.client)
	}
	if err != nil && !errors.Is(err, memcache.ErrCacheMiss) {
		return fmt.Errorf("memcached %s: %w", s.address, err)
	}
	return err
}

// isBroken tells whether err is of a connection that there was, and not of one
// that cannot be had or is too slow.
func isBroken(err error) bool {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Op != "dial" && !op.Timeout()
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// isUnanswered tells whether err means that the server does not answer. (Others
// are answers that were not expected, such as that it has no more memory.)
func isUnanswered(err error) bool {
	var (
		network net.Error
		connect *memcache.ConnectTimeoutError
	)
	return errors.As(err, &network) || errors.As(err, &connect) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}
