package handlers

import (
	"net/http/httptest"
	"testing"
)

// TestFeedAllowCrossOrigin: scripts of another site, also of the frontend, may not change the
// list of allowed networks with the login that the browser has.
func TestFeedAllowCrossOrigin(t *testing.T) {
	site := newAttackedSite(t)
	const frontend = "https://map.example.org"
	for target, want := range map[string]string{
		"/alert/feedLookup": frontend, "/alert/feedAllow": "", "/alert/feedAllow/": "", "/ALERT/feedallow": "", "//alert//feedAllow": "",
	} {
		for _, method := range []string{"OPTIONS", "POST", "DELETE"} {
			r := httptest.NewRequest(method, "https://example.org"+target, nil)
			r.Header.Set("Origin", frontend)
			got := serve(t, site.ctx, r, &Site{Frontend: frontend})
			if origin := got.Header().Get("Access-Control-Allow-Origin"); origin != want {
				t.Errorf("%s %s: allowed for %q, want %q", method, target, origin, want)
			}
		}
	}
}
