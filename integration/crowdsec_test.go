//go:build linux

package integration

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/peba-edge/peba/feed/lapi/lapitest"
	"github.com/peba-edge/peba/integration/edgetest"
)

// proxy connects the network of a bouncer with a server, and records the answers of the
// stream.
type proxy struct {
	mu      sync.Mutex
	answers []streamAnswer
}

// streamAnswer is an answer of the stream, and whether it was asked for at the bouncer's start.
type streamAnswer struct {
	startup bool
	status  int
	body    struct {
		New, Deleted []struct{ Value string }
	}
}

// added returns the addresses that are new in an answer.
func (a *streamAnswer) added() []string {
	var all []string
	for _, d := range a.body.New {
		all = append(all, d.Value)
	}
	return all
}

// startProxy listens in the network, and returns the proxy's URL.
func startProxy(t *testing.T, n *lapitest.Network, s *server) (p *proxy, address string) {
	t.Helper()
	target, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := n.Listen()
	if err != nil {
		t.Fatal(err)
	}
	p = new(proxy)
	handler := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(target)
			r.Out.Host = target.Host
		},
		ModifyResponse: p.record,
		ErrorHandler:   func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }, // the server is down
	}
	web := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	go web.Serve(listener) //nolint:errcheck // it ends by Close
	t.Cleanup(func() { web.Close() })
	return p, "http://" + listener.Addr().String()
}

// record records an answer of the stream.
func (p *proxy) record(r *http.Response) error {
	if !strings.HasSuffix(r.Request.URL.Path, "/v1/decisions/stream") {
		return nil
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	a := streamAnswer{startup: r.Request.URL.Query().Get("startup") == "true", status: r.StatusCode}
	if err := json.Unmarshal(body, &a.body); err != nil && r.StatusCode == http.StatusOK {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers = append(p.answers, a)
	return nil
}

// since returns the answers from a number on.
func (p *proxy) since(n int) []streamAnswer {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.answers[n:])
}

// holds waits until a bouncer has exactly these addresses.
func holds(t *testing.T, b *lapitest.Bouncer, addrs ...string) {
	t.Helper()
	edgetest.Eventually(t, "the bouncer bans "+strings.Join(addrs, ", "), func() bool {
		set, err := b.Set()
		if err != nil {
			t.Fatal(err)
		}
		if len(set) != len(addrs) {
			return false
		}
		return !slices.ContainsFunc(addrs, func(addr string) bool { return !set[netip.MustParseAddr(addr)] })
	})
}

// TestCrowdSecBouncers runs real bouncers against the real server. Alerts become bans, an
// allowed network is released, and after the server is killed the bouncers go on: the next
// answers have only what changed.
func TestCrowdSecBouncers(t *testing.T) {
	network := lapitest.NewNetwork(t)
	s := startServer(t, "feed_interval 1s\nfeed blocklist {\nwindow 10m\nmin_alerts 1\n}", "")
	bouncers := map[lapitest.Kind]*lapitest.Bouncer{}
	proxies := map[lapitest.Kind]*proxy{}
	for kind, path := range map[lapitest.Kind]string{lapitest.NFTables: "/crowdsec/", lapitest.Custom: "/crowdsec/blocklist/"} {
		p, address := startProxy(t, network, s)
		token := s.feedToken(t, string(kind))
		edgetest.Eventually(t, "the feed is computed", func() bool {
			return s.Request(http.MethodGet, path+"v1/decisions", "", "X-Api-Key", token).Status == http.StatusOK
		})
		bouncers[kind] = lapitest.Start(t, kind, network, address+path, token, time.Second)
		proxies[kind] = p
	}
	s.attack(t, "9.9.9.1", 1)
	s.attack(t, "9.9.9.2", 1)
	for _, b := range bouncers {
		holds(t, b, "9.9.9.1", "9.9.9.2")
	}
	if out, err := s.CLI("", "peba", "feed", "allow", "9.9.9.2/32", "--reason", "test", "--address", s.Admin); err != nil {
		t.Fatalf("allowing a network: %v: %s", err, out)
	}
	for _, b := range bouncers {
		holds(t, b, "9.9.9.1")
	}

	time.Sleep(7 * time.Second) // cursors are stored every five
	before := map[lapitest.Kind]int{}
	s.Kill()
	for kind, p := range proxies {
		before[kind] = len(p.since(0))
	}
	time.Sleep(2 * time.Second) // the bouncers meet a server that is down
	s.Start()
	s.attack(t, "9.9.9.3", 1)
	for kind, b := range bouncers {
		holds(t, b, "9.9.9.1", "9.9.9.3")
		for _, a := range proxies[kind].since(before[kind]) {
			if a.startup || slices.Contains(a.added(), "9.9.9.1") {
				t.Errorf("the %s bouncer received everything again: %+v", kind, a)
			}
		}
	}
}
