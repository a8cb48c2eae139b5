package integration

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
)

// TestOutage takes the cluster away under load, first one node and then all, and
// kills the edge meanwhile. Sensors notice nothing, and in the end all that was
// answered OK is in Elasticsearch, once.
func TestOutage(t *testing.T) {
	e := newElastic(t)
	s := startServer(t, e.options(), "")
	s.user("soc's token\n", "add", "soc", "--token-file", "-")
	l := startLoad(t, s)
	p := startSampler(t, s, l)
	l.more(500)
	eventually(t, "alerts are visible", func() bool { p.raise(e); return p.baseline.Load() > 0 })
	for round := range torture(t) {
		e.Wait(t, "green") // a shard whose copy is not made yet would go with its node
		e.Nodes[round%len(e.Nodes)].Stop()
		l.more(500)
		p.answers()
		s.wantHeartbeat(http.StatusOK, "I'm alive")
		p.raise(e)

		for _, n := range e.Nodes {
			n.Kill() // the one is stopped already
		}
		s.wantHeartbeat(http.StatusServiceUnavailable, "elasticsearch does not answer")
		l.more(500)
		checkLogins(t, s)
		for range 2 { // the second time with a backlog that was tried before
			s.kill()
			s.startUntil(http.StatusServiceUnavailable)
			s.wantHeartbeat(http.StatusServiceUnavailable, "elasticsearch does not answer")
			l.more(300)
			checkLogins(t, s)
		}
		if n := s.waiting(); n == 0 {
			t.Error("nothing waits in the spool, though the cluster is away")
		}
		e.Heal(t)
		p.answers() // under load still
	}
	l.more(500)
	l.end()
	s.drain()
	p.raise(e)
	p.end()
	s.wantHeartbeat(http.StatusOK, "I'm alive")
	wantStored(t, e, l, s)
}

// wantStored fails the test unless what the sensors were told is true: by what the
// cluster holds, and by what the servers answer.
func wantStored(t *testing.T, e *elastic, l *load, servers ...*server) {
	t.Helper()
	stored := e.sessions()
	l.check(stored)
	for _, s := range servers {
		got, err := s.alertCount(10_000)
		if n, bad := got.number(); err != nil || bad != nil || n != len(stored) {
			t.Errorf("%d alerts are stored; the answer is %v %d %s", len(stored), err, got.status, got.body)
		}
		private := s.request(http.MethodPost, "/alert/querySingleIP?ip=203.0.113.7&out=json", messageXML("soc", "soc's token"))
		if private.status != http.StatusOK {
			t.Errorf("a private question: %d %s", private.status, private.body)
		}
		if out, err := s.cli("", "peba", "dead-letters", "list", "--address", s.admin); err != nil || strings.Count(out, "\n") != 1 {
			t.Errorf("the dead letters: %v\n%s", err, out)
		}
	}
}

// wantHeartbeat waits until the heartbeat says what it is to say: it may have
// been asked while a node was going.
func (s *server) wantHeartbeat(status int, text string) {
	s.t.Helper()
	var got answer
	eventually(s.t, fmt.Sprintf("the heartbeat is %d %s", status, text), func() bool {
		got = s.request(http.MethodGet, "/heartbeat", "")
		return got.status == status && got.body == text
	})
}

// checkLogins logs in while the cluster is away: it is wrong log-ins that are told
// so, and nobody else.
func checkLogins(t *testing.T, s *server) {
	t.Helper()
	for _, test := range []struct {
		user, token string
		want        int
	}{
		{"soc", "soc's token", http.StatusServiceUnavailable}, // who he is is known; the answer is not
		{"soc", "another", http.StatusForbidden},
		{"nobody", "soc's token", http.StatusServiceUnavailable}, // he may have been added elsewhere
		{communityUser, communityToken, http.StatusForbidden},
	} {
		got := s.request(http.MethodPost, "/alert/retrieveIPs", messageXML(test.user, test.token))
		if got.status != test.want {
			t.Errorf("%s logs in with %q while the cluster is away: %d %s", test.user, test.token, got.status, got.body)
		}
	}
}

// TestNodeKill kills one node after the other under load, as a crash does, and
// starts it again. There is a copy of each shard beside the first.
func TestNodeKill(t *testing.T) {
	e := newElastic(t)
	s := startServer(t, e.options("replicas 1", "shards 3"), "")
	s.user("soc's token\n", "add", "soc", "--token-file", "-")
	l := startLoad(t, s)
	p := startSampler(t, s, l)
	l.more(300)
	for range torture(t) {
		for i := range e.Nodes[:2] {
			eventually(t, "alerts are visible", func() bool { p.raise(e); return p.baseline.Load() > 0 })
			e.Wait(t, "green")
			e.Nodes[i].Kill()
			l.more(300)
			p.answers()
			e.Heal(t)
		}
	}
	l.end()
	s.drain()
	p.end()
	wantStored(t, e, l, s)
}

// TestFullSpool fills a spool that may take little while no node answers. Sensors
// are told to come again, and nothing else; a reload with the right URLs mends it.
func TestFullSpool(t *testing.T) {
	e := newElastic(t)
	s := newServer(t, "", "")
	folder := filepath.Join(s.data, "spool")
	config := func(urls ...string) string {
		return site(strings.TrimPrefix(s.url, "http://"), s.admin, e.optionsAt(urls, spoolOption(folder, "max_size 2MiB")), "")
	}
	s.writeConfig(config("http://" + freeAddress(t)))
	s.startUntil(http.StatusServiceUnavailable)
	s.wantHeartbeat(http.StatusServiceUnavailable, "elasticsearch does not answer")

	accepted := map[string]bool{}
	var refused answer
	for n := 0; refused.status == 0; n++ {
		if n == 10_000 {
			t.Fatal("the spool takes more than it may")
		}
		got := s.post(messageXML(communityUser, communityToken, alertXML("203.0.113.7", n)))
		if got.status != http.StatusOK {
			refused = got
			continue
		}
		accepted[fmt.Sprintf(`{"sessionid":"s%d"}`, n)] = true
	}
	if refused.status != http.StatusServiceUnavailable || refused.header.Get("Retry-After") == "" {
		t.Errorf("with a full spool a sensor is answered %d, Retry-After %q", refused.status, refused.header.Get("Retry-After"))
	}
	checkResult(t, refused)
	s.wantHeartbeat(http.StatusServiceUnavailable, "spool does not answer")
	s.wantCheck("spool", "raise max_size or lower reserve")

	s.writeConfig(config(e.URLs()...))
	s.reload()
	s.drain()
	s.wantHeartbeat(http.StatusOK, "I'm alive")
	if got := s.post(messageXML(communityUser, communityToken, alertXML("203.0.113.7", 1_000_000))); got.body != okResult {
		t.Errorf("when there is room again: %d %s", got.status, got.body)
	}
	accepted[`{"sessionid":"s1000000"}`] = true
	s.drain()
	stored := e.sessions()
	for session, times := range stored {
		if times != 1 || !accepted[session] {
			t.Errorf("%s is stored %d times; answered OK: %t", session, times, accepted[session])
		}
	}
	if len(stored) != len(accepted) {
		t.Errorf("%d alerts were answered OK, %d are stored", len(accepted), len(stored))
	}
}

// reload has the server take its Caddyfile as it is now.
func (s *server) reload() {
	s.t.Helper()
	if out, err := s.cli("", "reload", "--address", s.admin, "--config", s.config, "--adapter", "caddyfile"); err != nil {
		s.t.Fatalf("reload: %v\n%s", err, out)
	}
}
