package integration

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/peba-edge/peba/integration/edgetest"
)

// TestBombs sends what is small and would become large, each twenty times at once.
// It is refused, and memory stays bounded.
func TestBombs(t *testing.T) {
	s := startServer(t, "", "")
	login := "<Authentication><username>" + edgetest.CommunityUser + "</username><token>" + edgetest.CommunityToken + "</token></Authentication>"
	inMessage := func(text string) string { return "<EWS-SimpleMessage>" + login + text + "</EWS-SimpleMessage>" }
	var entities strings.Builder
	entities.WriteString(`<!DOCTYPE m [<!ENTITY a "aaaaaaaaaa">`)
	for name := 'b'; name <= 'z'; name++ {
		entities.WriteString("<!ENTITY " + string(name) + ` "` + strings.Repeat("&"+string(name-1)+";", 10) + `">`)
	}
	entities.WriteString("]><m>&z;</m>")
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	for range 64 {
		if _, err := w.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, bomb := range []struct {
		name, body string
		header     []string
		status     int
	}{
		{"entities", entities.String(), nil, http.StatusBadRequest},
		{"external entity", `<!DOCTYPE m [<!ENTITY x SYSTEM "file:///etc/passwd">]>` + inMessage("&x;"), nil, http.StatusBadRequest},
		{"depth", inMessage(strings.Repeat("<a>", 100_000)), nil, http.StatusBadRequest},
		{"attributes", inMessage("<a" + strings.Repeat(` b="c"`, 100_000) + "/>"), nil, http.StatusBadRequest},
		{"elements", inMessage(strings.Repeat("<a/>", 110_000)), nil, http.StatusBadRequest},
		{"alerts", inMessage(strings.Repeat("<Alert/>", 110_000)), nil, http.StatusBadRequest},
		{"gzip", zipped.String(), []string{"Content-Encoding", "gzip"}, http.StatusBadRequest},
		{"header", "", []string{"X-Long", strings.Repeat("a", 4<<20)}, http.StatusRequestHeaderFieldsTooLarge},
		{"user agent", "<m/>", []string{"User-Agent", strings.Repeat("a", 32<<10)}, http.StatusRequestHeaderFieldsTooLarge},
	} {
		t.Run(bomb.name, func(t *testing.T) {
			var group sync.WaitGroup
			for range 20 {
				group.Go(func() {
					got, err := s.Try(http.MethodPost, edgetest.PostPath, bomb.body, bomb.header...)
					// Go closes a connection whose header is too long while it is still sent.
					if cut := err != nil && bomb.status == http.StatusRequestHeaderFieldsTooLarge; got.Status != bomb.status && !cut {
						t.Errorf("%v, %d %.200s, want %d", err, got.Status, got.Body, bomb.status)
					}
				})
			}
			group.Wait()
		})
	}
	const most = 400 << 20
	if peak := s.Memory("VmHWM:"); peak > most {
		t.Errorf("the server held %d MB: expected at most %d", peak>>20, most>>20)
	} else {
		t.Logf("the server held %d MB", peak>>20)
	}
	if got := s.Post(edgetest.MessageXML(edgetest.CommunityUser, edgetest.CommunityToken, edgetest.AlertXML("9.9.9.9", 1))); got.Body != edgetest.OKResult {
		t.Errorf("afterwards: %d %s", got.Status, got.Body)
	}
}
