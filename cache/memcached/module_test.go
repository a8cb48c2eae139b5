package memcached

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"
	_ "github.com/caddyserver/caddy/v2/modules/filestorage"
	"github.com/caddyserver/certmagic"
	"github.com/peba-edge/peba/cache/cachetest"
)

// load loads the module as Caddy does, with storage in the folder.
func load(t *testing.T, storage, config string) (*Module, error) {
	t.Helper()
	raw, err := json.Marshal(map[string]string{"module": "file_system", "root": storage})
	if err != nil {
		t.Fatal(err)
	}
	ctx, err := caddy.ProvisionContext(&caddy.Config{StorageRaw: raw})
	if err != nil {
		t.Fatal(err)
	}
	m, err := ctx.LoadModuleByID("peba.caches.memcached", json.RawMessage(config))
	if err != nil {
		return nil, err
	}
	return m.(*Module), nil
}

func TestConfig(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte("from a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PEBA_TEST_SECRET", "from the environment")
	t.Setenv("PEBA_TEST_EMPTY", "")
	tests := []struct {
		config    string
		addresses []address
		timeout   time.Duration
		secret    string
		err       string
	}{
		{config: `{"servers":["cache.example"]}`, addresses: []address{{"tcp", "cache.example:11211"}}, timeout: 100 * time.Millisecond},
		{
			config:    `{"servers":["10.0.0.1:1","[::1]:2","unix//run/memcached.sock"],"timeout":"1s","secret":"{keep}{env.PEBA_TEST_SECRET}"}`,
			addresses: []address{{"tcp", "10.0.0.1:1"}, {"tcp", "[::1]:2"}, {"unix", "/run/memcached.sock"}},
			timeout:   time.Second, secret: "{keep}from the environment",
		},
		{
			config:    `{"servers":["h"],"secret":"{file.` + file + `}"}`,
			addresses: []address{{"tcp", "h:11211"}}, timeout: 100 * time.Millisecond, secret: "from a file",
		},
		{config: `{}`, err: "no servers: expected one or more of HOST, HOST:PORT or unix//PATH"},
		{config: `{"servers":["h","h:11211"]}`, err: "memcached server h:11211 is given twice"},
		{config: `{"servers":["h:1-3"]}`, err: `memcached server "h:1-3": must be HOST`},
		{config: `{"servers":[":11211"]}`, err: `memcached server ":11211": must be HOST`},
		{config: `{"servers":["udp/h:1"]}`, err: `memcached server "udp/h:1": network is "udp"`},
		{config: `{"servers":["h:port"]}`, err: `memcached server "h:port"`},
		{config: `{"servers":["h"],"timeout":"1us"}`, err: "timeout of memcached: got 1µs, must be 1ms to 5s"},
		{config: `{"servers":["h"],"timeout":"-1s"}`, err: "timeout of memcached: got -1s"},
		{config: `{"servers":["h"],"timeout":"6s"}`, err: "timeout of memcached: got 6s"},
		{config: `{"servers":["h"],"secret":"{env.PEBA_TEST_EMPTY}"}`, err: "secret of memcached is empty"},
		{config: `{"servers":["h"],"size":1}`, err: "size"},
	}
	for _, test := range tests {
		m, err := load(t, t.TempDir(), test.config)
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%s: error %v, want one with %q", test.config, err, test.err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", test.config, err)
		} else if !slices.Equal(m.addresses, test.addresses) || time.Duration(m.Timeout) != test.timeout || m.secret != test.secret {
			t.Errorf("%s: %v, timeout %v, secret %q", test.config, m.addresses, time.Duration(m.Timeout), m.secret)
		}
	}
}

func TestCaddyfile(t *testing.T) {
	tests := []struct{ input, json, err string }{
		{input: "memcached a b:1", json: `{"servers":["a","b:1"]}`},
		{input: "memcached a {\n\ttimeout 50ms\n\tsecret {env.S}\n}", json: `{"servers":["a"],"timeout":50000000,"secret":"{env.S}"}`},
		{input: "memcached", err: "no servers: expected one or more of HOST"},
		{input: "memcached a {\n\ttimeout soon\n}", err: `timeout: got "soon", must be 1ms to 5s`},
		{input: "memcached a {\n\ttimeout 1m\n}", err: `timeout: got "1m", must be 1ms to 5s`},
		{input: "memcached a {\n\ttimeout\n}", err: "timeout has 0 arguments"},
		{input: "memcached a {\n\ttimeout 1s\n\ttimeout 1s\n}", err: "timeout is given twice"},
		{input: "memcached a {\n\tsecret\n}", err: "secret: expected one non-empty text"},
		{input: "memcached a {\n\tsecret \"\"\n}", err: "secret: expected one non-empty text"},
		{input: "memcached a {\n\tsecret a b\n}", err: "secret: expected one non-empty text"},
		{input: "memcached a {\n\tsecret a\n\tsecret b\n}", err: "secret is given twice"},
		{input: "memcached a {\n\tsecret a {\n\t\tb\n\t}\n}", err: `secret takes no block: unexpected "b"`},
		{input: "memcached a {\n\tsize 1\n}", err: `unknown option "size": must be one of timeout, secret`},
	}
	for _, test := range tests {
		m := new(Module)
		err := m.UnmarshalCaddyfile(caddyfile.NewTestDispenser(test.input))
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("%q: error %v, want one with %q", test.input, err, test.err)
			}
			continue
		}
		got, jsonErr := json.Marshal(m)
		if err != nil || jsonErr != nil || string(got) != test.json {
			t.Errorf("%q: %s, %v, %v, want %s", test.input, got, err, jsonErr, test.json)
		}
	}
}

// Edges agree on a secret, or on storage; else they do not see each other's values.
func TestWhoShares(t *testing.T) {
	server := cachetest.StartMemcached(t)
	without := fmt.Sprintf(`{"servers":[%q],"timeout":"5s"}`, server.Address)
	with := fmt.Sprintf(`{"servers":[%q],"timeout":"5s","secret":"s"}`, server.Address)
	shared := t.TempDir()
	tests := []struct {
		name                     string
		storageA, a, storageB, b string
		share                    bool
	}{
		{"one storage", shared, without, shared, without, true},
		{"one secret", t.TempDir(), with, t.TempDir(), with, true},
		{"two storages", t.TempDir(), without, t.TempDir(), without, false},
		{"one has a secret", shared, with, shared, without, false},
	}
	for _, test := range tests {
		openAs := func(storage, config string) *handle {
			t.Helper()
			m, err := load(t, storage, config)
			if err != nil {
				t.Fatal(err)
			}
			c, err := m.Open(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = c.Close() })
			return c.(*handle)
		}
		a, b := openAs(test.storageA, test.a), openAs(test.storageB, test.b)
		set(t, a, test.name, "v")
		if test.share {
			want(t, b, test.name, "v")
		} else {
			want(t, b, test.name, "")
		}
	}
}

func TestProvisionTouchesNothing(t *testing.T) {
	storage := t.TempDir()
	if _, err := load(t, storage, fmt.Sprintf(`{"servers":[%q]}`, startDead(t))); err != nil {
		t.Fatal(err)
	}
	files, err := os.ReadDir(storage)
	if err != nil || len(files) != 0 {
		t.Errorf("storage has %v, %v", files, err)
	}
}

func TestStoredKey(t *testing.T) {
	storage := &certmagic.FileStorage{Path: t.TempDir()}
	keys := make([][]byte, 3)
	var wg sync.WaitGroup
	for i := range keys { // edges that start at the same time
		wg.Go(func() {
			var err error
			if keys[i], err = storedKey(t.Context(), storage); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, key := range keys {
		if len(key) != keySize || !bytes.Equal(key, keys[0]) || bytes.Equal(key, make([]byte, keySize)) {
			t.Fatalf("the keys are %x", keys)
		}
	}
	if err := storage.Store(t.Context(), keyName, []byte("short")); err != nil {
		t.Fatal(err)
	}
	if _, err := storedKey(t.Context(), storage); err == nil || !strings.Contains(err.Error(), "peba/memcached.key in storage has 5 bytes: must have 32") {
		t.Errorf("with a key that is cut: %v", err)
	}
}
