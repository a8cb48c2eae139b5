package integration

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/peba-edge/peba/integration/edgetest"
)

// TestPrivateDomainHidden shows private users' alerts to those who log in.
func TestPrivateDomainHidden(t *testing.T) {
	s := startServer(t, "private_domain hidden\n\t\trefresh 5s retrieveAlertsJson?ci=-1", "")
	s.User("long enough\n", "add", "soc", "--token-file", "-")
	s.User("long enough\n", "add", "guest", "--token-file", "-", "--community")
	if got := s.Post(edgetest.MessageXML("soc", "long enough", edgetest.AlertXML("9.9.9.9", 1))); got.Body != edgetest.OKResult {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	const count = "/alert/retrieveAlertsCount?time=5&out=json&ci="
	for _, test := range []struct {
		user, token, ci string
		status          int
		body            string
	}{
		{"", "", "0", http.StatusForbidden, "logged-in users only"},
		{"", "", "-1", http.StatusForbidden, "logged-in users only"},
		{"soc", "long enough", "0", http.StatusOK, `{"AlertCount":1}`},
		{"soc", "long enough", "-1", http.StatusOK, `{"AlertCount":1}`},
		{"guest", "long enough", "0", http.StatusOK, `{"AlertCount":0}`},
		{"soc", "wrong", "0", http.StatusForbidden, "wrong token"},
		{edgetest.CommunityUser, edgetest.CommunityToken, "0", http.StatusForbidden, "wrong token"},
		{"", "", "0", http.StatusForbidden, "logged-in users only"}, // although it is cached now
		{"", "", "1", http.StatusOK, `{"AlertCount":0}`},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+count+test.ci, nil)
		if err != nil {
			t.Fatal(err)
		}
		if test.user != "" {
			r.SetBasicAuth(test.user, test.token)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		got := string(text)
		if resp.StatusCode != test.status || !strings.Contains(trim(got), test.body) {
			t.Errorf("%q with ci=%s: %d %s, want %d and %s", test.user, test.ci, resp.StatusCode, got, test.status, test.body)
		}
	}
	if got := s.Request(http.MethodGet, "/alert/stream?ci=0", ""); got.Status != http.StatusForbidden {
		t.Errorf("the stream: %d %s", got.Status, got.Body)
	}
}
