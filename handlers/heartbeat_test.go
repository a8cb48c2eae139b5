package handlers

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/caddyserver/caddy/v2"

	"github.com/peba-edge/peba/store"
)

func init() {
	caddy.RegisterModule(new(degradedOpener))
}

// degradedOpener opens a store of which a part fails.
type degradedOpener struct{}

func (*degradedOpener) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "peba.stores.degraded", New: func() caddy.Module { return new(degradedOpener) }}
}

func (*degradedOpener) Open(context.Context, store.Options) (store.Store, error) {
	return degraded{}, nil
}

type degraded struct{ down }

func (degraded) Ping(context.Context) error { return nil }
func (degraded) Degraded() []*store.PartError {
	return []*store.PartError{{Part: "cluster takes no alerts", Err: errors.New("http://10.0.0.7:9200: 429")}}
}

func TestHeartbeat(t *testing.T) {
	tests := []struct {
		name, store, path string
		status            int
		body              string
	}{
		{"healthy", "", "/heartbeat", http.StatusOK, "I'm alive"},
		{"healthy, strict", "", "/heartbeat?strict", http.StatusOK, "I'm alive"},
		{"failing", `{"module":"down"}`, "/heartbeat", http.StatusServiceUnavailable, "store does not answer"},
		{"failing, strict", `{"module":"down"}`, "/heartbeat?strict=1", http.StatusServiceUnavailable, "store does not answer"},
		{"degraded", `{"module":"degraded"}`, "/heartbeat", http.StatusOK, "I'm alive\ndegraded: cluster takes no alerts"},
		{"degraded, strict", `{"module":"degraded"}`, "/heartbeat?strict", http.StatusServiceUnavailable, "degraded: cluster takes no alerts"},
		{"degraded, strict with a value", `{"module":"degraded"}`, "/heartbeat?strict=true", http.StatusServiceUnavailable, "degraded: cluster takes no alerts"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := serve(t, newApp(t, test.store), httptest.NewRequest(http.MethodGet, test.path, nil), &Heartbeat{})
			if w.Code != test.status || w.Body.String() != test.body {
				t.Errorf("%d %q, want %d %q", w.Code, w.Body, test.status, test.body)
			}
		})
	}
}
