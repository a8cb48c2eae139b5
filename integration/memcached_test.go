package integration

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/peba-edge/peba/cache/cachetest"
	"github.com/peba-edge/peba/integration/edgetest"
)

// TestMemcached puts the answers into a memcached, which then dies and comes
// back: readers get their answers throughout.
func TestMemcached(t *testing.T) {
	memcached := cachetest.StartMemcached(t)
	s := startServer(t, "cache memcached "+memcached.Address, "")
	if got := s.Post(edgetest.MessageXML(edgetest.CommunityUser, edgetest.CommunityToken, edgetest.AlertXML("9.9.9.9", 1))); got.Body != edgetest.OKResult {
		t.Fatalf("%d %s", got.Status, got.Body)
	}
	ask := func(want string) {
		t.Helper()
		got := s.Request(http.MethodGet, "/alert/retrieveAlertsCount?time=60&out=json", "")
		if got.Status != http.StatusOK || trim(got.Body) != `{"AlertCount":1}` || got.Header.Get("Server-Timing") != fmt.Sprintf("cache;desc=%q", want) {
			t.Errorf("%d %s, %s, want a %s", got.Status, got.Body, got.Header.Get("Server-Timing"), want)
		}
	}
	ask("miss")
	ask("hit")

	memcached.Stop()
	ask("miss")
	s.wantHeartbeat(http.StatusOK, "I'm alive\ndegraded: cache")
	if got := s.Request(http.MethodGet, "/heartbeat?strict", ""); got.Status != http.StatusServiceUnavailable || got.Body != "degraded: cache" {
		t.Errorf("the strict heartbeat without memcached: %d %s", got.Status, got.Body)
	}
	if got := s.Post(edgetest.MessageXML(edgetest.CommunityUser, edgetest.CommunityToken, edgetest.AlertXML("9.9.9.9", 1))); got.Body != edgetest.OKResult {
		t.Errorf("ingest without memcached: %d %s", got.Status, got.Body)
	}

	// Another edge, with the same storage and the same memcached, shares the answers.
	memcached.Start()
	s.Stop()
	s.Start()
	ask("miss")
	s.Stop()
	s.Start()
	ask("hit")
}
