package integration

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/integration/edgetest"
)

// TestNotify sends an alert that names a CVE: a receiver gets the event new_cve, once.
func TestNotify(t *testing.T) {
	type event struct {
		Type, Source string
		Data         map[string]string
	}
	events := make(chan event, 10)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var e event
		if err := json.NewDecoder(r.Body).Decode(&e); err != nil {
			t.Errorf("the event: %v", err)
		}
		events <- e
	}))
	defer receiver.Close()
	s := newServer(t, "", "")
	s.WriteConfig(strings.Replace(s.Site("", ""), "\tpeba {", "\tevents {\n\t\ton new_cve peba_notify {env.PEBA_TEST_RECEIVER}\n\t}\n\tpeba {", 1))
	s.Env = append(s.Env, "PEBA_TEST_RECEIVER="+receiver.URL+"/hook")
	s.Start()
	for n, cve := range []string{"CVE-2017-0144", "CVE-2017-0144", "CVE-2017-5638"} {
		alert := edgetest.WithFields(edgetest.AlertXML("203.0.113.7", n+1), edgetest.FieldXML("cve_id", cve))
		if got := s.Post(edgetest.MessageXML(edgetest.CommunityUser, edgetest.CommunityToken, alert)); got.Body != edgetest.OKResult {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
	}
	for _, cve := range []string{"CVE-2017-0144", "CVE-2017-5638"} {
		var e event
		select {
		case e = <-events:
		case <-time.After(time.Minute):
			t.Fatalf("no event for %s:\n%s", cve, s.Log)
		}
		if e.Type != "new_cve" || e.Source != "peba" || e.Data["cve"] != cve || e.Data["source_ip"] != "203.0.113.7" {
			t.Errorf("%s is sent as %+v", cve, e)
		}
	}
	s.Stop()
	if len(events) > 0 {
		t.Errorf("one more event is sent: %+v", <-events)
	}
}
