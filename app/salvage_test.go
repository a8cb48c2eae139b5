package app

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"

	"github.com/peba-edge/peba/store"
)

// salvagedStore is a store of which only salvaging is used.
type salvagedStore struct {
	store.Store
	asked []SalvageRequest
}

func (*salvagedStore) DamagedFiles() ([]store.DamagedFile, error) {
	return []store.DamagedFile{{Path: "/spool/a.damaged", Size: 7}}, nil
}

func (s *salvagedStore) Salvage(_ context.Context, path string, dryRun, remove bool) (store.SalvagedFile, error) {
	s.asked = append(s.asked, SalvageRequest{File: path, DryRun: dryRun, Remove: remove})
	return store.SalvagedFile{Path: path, Recovered: 3}, nil
}

func TestServeSpool(t *testing.T) {
	tests := []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", DamagedPath, "", 200, `"/spool/a.damaged"`},
		{"POST", DamagedPath, "", 405, ""},
		{"GET", SalvagePath, "", 405, ""},
		{"POST", SalvagePath, `{"file":"a.damaged","dry_run":true}`, 200, `"recovered":3`},
		{"POST", SalvagePath, `{}`, 400, ""},
		{"POST", SalvagePath, `{"file":"a","other":1}`, 400, ""},
	}
	s := &salvagedStore{}
	for _, test := range tests {
		t.Run(test.method+" "+test.path+" "+test.body, func(t *testing.T) {
			w := httptest.NewRecorder()
			err := serveSpool(w, httptest.NewRequest(test.method, test.path, strings.NewReader(test.body)), s)
			status := w.Code
			var api caddy.APIError
			if errors.As(err, &api) {
				status = api.HTTPStatus
			}
			if status != test.status || !strings.Contains(w.Body.String(), test.want) || err == nil && !json.Valid(w.Body.Bytes()) {
				t.Errorf("status is %d, body %q, error %v", status, w.Body, err)
			}
		})
	}
	if want := []SalvageRequest{{File: "a.damaged", DryRun: true}}; !reflect.DeepEqual(s.asked, want) {
		t.Errorf("asked for %+v, expected %+v", s.asked, want)
	}
	var api caddy.APIError
	if err := serveSpool(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, DamagedPath, nil), struct{ store.Store }{}); !errors.As(err, &api) || api.HTTPStatus != 404 {
		t.Errorf("a store without a spool answers %v", err)
	}
}
