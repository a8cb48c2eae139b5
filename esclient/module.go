// Package esclient keeps alerts in an Elasticsearch 7.17 cluster, which several
// edges can share. DESIGN.md beside this file says why it is built as it is.
package esclient

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	"go.uber.org/zap"

	"github.com/peba-edge/peba/store"
)

func init() {
	caddy.RegisterModule(new(Module))
}

const (
	defaultTimeout = 30 * time.Second
	minTimeout     = time.Second
	maxTimeout     = 10 * time.Minute
	defaultShards  = 1
	maxShards      = 1024 // Elasticsearch's
	maxReplicas    = 100
	defaultReserve = 1 << 30

	// How errors say what is allowed.
	allowedURLs     = "http://HOST:PORT or https://HOST:PORT, with a path if there must be one"
	allowedTimeouts = "1s to 10m"
	allowedSizes    = "a size such as 10GiB"
)

// Module keeps alerts in an Elasticsearch cluster of version 7.17. What sensors
// send is kept in a spool on this machine until the cluster has it, so the cluster
// may be away for as long as the spool has room.
type Module struct {
	// The nodes to ask, at least one: http://HOST:PORT or https://HOST:PORT. They
	// are asked in turn; one that does not answer is left out for a while.
	// Placeholders are replaced, here and in all other texts.
	URLs []string `json:"urls"`

	// The user to log in as, and the password.
	User     string `json:"user,omitempty"`
	Password string `json:"password,omitempty"`

	// The API key to log in with instead, as Elasticsearch gives it: base64 of ID:KEY.
	APIKey string `json:"api_key,omitempty"`

	// File with the certificates (PEM) of the authorities that the nodes'
	// certificates are trusted from. Default: the system's.
	CA string `json:"ca,omitempty"`

	// Files (PEM) with the certificate that this edge shows, and its key.
	ClientCertificate string `json:"client_certificate,omitempty"`
	ClientKey         string `json:"client_key,omitempty"`

	// Into how many shards a day's alerts are divided. Default: 1.
	Shards int `json:"shards,omitempty"`

	// How many copies of each shard there are beside the first. Default: one
	// where there are several nodes, none where there is one.
	Replicas *int `json:"replicas,omitempty"`

	// How long one request to the cluster may take. Default: 30s.
	Timeout caddy.Duration `json:"timeout,omitempty"`

	// The names of indices.
	Index Indices `json:"index,omitzero"`

	// Where alerts wait until the cluster has them.
	Spool Spool `json:"spool,omitzero"`

	urls   []*url.URL
	logger *zap.Logger
}

// Spool is the durable outbox on this machine.
type Spool struct {
	// Folder of the spool. It also holds a copy of the users, for the time when
	// the cluster is away. Default: peba/spool in Caddy's data directory.
	Path string `json:"path,omitempty"`

	// How many bytes the spool may take. Default: as many as the disk has.
	MaxSize int64 `json:"max_size,omitempty"`

	// How many bytes of the disk the spool leaves free. Default: 1 GiB.
	Reserve *int64 `json:"reserve,omitempty"`
}

// CaddyModule returns the Caddy module information.
func (*Module) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "peba.stores.elasticsearch",
		New: func() caddy.Module { return new(Module) },
	}
}

// Provision replaces placeholders and fills in defaults. It touches neither disk
// nor network.
func (m *Module) Provision(ctx caddy.Context) error {
	m.logger = ctx.Logger()
	if err := registerMetrics(ctx.GetMetricsRegistry()); err != nil {
		return fmt.Errorf("registering metrics: %w", err)
	}
	replacer := caddy.NewReplacer()
	texts := []*string{&m.User, &m.Password, &m.APIKey, &m.CA, &m.ClientCertificate, &m.ClientKey, &m.Spool.Path}
	texts = append(texts, m.Index.all()...)
	for i := range m.URLs {
		texts = append(texts, &m.URLs[i])
	}
	for _, text := range texts {
		wanted := *text != ""
		if *text = replacer.ReplaceKnown(*text, ""); wanted && *text == "" {
			return errors.New("store elasticsearch: an option is empty once its placeholders are replaced: set what they stand for, or leave the option out")
		}
	}
	m.setDefaults()
	for _, text := range m.URLs {
		u, err := parseURL(text)
		if err != nil {
			return err
		}
		m.urls = append(m.urls, u)
	}
	path, err := filepath.Abs(m.Spool.Path)
	if err != nil {
		return fmt.Errorf("path of the spool %q: %w", m.Spool.Path, err)
	}
	m.Spool.Path = path
	return nil
}

func (m *Module) setDefaults() {
	if m.Timeout == 0 {
		m.Timeout = caddy.Duration(defaultTimeout)
	}
	if m.Shards == 0 {
		m.Shards = defaultShards
	}
	if m.Spool.Path == "" {
		m.Spool.Path = filepath.Join(caddy.AppDataDir(), "peba", "spool")
	}
	if m.Spool.Reserve == nil {
		reserve := int64(defaultReserve)
		m.Spool.Reserve = &reserve
	}
	m.Index.setDefaults()
}

// parseURL reads the URL of a node.
func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		// The error shows the URL, which may have a password in it.
		return nil, fmt.Errorf("a URL of elasticsearch cannot be read: allowed is %s", allowedURLs)
	}
	if u.User != nil {
		return nil, fmt.Errorf("URL of elasticsearch %s has a user: allowed is %s; users stand in the option user", u.Redacted(), allowedURLs)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("URL of elasticsearch %q: allowed is %s", text, allowedURLs)
	}
	return u, nil
}

// Validate checks what the configuration says.
func (m *Module) Validate() error {
	if len(m.urls) == 0 {
		return fmt.Errorf("store elasticsearch has no URLs: allowed is one or more of %s", allowedURLs)
	}
	for i, u := range m.urls {
		same := func(other *url.URL) bool { return *other == *u }
		if slices.ContainsFunc(m.urls[:i], same) {
			return fmt.Errorf("URL of elasticsearch %s is given twice", u)
		}
	}
	switch {
	case m.User != "" && m.APIKey != "":
		return errors.New("store elasticsearch has a user and an api_key: allowed is one of them")
	case (m.User == "") != (m.Password == ""):
		return errors.New("store elasticsearch has a user or a password without the other: allowed are both or neither")
	case (m.ClientCertificate == "") != (m.ClientKey == ""):
		return errors.New("store elasticsearch has a client certificate or its key without the other: allowed are both or neither")
	case m.Timeout < caddy.Duration(minTimeout) || m.Timeout > caddy.Duration(maxTimeout):
		return fmt.Errorf("timeout of elasticsearch is %v: allowed is %s", time.Duration(m.Timeout), allowedTimeouts)
	case m.Shards < 1 || m.Shards > maxShards:
		return fmt.Errorf("shards of elasticsearch are %d: allowed is 1 to %d", m.Shards, maxShards)
	case m.Replicas != nil && (*m.Replicas < 0 || *m.Replicas > maxReplicas):
		return fmt.Errorf("replicas of elasticsearch are %d: allowed is 0 to %d", *m.Replicas, maxReplicas)
	case m.Spool.MaxSize < 0 || *m.Spool.Reserve < 0:
		return fmt.Errorf("spool has max_size %d and reserve %d: allowed are sizes of 0 and more", m.Spool.MaxSize, *m.Spool.Reserve)
	}
	return m.Index.check()
}

// Open connects to the cluster. One that is away is no reason not to start.
func (m *Module) Open(ctx context.Context, opts store.Options) (store.Store, error) {
	return m.open(ctx, opts)
}

var (
	_ caddy.Provisioner     = (*Module)(nil)
	_ caddy.Validator       = (*Module)(nil)
	_ caddyfile.Unmarshaler = (*Module)(nil)
	_ store.Opener          = (*Module)(nil)
)
