package esclient

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
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

// errTooLarge is returned for answers that are longer than the client takes.
var errTooLarge = errors.New("the answer is too long")

// errUnreadable is returned for answers of another form than was expected.
var errUnreadable = errors.New("the answer cannot be read")

// client talks to a cluster.
type client struct {
	search  *elasticsearch.Client
	nodes   *nodes
	timeout time.Duration
	// maxAnswer is how many bytes an answer may have.
	maxAnswer int64
}

// newClient reads the certificates that the configuration names. The transport
// is our own: what the Elasticsearch client makes by itself changes the
// transport of the whole process. Answers are not asked for compressed: within a
// data centre that costs more than it saves.
func newClient(m *Module) (*client, error) {
	tlsConfig, err := tlsConfig(m)
	if err != nil {
		return nil, err
	}
	n := newNodes(&http.Transport{
		DialContext:         (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSClientConfig:     tlsConfig,
		TLSHandshakeTimeout: dialTimeout,
		MaxIdleConnsPerHost: idleMost,
		IdleConnTimeout:     90 * time.Second,
		DisableCompression:  true,
	}, m.urls)
	search, err := elasticsearch.NewClient(elasticsearch.Config{
		Addresses: []string{"http://cluster"}, // nodes puts in the real one
		Username:  m.User,
		Password:  m.Password,
		APIKey:    m.APIKey,
		Transport: n,
		// Its retries have no back-off, and its product check blocks all callers.
		DisableRetry:         true,
		UseResponseCheckOnly: true,
	})
	if err != nil {
		return nil, fmt.Errorf("making the Elasticsearch client: %w", err)
	}
	return &client{search: search, nodes: n, timeout: time.Duration(m.Timeout), maxAnswer: maxAnswer}, nil
}

func tlsConfig(m *Module) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if m.CA != "" {
		pem, err := os.ReadFile(m.CA)
		if err != nil {
			return nil, fmt.Errorf("ca of elasticsearch: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("ca of elasticsearch %s has no certificate: allowed is a file in PEM form", m.CA)
		}
	}
	if m.ClientCertificate != "" {
		pair, err := tls.LoadX509KeyPair(m.ClientCertificate, m.ClientKey)
		if err != nil {
			return nil, fmt.Errorf("client_certificate of elasticsearch: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// close lets go of idle connections.
func (c *client) close() { c.nodes.CloseIdleConnections() }

// post is one exchange, for the sender: whatever was answered, with its status.
// An error means that no answer came, and wraps ErrUnavailable unless ctx has ended.
func (c *client) post(ctx context.Context, path string, body []byte) (status int, answer []byte, err error) {
	return c.exchange(ctx, http.MethodPost, path, body)
}

func (c *client) exchange(ctx context.Context, method, path string, body []byte) (status int, answer []byte, err error) {
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
	if errors.Is(err, errTooLarge) {
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
func (c *client) readAnswer(resp *http.Response) ([]byte, error) {
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
		return nil, fmt.Errorf("%w: more than %d bytes", errTooLarge, c.maxAnswer)
	}
	return answer.Bytes(), nil
}

// do is one exchange of JSON that must succeed: body, if not nil, is sent, and
// the answer is read into into, if that is not nil. Failures that may pass wrap
// ErrUnavailable; all that was answered are a *statusError.
func (c *client) do(ctx context.Context, method, path string, body, into any) error {
	answer, err := c.ask(ctx, method, path, body)
	if err != nil || into == nil {
		return err
	}
	if err := json.Unmarshal(answer, into); err != nil {
		return unreadable(method, path, err)
	}
	return nil
}

// ask is do for an answer that the caller reads.
func (c *client) ask(ctx context.Context, method, path string, body any) (answer []byte, err error) {
	var text []byte
	if body != nil {
		if text, err = json.Marshal(body); err != nil {
			return nil, fmt.Errorf("elasticsearch: %s %s: %w", method, shortPath(path), err)
		}
	}
	status, answer, err := c.exchange(ctx, method, path, text)
	if err != nil {
		return nil, err
	}
	if status >= http.StatusBadRequest {
		return nil, newStatusError(method, path, status, answer)
	}
	return answer, nil
}

// unreadable is the error of an answer that cannot be read because of err.
func unreadable(method, path string, err error) error {
	return fmt.Errorf("elasticsearch: answer to %s %s: %w: %w: %w", method, shortPath(path), store.ErrUnavailable, errUnreadable, err)
}

// shortPath is what errors show of a path.
func shortPath(path string) string {
	path, _, _ = strings.Cut(path, "?")
	return path
}
