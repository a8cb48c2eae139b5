package cluster

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// cooldown is how long a node is tried last after it did not answer.
const cooldown = 5 * time.Second

// nodes sends each request to one of a cluster's nodes, in turn. A request that
// did not reach a node, or that only reads, goes on to the next one.
//
// The Elasticsearch client's own pool does less: it sets a node aside for a
// minute and more when a caller's context ends, and cannot be told why a request failed.
type nodes struct {
	transport http.RoundTripper
	urls      []*url.URL

	mu    sync.Mutex
	next  int
	until []time.Time // when each node's cooldown ends
}

func newNodes(transport http.RoundTripper, urls []*url.URL) *nodes {
	return &nodes{transport: transport, urls: urls, until: make([]time.Time, len(urls))}
}

// RoundTrip implements http.RoundTripper.
func (n *nodes) RoundTrip(req *http.Request) (resp *http.Response, err error) {
	for tried, i := range n.order() {
		if tried > 0 && req.GetBody != nil {
			if req.Body, err = req.GetBody(); err != nil {
				return nil, err
			}
		}
		resp, err = n.transport.RoundTrip(to(n.urls[i], req))
		if err == nil {
			n.set(i, time.Time{})
			return resp, nil
		}
		if req.Context().Err() != nil {
			return nil, err // says nothing of the node
		}
		n.set(i, time.Now().Add(cooldown))
		if req.Method != http.MethodGet && !neverSent(err) {
			return nil, err
		}
	}
	return nil, err
}

// order returns the nodes in the order to try: those in cooldown come last.
func (n *nodes) order() []int {
	n.mu.Lock()
	defer n.mu.Unlock()
	var order, aside []int
	now := time.Now()
	for k := range n.urls {
		i := (n.next + k) % len(n.urls)
		if now.Before(n.until[i]) {
			aside = append(aside, i)
		} else {
			order = append(order, i)
		}
	}
	n.next = (n.next + 1) % len(n.urls)
	return slices.Concat(order, aside)
}

func (n *nodes) set(i int, until time.Time) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.until[i] = until
}

// to returns the request as it goes to one node.
func to(node *url.URL, req *http.Request) *http.Request {
	sent := req.WithContext(req.Context()) // a copy
	u := *req.URL
	prefix := strings.TrimSuffix(node.EscapedPath(), "/")
	u.Scheme, u.Host = node.Scheme, node.Host
	if prefix != "" {
		u.RawPath = prefix + u.EscapedPath()
		u.Path = strings.TrimSuffix(node.Path, "/") + u.Path
	}
	sent.URL, sent.Host = &u, node.Host
	return sent
}

// neverSent reports whether a request failed before a node could have seen it.
func neverSent(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// CloseIdleConnections closes idle connections.
func (n *nodes) CloseIdleConnections() {
	if t, ok := n.transport.(*http.Transport); ok {
		t.CloseIdleConnections()
	}
}
