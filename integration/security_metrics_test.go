package integration

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/peba-edge/peba/integration/edgetest"
)

// TestMetricsAreBounded sends 2,000 different values in everything that strangers
// choose. None makes a time series.
func TestMetricsAreBounded(t *testing.T) {
	s := newServer(t, "", "")
	s.WriteConfig(strings.Replace(s.Site("", ""), "{\n", "{\n\tmetrics {\n\t\tper_host\n\t}\n", 1))
	s.Start()
	before := func() map[string]bool {
		s.hostile(0)
		s.series() // the first look adds what counts looks
		edgetest.Eventually(t, "the feed is computed", func() bool { return s.series()[`peba_feed_addresses{feed="blocklist"}`] })
		return s.series()
	}()
	const values = 2000
	for n := 1; n < values; n++ {
		s.hostile(n)
	}
	after := s.series()
	for name := range after {
		if !before[name] {
			t.Errorf("a new series: %s", name)
		}
		if strings.Contains(name, "hostile") {
			t.Errorf("a stranger's value is a label: %s", name)
		}
	}
	t.Logf("%d series", len(after))
}

// hostile sends the n-th value in all places, each with the same outcome for all n.
func (s *server) hostile(n int) {
	s.t.Helper()
	x := fmt.Sprintf("hostile%d", n)
	for i, r := range []struct {
		request
		header []string
		status int
	}{
		{request{http.MethodPost, edgetest.PostPath, edgetest.MessageXML(edgetest.CommunityUser, edgetest.CommunityToken, s.named(x))},
			[]string{"User-Agent", x, "X-Forwarded-For", x, "Content-Type", x}, http.StatusOK},
		{request{http.MethodPost, edgetest.PostPath, edgetest.MessageXML(x, "")}, nil, http.StatusForbidden},
		{request{http.MethodPost, edgetest.PostPath, "<" + x}, nil, http.StatusBadRequest},
		{request{http.MethodPost, edgetest.PostPath, "<a/>"}, []string{"Content-Encoding", x}, http.StatusBadRequest},
		{request{"HOSTILE" + fmt.Sprint(n), edgetest.PostPath, ""}, nil, http.StatusMethodNotAllowed},
		{request{http.MethodGet, "/alert/" + x, ""}, []string{"Host", x + ".example"}, http.StatusNotFound},
		{request{http.MethodGet, "/alert/getStats?values=" + x + "&ci=" + x + "&" + x + "=1", ""}, []string{"Accept", x, "Accept-Encoding", x}, http.StatusOK},
		{request{http.MethodGet, "/alert/tops?type=" + x, ""}, nil, http.StatusBadRequest},
		{request{http.MethodGet, "/dashboard/" + x, ""}, []string{"Origin", x}, http.StatusNotFound},
	} {
		got := s.Request(r.method, r.uri, r.body, r.header...)
		if got.Status != r.status && r.header == nil {
			s.t.Fatalf("request %d: %d %s, want %d", i, got.Status, got.Body, r.status)
		}
	}
}

// named is an alert with the value in all fields that are texts.
func (s *server) named(x string) string {
	alert := edgetest.AlertXML("203.0.113.7", 1)
	for _, known := range []string{"cowrie-community-01", "1025", "tcp", `"22"`, "sessionid", ">s1<"} {
		quote := known[:1] + x + known[len(known)-1:]
		if known[0] != '"' && known[0] != '>' {
			quote = x
		}
		alert = strings.ReplaceAll(alert, known, quote)
	}
	return edgetest.WithFields(alert, edgetest.FieldXML("hostname", x), edgetest.FieldXML("cve_id", x))
}

// series returns the names and labels of all metrics.
func (s *server) series() map[string]bool {
	s.t.Helper()
	admin := *s.Server
	admin.URL = "http://" + s.Admin
	all := make(map[string]bool)
	for line := range strings.Lines(admin.Request(http.MethodGet, "/metrics", "").Body) {
		if end := strings.LastIndexByte(line, ' '); end > 0 && line[0] != '#' {
			all[line[:end]] = true
		}
	}
	return all
}
