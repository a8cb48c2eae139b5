// Package cluster is the client of an Elasticsearch cluster: exchanges with its
// nodes, errors in answers, and the format of bulk requests.
package cluster

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/elastic/go-elasticsearch/v7"

	"github.com/peba-edge/peba/store"
)

const (
	// maxAnswer bounds what an answer takes in memory.
	maxAnswer = 256 << 20
	// dialTimeout is shorter than that of a request, so that there is time for another node.
	dialTimeout = 3 * time.Second
	idleMost    = 32
)

// ErrTooLarge is returned for answers that are longer than the client takes.
var ErrTooLarge = errors.New("the answer is too long")

// ErrUnreadable is returned for answers of another form than was expected.
var ErrUnreadable = errors.New("the answer cannot be read")

// Options are where a cluster is, and how to log in. Empty texts are left out.
type Options struct {
	// URLs are the nodes, at least one.
	URLs []*url.URL
	// User and Password, or APIKey.
	User, Password, APIKey string
	// CA is a file with certificates (PEM) that the nodes' are trusted from. Default:
	// the system's. ClientCertificate and ClientKey are files (PEM) too.
	CA, ClientCertificate, ClientKey string
	// Timeout is what one request may take.
	Timeout time.Duration
	// MaxAnswer is how many bytes an answer may have. Default: 256 MiB.
	MaxAnswer int64
	// Wrap wraps the transport, such as to observe it. May be nil.
	Wrap func(http.RoundTripper) http.RoundTripper
}

// Client talks to a cluster.
type Client struct {
	search  *elasticsearch.Client
	nodes   *nodes
	timeout time.Duration
	// maxAnswer is how many bytes an answer may have.
	maxAnswer int64
}

// New reads the certificates that the options name. The transport
// is our own: what the Elasticsearch client makes by itself changes the
// transport of the whole process. Answers are not asked for compressed: within a
// data centre that costs more than it saves.
func New(o Options) (*Client, error) {
	tlsConfig, err := tlsConfig(&o)
	if err != nil {
		return nil, err
	}
	var transport http.RoundTripper = &http.Transport{
		DialContext:         (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSClientConfig:     tlsConfig,
		TLSHandshakeTimeout: dialTimeout,
		MaxIdleConnsPerHost: idleMost,
		IdleConnTimeout:     90 * time.Second,
		DisableCompression:  true,
	}
	if o.Wrap != nil {
		transport = o.Wrap(transport)
	}
	n := newNodes(transport, o.URLs)
	search, err := elasticsearch.NewClient(elasticsearch.Config{
		Addresses: []string{"http://cluster"}, // nodes puts in the real one
		Username:  o.User,
		Password:  o.Password,
		APIKey:    o.APIKey,
		Transport: n,
		// Its retries have no back-off, and its product check blocks all callers.
		DisableRetry:         true,
		UseResponseCheckOnly: true,
	})
	if err != nil {
		return nil, fmt.Errorf("creating the Elasticsearch client: %w", err)
	}
	return &Client{search: search, nodes: n, timeout: o.Timeout, maxAnswer: cmp.Or(o.MaxAnswer, maxAnswer)}, nil
}

func tlsConfig(o *Options) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.CA != "" {
		pem, err := os.ReadFile(o.CA)
		if err != nil {
			return nil, fmt.Errorf("ca of elasticsearch: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("ca of elasticsearch %s has no certificate: must be a PEM file", o.CA)
		}
	}
	if o.ClientCertificate != "" {
		pair, err := tls.LoadX509KeyPair(o.ClientCertificate, o.ClientKey)
		if err != nil {
			return nil, fmt.Errorf("client_certificate of elasticsearch: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// Close closes idle connections.
func (c *Client) Close() { c.nodes.CloseIdleConnections() }

// Post is one exchange that posts JSON, or newline-delimited JSON to a path with
// _bulk: whatever was answered, with its status.
// An error means that no answer came, and wraps ErrUnavailable unless ctx has ended.
func (c *Client) Post(ctx context.Context, path string, body []byte) (status int, answer []byte, err error) {
	return c.Exchange(ctx, http.MethodPost, path, body)
}

// Exchange is Post with another method.
func (c *Client) Exchange(ctx context.Context, method, path string, body []byte) (status int, answer []byte, err error) {
	limited, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(limited, method, path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, fmt.Errorf("elasticsearch: %w", err)
	}
	switch {
	case strings.Contains(path, "_bulk"):
		req.Header.Set("Content-Type", "application/x-ndjson")
	case len(body) > 0:
		req.Header.Set("Content-Type", "application/json")
	default:
		req.Body, req.GetBody = http.NoBody, nil
	}
	resp, err := c.search.Perform(req)
	if err == nil {
		answer, err = c.readAnswer(resp)
	}
	if err == nil {
		return resp.StatusCode, answer, nil
	}
	if errors.Is(err, ErrTooLarge) {
		return 0, nil, fmt.Errorf("elasticsearch: %s %s: %w", method, shortPath(path), err)
	}
	if ctx.Err() != nil {
		return 0, nil, fmt.Errorf("elasticsearch: %s %s: %w", method, shortPath(path), ctx.Err())
	}
	if limited.Err() != nil {
		err = fmt.Errorf("no answer within %v: %w", c.timeout, err)
	}
	return 0, nil, fmt.Errorf("elasticsearch: %s %s: %w: %w", method, shortPath(path), store.ErrUnavailable, err)
}

// readAnswer reads the body and closes it.
func (c *Client) readAnswer(resp *http.Response) ([]byte, error) {
	defer resp.Body.Close()
	var answer bytes.Buffer
	if resp.ContentLength > 0 {
		answer.Grow(int(min(resp.ContentLength, c.maxAnswer)) + bytes.MinRead)
	}
	_, err := answer.ReadFrom(io.LimitReader(resp.Body, c.maxAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading the answer: %w", err)
	case int64(answer.Len()) > c.maxAnswer:
		return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, c.maxAnswer)
	}
	return answer.Bytes(), nil
}

// Do is one exchange of JSON that must succeed: body, if not nil, is sent, and
// the answer is read into into, if that is not nil. Failures that may pass wrap
// ErrUnavailable; all that was answered are an *Error.
func (c *Client) Do(ctx context.Context, method, path string, body, into any) error {
	answer, err := c.Ask(ctx, method, path, body)
	if err != nil || into == nil {
		return err
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return Unreadable(method, path, err)
	}
	return nil
}

// Ask is Do for an answer that the caller reads.
func (c *Client) Ask(ctx context.Context, method, path string, body any) (answer []byte, err error) {
	var text []byte
	if body != nil {
		if text, err = json.Marshal(body); err != nil {
			return nil, fmt.Errorf("elasticsearch: %s %s: %w", method, shortPath(path), err)
		}
	}
	status, answer, err := c.Exchange(ctx, method, path, text)
	if err != nil {
		return nil, err
	}
	if status >= http.StatusBadRequest {
		return nil, NewError(method, path, status, answer)
	}
	return answer, nil
}

// Unreadable is the error of an answer that cannot be read because of err.
func Unreadable(method, path string, err error) error {
	return fmt.Errorf("elasticsearch: answer to %s %s: %w: %w: %w", method, shortPath(path), store.ErrUnavailable, ErrUnreadable, err)
}

// shortPath is what errors show of a path.
func shortPath(path string) string {
	path, _, _ = strings.Cut(path, "?")
	return path
}
