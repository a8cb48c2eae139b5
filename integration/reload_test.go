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
)

// TestReload changes the configuration again and again while sensors send and
// readers ask. Nobody gets a wrong answer, and nothing is lost or doubled. The
// kernel may reset a connection that the old listener had not accepted yet;
// then the client tries again, as all do.
func TestReload(t *testing.T) {
	s := startServer(t, "", "")
	config := func(retention string) string {
		return strings.Replace(site(strings.TrimPrefix(s.url, "http://"), s.admin, "retention "+retention, ""), "{", "{\n\tgrace_period 10s", 1)
	}
	const senders = 4
	var stop atomic.Bool
	var accepted atomic.Int64
	var group sync.WaitGroup
	for sender := range senders {
		group.Go(func() {
			for n := 0; !stop.Load(); n++ {
				body := messageXML(communityUser, communityToken, alertXML("9.9.9.9", sender*1_000_000+n))
				got, err := s.again(http.MethodPost, "/ews-0.1/alert/postSimpleMessage", body)
				if err != nil || got.status != http.StatusOK {
					t.Errorf("while reloading: %v %d %s", err, got.status, got.body)
					return
				}
				accepted.Add(1)
				got, err = s.again(http.MethodGet, "/alert/retrieveAlertStats", "")
				if err != nil || got.status != http.StatusOK {
					t.Errorf("while reloading: %v %d %s", err, got.status, got.body)
					return
				}
			}
		})
	}
	for i := range 5 {
		s.writeConfig(config(fmt.Sprintf("%dd", 10+i)))
		if out, err := s.cli("", "reload", "--address", s.admin, "--config", s.config, "--adapter", "caddyfile"); err != nil {
			t.Errorf("reload: %v\n%s", err, out)
		}
	}
	// One that cannot be taken leaves the old one at work.
	s.writeConfig(strings.Replace(config("10d"), "retention 10d", "retention 1s", 1))
	if out, err := s.cli("", "reload", "--address", s.admin, "--config", s.config, "--adapter", "caddyfile"); err == nil ||
		!strings.Contains(out, `retention is \"1s\"`) {
		t.Errorf("a wrong configuration: %v\n%s", err, out)
	}
	stop.Store(true)
	group.Wait()
	s.writeConfig(config("10d"))
	if n := s.count(); n != accepted.Load() {
		t.Errorf("%d alerts answered OK, %d stored", accepted.Load(), n)
	}
}

// TestReloadElasticsearch does the same with a spool that all configurations
// share. Each has other URLs: now and then those of nobody.
func TestReloadElasticsearch(t *testing.T) {
	e := newElastic(t)
	s := newServer(t, e.options(), "")
	s.start()
	s.user("soc's token\n", "add", "soc", "--token-file", "-")
	l := startLoad(t, s)
	nobody := "http://" + freeAddress(t)
	for i, urls := range [][]string{e.URLs()[:1], {nobody}, e.URLs()[1:], {nobody}, e.URLs()} {
		l.more(100)
		config := site(strings.TrimPrefix(s.url, "http://"), s.admin, e.optionsAt(urls, fmt.Sprintf("timeout %ds", 20+i)), "")
		s.writeConfig(strings.Replace(config, "{", "{\n\tgrace_period 10s", 1))
		s.reload()
		if urls[0] == nobody {
			s.wantHeartbeat(http.StatusServiceUnavailable, "elasticsearch does not answer")
			eventually(t, "alerts wait in the spool", func() bool { return s.waiting() > 20 })
		} else {
			s.wantHeartbeat(http.StatusOK, "I'm alive")
			eventually(t, "what waited is sent", func() bool { return s.waiting() < 20 })
		}
	}
	// What cannot change while there is a spool, and what cannot be taken at all. A
	// configuration that does not start may have met a sensor already.
	l.mayRefuse.Store(true)
	for option, want := range map[string]string{
		"timeout 1ms": "timeout is \\\"1ms\\\"",
		spoolOption(filepath.Join(s.data, "caddy", "peba", "spool"), "max_size 1GiB"): "stop and start PEBA to change these",
	} {
		s.writeConfig(site(strings.TrimPrefix(s.url, "http://"), s.admin, e.options(option), ""))
		if out, err := s.cli("", "reload", "--address", s.admin, "--config", s.config, "--adapter", "caddyfile"); err == nil || !strings.Contains(out, want) {
			t.Errorf("a reload with %s: %v\n%s", option, err, out)
		}
	}
	l.more(100)
	l.end()
	s.drain()
	wantStored(t, e, l, s)
}

// TestReloadThatFailsToStart leaves the old configuration at work, the admin API
// included.
func TestReloadThatFailsToStart(t *testing.T) {
	s := startServer(t, "", "")
	good, err := os.ReadFile(s.config)
	if err != nil {
		t.Fatal(err)
	}
	s.writeConfig(strings.Replace(string(good), "community ", "store sqlite /proc/none/peba.db\n\t\tcommunity ", 1))
	if out, err := s.cli("", "reload", "--address", s.admin, "--config", s.config, "--adapter", "caddyfile"); err == nil ||
		!strings.Contains(out, "/proc/none") {
		t.Fatalf("the reload: %v\n%s", err, out)
	}
	s.user("long enough\n", "add", "soc", "--token-file", "-")
	if got := s.post(messageXML("soc", "long enough", alertXML("9.9.9.9", 1))); got.body != okResult {
		t.Errorf("%d %s", got.status, got.body)
	}
}

// again sends a request once more when its connection is reset.
func (s *server) again(method, path, body string) (answer, error) {
	got, err := s.try(method, path, body)
	for tries := 1; err != nil && tries < 5; tries++ {
		got, err = s.try(method, path, body)
	}
	return got, err
}

// TestSecondProcess starts a second server on the same database: it must say
// what is wrong and leave the first alone.
func TestSecondProcess(t *testing.T) {
	s := startServer(t, "", "")
	second := newServer(t, "store sqlite "+s.database(), "")
	out, err := second.command("run", "--config", second.config, "--adapter", "caddyfile").CombinedOutput()
	if err == nil || !strings.Contains(string(out), s.database()) {
		t.Errorf("the second process: %v\n%s", err, out)
	}
	if got := s.post(messageXML(communityUser, communityToken, alertXML("9.9.9.9", 1))); got.body != okResult {
		t.Errorf("the first: %d %s", got.status, got.body)
	}
}

// TestJSONConfig runs the app and single handlers from JSON, without a Caddyfile.
func TestJSONConfig(t *testing.T) {
	s := newServer(t, "", "")
	s.config = filepath.Join(s.data, "caddy.json")
	s.writeConfig(fmt.Sprintf(`{
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
}`, s.admin, s.database(), communityUser, communityToken, strings.TrimPrefix(s.url, "http://")))
	s.adapter = "" // Caddy's own JSON
	s.start()
	if got := s.request(http.MethodPost, "/sensors", messageXML(communityUser, communityToken, alertXML("9.9.9.9", 1))); got.body != okResult {
		t.Fatalf("%d %s", got.status, got.body)
	}
	got := s.request(http.MethodGet, "/latest", "")
	if got.status != http.StatusOK || !strings.Contains(got.body, `"analyzerType":"SSH/console(cowrie)"`) {
		t.Errorf("%d %s", got.status, got.body)
	}
	if strings.Contains(got.body, "9.9.9.9") {
		t.Errorf("a source address in public: %s", got.body)
	}
}
