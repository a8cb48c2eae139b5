package sqlite

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/caddyconfig/caddyfile"

	"github.com/peba-edge/peba/store"
)

func TestUnmarshalCaddyfile(t *testing.T) {
	tests := []struct{ input, path, wantErr string }{
		{"sqlite", "", ""},
		{"sqlite /data/peba.db", "/data/peba.db", ""},
		{`sqlite "/data/with space/{env.HOME}"`, "/data/with space/{env.HOME}", ""},
		{"sqlite a b", "", `unexpected "b": expected one PATH`},
		{"sqlite a {\n size 3\n}", "", `unknown option "size": expected one PATH and no options`},
	}
	for _, test := range tests {
		t.Run(test.input, func(t *testing.T) {
			m := new(Module)
			err := m.UnmarshalCaddyfile(caddyfile.NewTestDispenser(test.input))
			if test.wantErr != "" {
				if err == nil || !strings.Contains(err.Error(), test.wantErr) || !strings.Contains(err.Error(), "Testfile:") {
					t.Errorf("error is %v, want %q with file and line", err, test.wantErr)
				}
				return
			}
			if err != nil || m.Path != test.path {
				t.Errorf("path is %q, error %v; want %q", m.Path, err, test.path)
			}
		})
	}
}

// provision loads the module by its name, as the app does.
func provision(t *testing.T, config string) (*Module, error) {
	t.Helper()
	ctx, cancel := caddy.NewContext(caddy.Context{Context: context.Background()})
	t.Cleanup(cancel)
	v, err := ctx.LoadModuleByID("peba.stores.sqlite", json.RawMessage(config))
	if err != nil {
		return nil, err
	}
	return v.(*Module), nil
}

func TestProvision(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("XDG_DATA_HOME", dir)
	t.Setenv("PEBA_TEST_DIR", dir)
	tests := []struct{ config, path, wantErr string }{
		{`{}`, filepath.Join(dir, "caddy", "peba", "peba.db"), ""},
		{`{"path": "{env.PEBA_TEST_DIR}/x.db"}`, filepath.Join(dir, "x.db"), ""},
		{`{"path": "{env.PEBA_TEST_NOT_SET}/x.db"}`, "", "{env.PEBA_TEST_NOT_SET}"},
		{`{"path": "{nothing.known}"}`, "", "nothing.known"},
		{`{"path": "` + dir + `"}`, "", "is a folder"},
		{`{"file": "x"}`, "", `unknown field "file"`},
	}
	for _, test := range tests {
		m, err := provision(t, test.config)
		if test.wantErr != "" {
			if err == nil || !strings.Contains(err.Error(), test.wantErr) {
				t.Errorf("%s: error is %v, want %q in it", test.config, err, test.wantErr)
			}
			continue
		}
		if err != nil || m.path != test.path {
			t.Errorf("%s: path is %v, error %v; want %q", test.config, m, err, test.path)
		}
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 0 {
		t.Errorf("provisioning has made %v, %v", entries, err)
	}
}

func TestModuleOpens(t *testing.T) {
	path := emptyPath(t)
	config, err := json.Marshal(Module{Path: path})
	must(t, err)
	m, err := provision(t, string(config))
	must(t, err)
	var opener store.Opener = m
	s, err := opener.Open(t.Context(), store.Options{})
	must(t, err)
	must(t, s.Ping(t.Context()))
	must(t, s.Close())
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}
