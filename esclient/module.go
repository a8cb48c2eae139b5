// Package esclient is the store in an Elasticsearch 7.17 cluster, which several
// edges can share. DESIGN.md has the reasons.
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

	"github.com/peba-edge/peba/esclient/cluster"
	"github.com/peba-edge/peba/esclient/index"
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

	// Valid values, for errors.
	allowedURLs     = "http://HOST:PORT or https://HOST:PORT, optionally with a path"
	allowedTimeouts = "1s to 10m"
	allowedSizes    = "a size such as 10GiB"
)

// Module stores alerts in an Elasticsearch cluster of version 7.17. Alerts are queued in
// a spool on this machine until the cluster has them, so the cluster may be unavailable
// for as long as the spool has room.
type Module struct {
	// URLs of the nodes, at least one: http://HOST:PORT or https://HOST:PORT. Requests go
	// to each in turn; a node that does not answer gets a cooldown. Placeholders are
	// replaced, here and in all other strings.
	URLs []string `json:"urls"`

	// User name for HTTP Basic authentication. Default: none.
	User string `json:"user,omitempty"`

	// Password of the user. Default: none.
	Password string `json:"password,omitempty"`

	// API key for authentication instead of a user, as Elasticsearch returns it: base64 of
	// ID:KEY. Default: none.
	APIKey string `json:"api_key,omitempty"`

	// PEM file with the CA certificates that the nodes' certificates are checked against.
	// Default: the system's.
	CA string `json:"ca,omitempty"`

	// PEM file with the client certificate of this edge. Default: none.
	ClientCertificate string `json:"client_certificate,omitempty"`

	// PEM file with the key of the client certificate. Default: none.
	ClientKey string `json:"client_key,omitempty"`

	// Number of primary shards of each daily index, 1 to 1024. Default: 1.
	Shards int `json:"shards,omitempty"`

	// Number of replicas of each shard, 0 to 100. Default: 1 in a cluster of several data
	// nodes, 0 with only one.
	Replicas *int `json:"replicas,omitempty"`

	// Timeout of one request to the cluster, 1s to 10m. Default: 30s.
	Timeout caddy.Duration `json:"timeout,omitempty"`

	// Names of the indices. Default: those of the Python service.
	Index index.Names `json:"index,omitzero"`

	// Durable queue on this machine, where alerts are kept until the cluster has them.
	// Default: as its fields say.
	Spool Spool `json:"spool,omitzero"`

	urls   []*url.URL
	logger *zap.Logger
}

// Spool is the durable outbox on this machine.
type Spool struct {
	// Folder of the spool. It also holds a copy of the users, for times when the cluster
	// is unreachable. Default: peba/spool in Caddy's data directory.
	Path string `json:"path,omitempty"`

	// Maximum size of the spool in bytes. When it is full, sensors get 503 and keep their
	// messages. Default: limited by the disk only.
	MaxSize int64 `json:"max_size,omitempty"`

	// Number of bytes that the spool leaves free on its disk. Default: 1 GiB.
	Reserve *int64 `json:"reserve,omitempty"`
}

// CaddyModule returns the Caddy module information.
func (*Module) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{
		ID:  "peba.stores.elasticsearch",
		New: func() caddy.Module { return new(Module) },
	}
}

// Provision replaces placeholders and fills in defaults. It uses neither disk
// nor network.
func (m *Module) Provision(ctx caddy.Context) error {
	m.logger = ctx.Logger()
	if err := registerMetrics(ctx.GetMetricsRegistry()); err != nil {
		return fmt.Errorf("registering metrics: %w", err)
	}
	replacer := caddy.NewReplacer()
	texts := []*string{&m.User, &m.Password, &m.APIKey, &m.CA, &m.ClientCertificate, &m.ClientKey, &m.Spool.Path}
	texts = append(texts, m.Index.All()...)
	for i := range m.URLs {
		texts = append(texts, &m.URLs[i])
	}
	for _, text := range texts {
		wanted := *text != ""
		if *text = replacer.ReplaceKnown(*text, ""); wanted && *text == "" {
			return errors.New("store elasticsearch: an option is empty after replacing placeholders: set their values, or omit the option")
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
	m.Index.SetDefaults()
}

// parseURL parses the URL of a node.
func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil {
		// The error shows the URL, which may have a password in it.
		return nil, fmt.Errorf("a URL of elasticsearch is invalid: must be %s", allowedURLs)
	}
	if u.User != nil {
		return nil, fmt.Errorf("URL of elasticsearch %s has a user: must be %s; use the option user", u.Redacted(), allowedURLs)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("URL of elasticsearch %q: must be %s", text, allowedURLs)
	}
	return u, nil
}

// Validate checks the configuration.
func (m *Module) Validate() error {
	if len(m.urls) == 0 {
		return fmt.Errorf("store elasticsearch has no URLs: expected one or more of %s", allowedURLs)
	}
	for i, u := range m.urls {
		same := func(other *url.URL) bool { return *other == *u }
		if slices.ContainsFunc(m.urls[:i], same) {
			return fmt.Errorf("URL of elasticsearch %s is given twice", u)
		}
	}
	switch {
	case m.User != "" && m.APIKey != "":
		return errors.New("store elasticsearch has a user and an api_key: must have only one of them")
	case (m.User == "") != (m.Password == ""):
		return errors.New("store elasticsearch has a user or a password without the other: must have both or neither")
	case (m.ClientCertificate == "") != (m.ClientKey == ""):
		return errors.New("store elasticsearch has a client certificate or its key without the other: must have both or neither")
	case m.Timeout < caddy.Duration(minTimeout) || m.Timeout > caddy.Duration(maxTimeout):
		return fmt.Errorf("timeout of elasticsearch: got %v, must be %s", time.Duration(m.Timeout), allowedTimeouts)
	case m.Shards < 1 || m.Shards > maxShards:
		return fmt.Errorf("shards of elasticsearch: got %d, must be 1 to %d", m.Shards, maxShards)
	case m.Replicas != nil && (*m.Replicas < 0 || *m.Replicas > maxReplicas):
		return fmt.Errorf("replicas of elasticsearch: got %d, must be 0 to %d", *m.Replicas, maxReplicas)
	case m.Spool.MaxSize < 0 || *m.Spool.Reserve < 0:
		return fmt.Errorf("spool has max_size %d and reserve %d: must be at least 0", m.Spool.MaxSize, *m.Spool.Reserve)
	}
	return m.Index.Check()
}

// cluster returns the options of the cluster's client.
func (m *Module) cluster() cluster.Options {
	return cluster.Options{
		URLs: m.urls, User: m.User, Password: m.Password, APIKey: m.APIKey,
		CA: m.CA, ClientCertificate: m.ClientCertificate, ClientKey: m.ClientKey,
		Timeout: time.Duration(m.Timeout),
	}
}

// Open connects to the cluster. An unavailable cluster must not prevent the
// start.
func (m *Module) Open(ctx context.Context, opts store.Options) (store.Store, error) {
	return m.open(ctx, opts)
}

var (
	_ caddy.Provisioner     = (*Module)(nil)
	_ caddy.Validator       = (*Module)(nil)
	_ caddyfile.Unmarshaler = (*Module)(nil)
	_ store.Opener          = (*Module)(nil)
)
