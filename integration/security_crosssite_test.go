package integration

import (
	"net/http"
	"strings"
	"testing"

	"github.com/peba-edge/peba/integration/edgetest"
	"github.com/peba-edge/peba/routes"
)

// TestCrossSite sends what a page of another site can have a browser send that has
// cached a user's HTTP Basic log-in: GET, and POST of a form or of plain text. The
// page may read nothing of the answers, and nothing is changed.
func TestCrossSite(t *testing.T) {
	const evil, token = "https://evil.example", "long enough"
	message := edgetest.MessageXML("soc", "", edgetest.AlertXML("9.9.9.9", 1)) // the page does not know the token
	without := strings.Replace(message, "<username>soc</username><token></token>", "", 1)
	for name, option := range map[string]string{"without a frontend": "", "with a frontend": "frontend " + frontend} {
		t.Run(name, func(t *testing.T) {
			s := startServer(t, "", option)
			s.User(token+"\n", "add", "soc", "--token-file", "-")
			answered := 0
			for _, r := range routes.Table() {
				if r.Handler == "peba_stream" {
					continue // does not end; see TestFrontend
				}
				for _, origin := range []string{evil, "null"} {
					for _, body := range []string{"", "a=b", message, without} {
						for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodOptions} {
							got := s.Request(method, r.Paths[0], body, "Origin", origin, "Sec-Fetch-Site", "cross-site",
								"Content-Type", "text/plain", "Authorization", basic("soc", token))
							if allowed := got.Header.Get("Access-Control-Allow-Origin"); allowed != "" {
								t.Errorf("%s %s from %s: Access-Control-Allow-Origin %q", method, r.Paths[0], origin, allowed)
							}
							if r.LogIn() && got.Status == http.StatusOK {
								answered++
								if got.Header.Get("X-Content-Type-Options") != "nosniff" {
									t.Errorf("%s %s: a browser may guess what the answer is", method, r.Paths[0])
								}
							}
							if r.Group == routes.Ingest && got.Status == http.StatusOK {
								t.Errorf("%s of a message with HTTP Basic: %d %s", method, got.Status, got.Body)
							}
						}
					}
				}
			}
			if answered == 0 {
				t.Error("no private question was answered: nothing is tested")
			}
			if got := s.Request(http.MethodGet, "/alert/retrieveAlertsCount?time=60&out=json&ci=-1", ""); trim(got.Body) != `{"AlertCount":0}` {
				t.Errorf("an alert was stored: %s", got.Body)
			}
		})
	}
}

// TestCrossSiteAdmin sends to the admin API what a page that the operator looks at can
// have the browser send.
func TestCrossSiteAdmin(t *testing.T) {
	s := startServer(t, "", "")
	for _, test := range []struct {
		name, header, value string
		status              int
	}{
		{"from another site", "Origin", "https://evil.example", http.StatusForbidden},
		{"from a sandbox", "Origin", "null", http.StatusBadRequest},
		{"under another name", "Host", "evil.example", http.StatusForbidden},
		{"without CORS", "Sec-Fetch-Mode", "no-cors", http.StatusBadRequest},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, r := range []request{
				{http.MethodPost, "/peba/users", `{"name":"evil","token":"evil's token"}`},
				{http.MethodGet, "/peba/users", ""}, {http.MethodGet, "/config/", ""}, {http.MethodPost, "/stop", ""},
			} {
				admin := *s.Server
				admin.URL = "http://" + s.Admin
				got := admin.Request(r.method, r.uri, r.body, "Content-Type", "text/plain", test.header, test.value)
				if got.Status != test.status || got.Header.Get("Access-Control-Allow-Origin") != "" {
					t.Errorf("%s %s: %d %s", r.method, r.uri, got.Status, got.Body)
				}
			}
		})
	}
	if out := s.User("", "list", "--json"); trim(out) != "[]" {
		t.Errorf("the users are %s", out)
	}
}
