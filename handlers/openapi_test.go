package handlers

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestOpenAPI(t *testing.T) {
	ctx := newApp(t, "")
	for _, tt := range []struct {
		without      []string
		method       string
		status       int
		with, withNo string
	}{
		{nil, http.MethodGet, http.StatusOK, "postSimpleMessage", "nothing of the kind"},
		{[]string{"ingest"}, http.MethodGet, http.StatusOK, "/alert/retrieveIPs", "postSimpleMessage"},
		{[]string{"private"}, http.MethodGet, http.StatusOK, "/alert/tops", "/alert/retrieveIPs"},
		{nil, http.MethodPut, http.StatusMethodNotAllowed, `{"error":`, "paths"},
	} {
		got := serve(t, ctx, httptest.NewRequest(tt.method, "/alert/openapi.json", nil), &OpenAPI{Without: tt.without})
		body := got.Body.String()
		if got.Code != tt.status || got.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s without %v: %d %v", tt.method, tt.without, got.Code, got.Header())
		}
		if !strings.Contains(body, tt.with) || strings.Contains(body, tt.withNo) {
			t.Errorf("%s without %v: has %s: %v, has %s: %v", tt.method, tt.without,
				tt.with, strings.Contains(body, tt.with), tt.withNo, strings.Contains(body, tt.withNo))
		}
	}
}

func TestOpenAPIUnknownGroup(t *testing.T) {
	err := (&OpenAPI{Without: []string{"ingest", "everything"}}).Validate()
	if err == nil || !strings.Contains(err.Error(), `"everything"`) || !strings.Contains(err.Error(), "ingest, private, public") {
		t.Errorf("got %v", err)
	}
}
