package integration

import (
	"encoding/json"
	"encoding/xml"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/peba-edge/peba/integration/edgetest"
	"github.com/peba-edge/peba/store"
)

// manifest is the list of the recorded messages.
type manifest struct {
	Users []struct {
		Name      string `json:"peerName"`
		Token     string `json:"token"`
		GetOnly   bool   `json:"getOnly"`
		Community bool   `json:"community"`
	} `json:"users"`
	Messages []struct {
		File    string            `json:"file"`
		Name    string            `json:"name"`
		Method  string            `json:"method"`
		Path    string            `json:"path"`
		Headers map[string]string `json:"headers"`
	} `json:"messages"`
}

// recorded is what the Python service answered.
type recorded struct {
	Status int `json:"status"`
	Added  struct {
		Alerts int `json:"alerts"`
	} `json:"documents_added"`
}

func messagesFolder() string {
	return recordings("PEBA_MESSAGES", "messages/made")
}

func loadManifest(t *testing.T) manifest {
	t.Helper()
	var m manifest
	readJSON(t, filepath.Join(messagesFolder(), "manifest.json"), &m)
	if len(m.Messages) == 0 {
		t.Fatal("the manifest lists no messages")
	}
	return m
}

func readJSON(t *testing.T, file string, v any) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// addUsers adds the users that the recordings assume.
func (s *server) addUsers(m manifest) {
	s.t.Helper()
	for _, u := range m.Users {
		args := []string{"add", u.Name, "--token-file", "-"}
		if u.GetOnly {
			args = append(args, "--get-only")
		}
		if u.Community {
			args = append(args, "--community")
		}
		s.User(u.Token+"\n", args...)
	}
}

// differs lists the messages that are answered otherwise than by the Python
// service, with the status and the words of docs/CONTRACT.md §1 for it.
var differs = map[string]struct {
	status int
	why    string
}{
	"cred-getonly":         {403, "a getOnly user gets 403"},
	"cred-empty":           {403, "wrong or missing credentials"},
	"cred-empty-token":     {403, "an empty token: 403"},
	"xml-malformed":        {400, "not XML"},
	"xml-empty":            {400, "no body"},
	"xml-text":             {400, "not XML"},
	"xml-json":             {400, "not XML"},
	"xml-latin1-declared":  {400, "not UTF-8"},
	"xml-utf16":            {400, "not UTF-8"},
	"xml-leading-space":    {400, "not XML: a declaration only at the very start"},
	"xml-doctype":          {400, "doctype: rejected"},
	"xml-doctype-system":   {400, "doctype: rejected"},
	"xml-entity":           {400, "entities other than the five: rejected"},
	"xml-undefined-entity": {400, "entities other than the five: rejected"},
	"xml-deep":             {400, "deep nesting: rejected"},
	"xml-nul":              {400, "not XML"},
	"http-gzip":            {400, "not UTF-8"},
	"http-get":             {405, "GET: 405 with Allow: POST"},
	"http-options":         {204, "only POST is taken; 200 would need a StatusCode"},
	"payload-badbase64":    {200, "a bad payload costs only the payload"},
	"payload-badpadding":   {200, "a bad payload costs only the payload"},
	"bad-no-protocol":      {200, "that one skipped"},
}

// wantStatus is what a recorded message is to be answered with.
func wantStatus(name string, was recorded) int {
	if d, ok := differs[name]; ok {
		return d.status
	}
	// One bad alert never costs the message (tz, time, base64).
	if was.Status == http.StatusInternalServerError {
		return http.StatusOK
	}
	return was.Status
}

func TestRecordedMessages(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		s := startServer(t, "", "")
		testRecordedMessages(t, s, s.count)
	})
	t.Run("elasticsearch", func(t *testing.T) {
		e := elastics.New(t)
		s := startServer(t, e.Options(), "")
		testRecordedMessages(t, s, func() int64 { return e.Count(s.Server) })
	})
}

// testRecordedMessages sends the recorded messages. count tells how many alerts
// are stored.
func testRecordedMessages(t *testing.T, s *server, count func() int64) {
	m := loadManifest(t)
	s.addUsers(m)
	for _, message := range m.Messages {
		t.Run(message.Name, func(t *testing.T) {
			body, err := os.ReadFile(filepath.Join(messagesFolder(), message.File))
			if err != nil {
				t.Fatal(err)
			}
			var was recorded
			readJSON(t, filepath.Join(messagesFolder(), strings.TrimSuffix(message.File, ".xml")+".legacy-answer.json"), &was)
			var header []string
			for name, value := range message.Headers {
				if !strings.EqualFold(name, "Connection") {
					header = append(header, name, value)
				}
			}
			got := s.Request(message.Method, message.Path, string(body), header...)
			if want := wantStatus(message.Name, was); got.Status != want {
				t.Fatalf("status %d, want %d: %s", got.Status, want, got.Body)
			}
			if strings.HasPrefix(message.Path, "/ews-0.1/alert/postSimpleMessage") && got.Status != http.StatusNoContent {
				checkResult(t, got)
			}
			if message.Method == http.MethodGet &&
				(got.Header.Get("Allow") != "POST" || !strings.Contains(got.Body, "POST is required for this action.")) {
				t.Errorf("Allow %q, body %q", got.Header.Get("Allow"), got.Body)
			}
		})
	}
	t.Run("sent again", func(t *testing.T) {
		before := count()
		for _, message := range m.Messages {
			body, err := os.ReadFile(filepath.Join(messagesFolder(), message.File))
			if err != nil {
				t.Fatal(err)
			}
			if message.Method == http.MethodPost {
				s.Post(string(body))
			}
		}
		// The two that came with a wrong method or at another path come in now.
		if after := count(); after < before || after > before+2 {
			t.Errorf("%d alerts before, %d after all messages were sent again", before, after)
		}
	})
}

// checkResult fails unless the body is an XML result, OK if and only if the
// status says so.
func checkResult(t *testing.T, got edgetest.Answer) {
	t.Helper()
	var result struct {
		XMLName    xml.Name `xml:"Result"`
		StatusCode string   `xml:"StatusCode"`
		Text       string   `xml:"Text"`
	}
	if err := xml.Unmarshal([]byte(got.Body), &result); err != nil {
		t.Fatalf("no XML result: %v: %q", err, got.Body)
	}
	ok := result.StatusCode == "OK"
	if ok != (got.Status == http.StatusOK) {
		t.Errorf("status %d with StatusCode %q", got.Status, result.StatusCode)
	}
	if ok && got.Body != edgetest.OKResult {
		t.Errorf("body is %q", got.Body)
	}
	if !ok && result.Text == "" {
		t.Error("the refusal gives no reason")
	}
	if media := got.Header.Get("Content-Type"); !strings.HasPrefix(media, "text/xml") {
		t.Errorf("Content-Type %q", media)
	}
}

// count stops the server, counts what its store holds, and starts it again.
func (s *server) count() int64 {
	s.t.Helper()
	s.Stop()
	var n int64
	s.WithStore(func(st store.Store) {
		var err error
		if n, err = st.Count(s.t.Context(), store.Filter{Domain: store.Both}); err != nil {
			s.t.Fatal(err)
		}
	})
	s.Start()
	return n
}

// TestRealClient replays what the sensors' client sent, byte for byte.
func TestRealClient(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		s := startServer(t, "", "")
		testRealClient(t, s, s.count)
	})
	t.Run("elasticsearch", func(t *testing.T) {
		e := elastics.New(t)
		s := startServer(t, e.Options(), "")
		testRealClient(t, s, func() int64 { return e.Count(s.Server) })
	})
}

func testRealClient(t *testing.T, s *server, count func() int64) {
	dir := filepath.Join(messagesFolder(), "..", "ewsposter")
	bodies, err := filepath.Glob(filepath.Join(dir, "*.body"))
	if err != nil || len(bodies) == 0 {
		t.Fatalf("no recorded requests in %s: %v", dir, err)
	}
	var alerts int64
	for _, file := range bodies {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Post(string(body)); got.Status != http.StatusOK || got.Body != edgetest.OKResult {
			t.Errorf("%s: %d %s", filepath.Base(file), got.Status, got.Body)
		}
		alerts += int64(strings.Count(string(body), "<Alert>"))
	}
	if n := count(); n != alerts {
		t.Errorf("%d alerts sent, %d stored", alerts, n)
	}
	var stats map[string]int64
	got := s.Request(http.MethodGet, "/alert/retrieveAlertStats", "")
	if err := json.Unmarshal([]byte(got.Body), &stats); err != nil {
		t.Fatal(err)
	}
	if stats["AlertsLast5Minutes"] != alerts {
		t.Errorf("%d alerts sent, statistics %v", alerts, stats)
	}
}
