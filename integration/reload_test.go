package integration

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/peba-edge/peba/integration/edgetest"
)

// TestReload changes the configuration again and again while sensors send and
// readers ask. Nobody gets a wrong answer, and nothing is lost or doubled. The
// kernel may reset a connection that the old listener had not accepted yet;
// then the client tries again, as all do.
func TestReload(t *testing.T) {
	s := startServer(t, "", "")
	config := func(retention string) string {
		return strings.Replace(s.Site("retention "+retention, ""), "{", "{\n\tgrace_period 10s", 1)
	}
	const senders = 4
	var stop atomic.Bool
	var accepted atomic.Int64
	var group sync.WaitGroup
	for sender := range senders {
		group.Go(func() {
			for n := 0; !stop.Load(); n++ {
				body := edgetest.MessageXML(edgetest.CommunityUser, edgetest.CommunityToken, edgetest.AlertXML("9.9.9.9", sender*1_000_000+n))
				got, err := s.again(http.MethodPost, "/ews-0.1/alert/postSimpleMessage", body)
				if err != nil || got.Status != http.StatusOK {
					t.Errorf("while reloading: %v %d %s", err, got.Status, got.Body)
					return
				}
				accepted.Add(1)
				got, err = s.again(http.MethodGet, "/alert/retrieveAlertStats", "")
				if err != nil || got.Status != http.StatusOK {
					t.Errorf("while reloading: %v %d %s", err, got.Status, got.Body)
					return
				}
			}
		})
	}
	for i := range 5 {
		s.WriteConfig(config(fmt.Sprintf("%dd", 10+i)))
		if out, err := s.CLI("", "reload", "--address", s.Admin, "--config", s.Config, "--adapter", "caddyfile"); err != nil {
			t.Errorf("reload: %v\n%s", err, out)
		}
	}
	// One that cannot be taken leaves the old one at work.
	s.WriteConfig(strings.Replace(config("10d"), "retention 10d", "retention 1s", 1))
	if out, err := s.CLI("", "reload", "--address", s.Admin, "--config", s.Config, "--adapter", "caddyfile"); err == nil ||
		!strings.Contains(out, `retention: got \"1s\"`) {
		t.Errorf("a wrong configuration: %v\n%s", err, out)
	}
	stop.Store(true)
	group.Wait()
	s.WriteConfig(config("10d"))
	if n := s.count(); n != accepted.Load() {
		t.Errorf("%d alerts answered OK, %d stored", accepted.Load(), n)
	}
}

// TestReloadElasticsearch does the same with a spool that all configurations
// share. Each has other URLs: now and then those of nobody.
func TestReloadElasticsearch(t *testing.T) {
	e := elastics.New(t)
	s := newServer(t, e.Options(), "")
	s.Start()
	s.User("soc's token\n", "add", "soc", "--token-file", "-")
	l := startLedger(t, s)
	nobody := "http://" + edgetest.FreeAddress(t)
	for i, urls := range [][]string{e.URLs()[:1], {nobody}, e.URLs()[1:], {nobody}, e.URLs()} {
		l.More(100)
		config := s.Site(e.OptionsAt(urls, fmt.Sprintf("timeout %ds", 20+i)), "")
		s.WriteConfig(strings.Replace(config, "{", "{\n\tgrace_period 10s", 1))
		s.Reload()
		if urls[0] == nobody {
			s.wantHeartbeat(http.StatusServiceUnavailable, "elasticsearch does not answer")
			edgetest.Eventually(t, "alerts wait in the spool", func() bool { return s.Waiting() > 20 })
		} else {
			s.wantHeartbeat(http.StatusOK, "I'm alive")
			edgetest.Eventually(t, "what waited is sent", func() bool { return s.Waiting() < 20 })
		}
	}
	// What cannot change while there is a spool, and what cannot be taken at all. A
	// configuration that does not start may have met a sensor already.
	l.MayRefuse.Store(true)
	for option, want := range map[string]string{
		"timeout 1ms": "timeout: got \\\"1ms\\\"",
		edgetest.SpoolOption(filepath.Join(s.Data, "caddy", "peba", "spool"), "max_size 1GiB"): "stop and start PEBA to change these",
	} {
		s.WriteConfig(s.Site(e.Options(option), ""))
		if out, err := s.CLI("", "reload", "--address", s.Admin, "--config", s.Config, "--adapter", "caddyfile"); err == nil || !strings.Contains(out, want) {
			t.Errorf("a reload with %s: %v\n%s", option, err, out)
		}
	}
	l.More(100)
	l.End()
	s.Drain()
	wantStored(t, e, l, s)
}

// TestReloadThatFailsToStart leaves the old configuration at work, the admin API
// included.
func TestReloadThatFailsToStart(t *testing.T) {
	s := startServer(t, "", "")
	good, err := os.ReadFile(s.Config)
	if err != nil {
		t.Fatal(err)
	}
	s.WriteConfig(strings.Replace(string(good), "community ", "store sqlite /proc/none/peba.db\n\t\tcommunity ", 1))
	if out, err := s.CLI("", "reload", "--address", s.Admin, "--config", s.Config, "--adapter", "caddyfile"); err == nil ||
		!strings.Contains(out, "/proc/none") {
		t.Fatalf("the reload: %v\n%s", err, out)
	}
	s.User("long enough\n", "add", "soc", "--token-file", "-")
	if got := s.Post(edgetest.MessageXML("soc", "long enough", edgetest.AlertXML("9.9.9.9", 1))); got.Body != edgetest.OKResult {
		t.Errorf("%d %s", got.Status, got.Body)
	}
}

// again sends a request once more when its connection is reset.
func (s *server) again(method, path, body string) (edgetest.Answer, error) {
	got, err := s.Try(method, path, body)
	for tries := 1; err != nil && tries < 5; tries++ {
		got, err = s.Try(method, path, body)
	}
	return got, err
}

// TestSecondProcess starts a second server on the same database: it must say
// what is wrong and leave the first alone.
func TestSecondProcess(t *testing.T) {
	s := startServer(t, "", "")
	second := newServer(t, "store sqlite "+s.Database(), "")
	out, err := second.Command("run", "--config", second.Config, "--adapter", "caddyfile").CombinedOutput()
	if err == nil || !strings.Contains(string(out), s.Database()) {
		t.Errorf("the second process: %v\n%s", err, out)
	}
	if got := s.Post(edgetest.MessageXML(edgetest.CommunityUser, edgetest.CommunityToken, edgetest.AlertXML("9.9.9.9", 1))); got.Body != edgetest.OKResult {
		t.Errorf("the first: %d %s", got.Status, got.Body)
	}
}

// TestJSONConfig runs the app and single handlers from JSON, without a Caddyfile.
func TestJSONConfig(t *testing.T) {
	s := newServer(t, "", "")
	s.Config = filepath.Join(s.Data, "caddy.json")
	s.WriteConfig(fmt.Sprintf(`{
	"admin": {"listen": %q, "config": {"persist": false}},
	"apps": {
		"peba": {
			"store": {"module": "sqlite", "path": %q},
			"cache": {"module": "memory"},
			"geoip": {"module": "builtin"},
			"community": {"user": %q, "token": %q},
			"refresh": [{"every": "5s", "questions": ["retrieveAlertsJson?topx=5&ci=-1"]}]
		},
		"http": {"servers": {"srv0": {"listen": [%q], "automatic_https": {"disable": true}, "routes": [
			{"match": [{"path": ["/sensors"]}], "handle": [{"handler": "peba_ingest", "max_body": 100000}]},
			{"match": [{"path": ["/latest"]}], "handle": [{"handler": "peba_query", "name": "retrieveAlertsJson"}]},
			{"match": [{"path": ["/heartbeat"]}], "handle": [{"handler": "peba_heartbeat"}]}
		]}}}
	}
}`, s.Admin, s.Database(), edgetest.CommunityUser, edgetest.CommunityToken, strings.TrimPrefix(s.URL, "http://")))
	s.Adapter = "" // Caddy's own JSON
	s.Start()
	if got := s.Request(http.MethodPost, "/sensors", edgetest.MessageXML(edgetest.CommunityUser, edgetest.CommunityToken, edgetest.AlertXML("9.9.9.9", 1))); got.Body != edgetest.OKResult {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	got := s.Request(http.MethodGet, "/latest", "")
	if got.Status != http.StatusOK || !strings.Contains(got.Body, `"analyzerType":"SSH/console(cowrie)"`) {
		t.Errorf("%d %s", got.Status, got.Body)
	}
	if strings.Contains(got.Body, "9.9.9.9") {
		t.Errorf("a source address in public: %s", got.Body)
	}
}
