package integration

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/peba-edge/peba/integration/edgetest"
)

// TestOutage takes the cluster away under load, first one node and then all, and
// kills the edge meanwhile. Sensors notice nothing, and in the end all that was
// answered OK is in Elasticsearch, once.
func TestOutage(t *testing.T) {
	e := elastics.New(t)
	s := startServer(t, e.Options(), "")
	s.User("soc's token\n", "add", "soc", "--token-file", "-")
	l := startLedger(t, s)
	p := startSampler(t, s, l)
	l.More(500)
	edgetest.Eventually(t, "alerts are visible", func() bool { p.raise(e); return p.baseline.Load() > 0 })
	for round := range torture(t) {
		e.Wait(t, "green") // a shard whose copy is not made yet would go with its node
		e.Nodes[round%len(e.Nodes)].Stop()
		l.More(500)
		p.answers()
		s.wantHeartbeat(http.StatusOK, "I'm alive")
		p.raise(e)

		for _, n := range e.Nodes {
			n.Kill() // the one is stopped already
		}
		s.wantHeartbeat(http.StatusServiceUnavailable, "elasticsearch does not answer")
		l.More(500)
		checkLogins(t, s)
		for range 2 { // the second time with a backlog that was tried before
			s.Kill()
			s.StartUntil(http.StatusServiceUnavailable)
			s.wantHeartbeat(http.StatusServiceUnavailable, "elasticsearch does not answer")
			l.More(300)
			checkLogins(t, s)
		}
		if n := s.Waiting(); n == 0 {
			t.Error("nothing waits in the spool, though the cluster is away")
		}
		e.Heal(t)
		p.answers() // under load still
	}
	l.More(500)
	l.End()
	s.Drain()
	p.raise(e)
	p.end()
	s.wantHeartbeat(http.StatusOK, "I'm alive")
	wantStored(t, e, l, s)
}

// wantStored fails the test unless what the sensors were told is true: by what the
// cluster holds, and by what the servers answer.
func wantStored(t *testing.T, e *edgetest.Elastic, l *edgetest.Ledger, servers ...*server) {
	t.Helper()
	stored := e.Sessions()
	l.Check(stored)
	for _, s := range servers {
		got, err := s.alertCount(10_000)
		if n, bad := number(got); err != nil || bad != nil || n != len(stored) {
			t.Errorf("%d alerts are stored; the edgetest.Answer is %v %d %s", len(stored), err, got.Status, got.Body)
		}
		private := s.Request(http.MethodPost, "/alert/querySingleIP?ip=203.0.113.7&out=json", edgetest.MessageXML("soc", "soc's token"))
		if private.Status != http.StatusOK {
			t.Errorf("a private question: %d %s", private.Status, private.Body)
		}
		if out, err := s.CLI("", "peba", "dead-letters", "list", "--address", s.Admin); err != nil || strings.Count(out, "\n") != 1 {
			t.Errorf("the dead letters: %v\n%s", err, out)
		}
	}
}

// wantHeartbeat waits until the heartbeat says what it is to say: it may have
// been asked while a node was going.
func (s *server) wantHeartbeat(status int, text string) {
	s.t.Helper()
	var got edgetest.Answer
	edgetest.Eventually(s.t, fmt.Sprintf("the heartbeat is %d %s", status, text), func() bool {
		got = s.Request(http.MethodGet, "/heartbeat", "")
		// What fails is named first; parts that are degraded meanwhile follow.
		failing := status == http.StatusServiceUnavailable && strings.HasPrefix(got.Body, text+"\n")
		return got.Status == status && (got.Body == text || failing)
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
		{"soc", "soc's token", http.StatusServiceUnavailable}, // who he is is known; the edgetest.Answer is not
		{"soc", "another", http.StatusForbidden},
		{"nobody", "soc's token", http.StatusServiceUnavailable}, // he may have been added elsewhere
		{edgetest.CommunityUser, edgetest.CommunityToken, http.StatusForbidden},
	} {
		got := s.Request(http.MethodPost, "/alert/retrieveIPs", edgetest.MessageXML(test.user, test.token))
		if got.Status != test.want {
			t.Errorf("%s logs in with %q while the cluster is away: %d %s", test.user, test.token, got.Status, got.Body)
		}
	}
}

// TestNodeKill kills one node after the other under load, as a crash does, and
// starts it again. There is a copy of each shard beside the first.
func TestNodeKill(t *testing.T) {
	e := elastics.New(t)
	s := startServer(t, e.Options("replicas 1", "shards 3"), "")
	s.User("soc's token\n", "add", "soc", "--token-file", "-")
	l := startLedger(t, s)
	p := startSampler(t, s, l)
	l.More(300)
	for range torture(t) {
		for i := range e.Nodes[:2] {
			edgetest.Eventually(t, "alerts are visible", func() bool { p.raise(e); return p.baseline.Load() > 0 })
			e.Wait(t, "green")
			e.Nodes[i].Kill()
			l.More(300)
			p.answers()
			e.Heal(t)
		}
	}
	l.End()
	s.Drain()
	p.end()
	wantStored(t, e, l, s)
}

// TestFullSpool fills a spool that may take little while no node answers. Sensors
// are told to come again, and nothing else; a reload with the right URLs fixes it.
func TestFullSpool(t *testing.T) {
	e := elastics.New(t)
	s := newServer(t, "", "")
	folder := filepath.Join(s.Data, "spool")
	config := func(urls ...string) string {
		return s.Site(e.OptionsAt(urls, edgetest.SpoolOption(folder, "max_size 2MiB")), "")
	}
	s.WriteConfig(config("http://" + edgetest.FreeAddress(t)))
	s.StartUntil(http.StatusServiceUnavailable)
	s.wantHeartbeat(http.StatusServiceUnavailable, "elasticsearch does not answer")

	accepted := map[string]bool{}
	var refused edgetest.Answer
	for n := 0; refused.Status == 0; n++ {
		if n == 10_000 {
			t.Fatal("the spool takes more than it may")
		}
		got := s.Post(edgetest.MessageXML(edgetest.CommunityUser, edgetest.CommunityToken, edgetest.AlertXML("203.0.113.7", n)))
		if got.Status != http.StatusOK {
			refused = got
			continue
		}
		accepted[fmt.Sprintf(`{"sessionid":"s%d"}`, n)] = true
	}
	if refused.Status != http.StatusServiceUnavailable || refused.Header.Get("Retry-After") == "" {
		t.Errorf("with a full spool a sensor is answered %d, Retry-After %q", refused.Status, refused.Header.Get("Retry-After"))
	}
	checkResult(t, refused)
	s.wantHeartbeat(http.StatusServiceUnavailable, "spool does not answer")
	s.wantCheck("spool", "raise max_size or lower reserve")

	s.WriteConfig(config(e.URLs()...))
	s.Reload()
	s.Drain()
	s.wantHeartbeat(http.StatusOK, "I'm alive")
	if got := s.Post(edgetest.MessageXML(edgetest.CommunityUser, edgetest.CommunityToken, edgetest.AlertXML("203.0.113.7", 1_000_000))); got.Body != edgetest.OKResult {
		t.Errorf("when there is room again: %d %s", got.Status, got.Body)
	}
	accepted[`{"sessionid":"s1000000"}`] = true
	s.Drain()
	stored := e.Sessions()
	for session, times := range stored {
		if times != 1 || !accepted[session] {
			t.Errorf("%s is stored %d times; answered OK: %t", session, times, accepted[session])
		}
	}
	if len(stored) != len(accepted) {
		t.Errorf("%d alerts were answered OK, %d are stored", len(accepted), len(stored))
	}
}
