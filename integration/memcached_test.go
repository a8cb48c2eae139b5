package integration

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/peba-edge/peba/cache/cachetest"
)

// TestMemcached puts the answers into a memcached, which then dies and comes
// back: readers get their answers throughout.
func TestMemcached(t *testing.T) {
	memcached := cachetest.StartMemcached(t)
	s := startServer(t, "cache memcached "+memcached.Address, "")
	if got := s.post(messageXML(communityUser, communityToken, alertXML("9.9.9.9", 1))); got.body != okResult {
		t.Fatalf("%d %s", got.status, got.body)
	}
	ask := func(want string) {
		t.Helper()
		got := s.request(http.MethodGet, "/alert/retrieveAlertsCount?time=60&out=json", "")
		if got.status != http.StatusOK || trim(got.body) != `{"AlertCount":1}` || got.header.Get("Server-Timing") != fmt.Sprintf("cache;desc=%q", want) {
			t.Errorf("%d %s, %s, want a %s", got.status, got.body, got.header.Get("Server-Timing"), want)
		}
	}
	ask("miss")
	ask("hit")

	memcached.Stop()
	ask("miss")
	s.wantHeartbeat(http.StatusOK, "I'm alive\ndegraded: cache")
	if got := s.request(http.MethodGet, "/heartbeat?strict", ""); got.status != http.StatusServiceUnavailable || got.body != "degraded: cache" {
		t.Errorf("the strict heartbeat without memcached: %d %s", got.status, got.body)
	}
	if got := s.post(messageXML(communityUser, communityToken, alertXML("9.9.9.9", 1))); got.body != okResult {
		t.Errorf("ingest without memcached: %d %s", got.status, got.body)
	}

	// Another edge, with the same storage and the same memcached, shares the answers.
	memcached.Start()
	s.stop()
	s.start()
	ask("miss")
	s.stop()
	s.start()
	ask("hit")
}
