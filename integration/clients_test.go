package integration

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/integration/edgetest"
)

// clientsFolder holds what ewsposter 1.33 sent for log files of all its modules, which
// were made up for it: a file a message, and stored.json with what is to be stored of
// each module. Of the module fatt one alert is missing there: its time is nonsense.
const clientsFolder = "testdata/ewsposter"

// storedAlert is what an alert of such a message is stored and shown as.
type storedAlert struct {
	Type     string `json:"type"`
	Time     string `json:"time"`
	Source   string `json:"source"`  // address and port
	Target   string `json:"target"`  // port and protocol
	Request  string `json:"request"` // as questions show it
	User     string `json:"user"`
	Password string `json:"password"`
	CVE      string `json:"cve"`
	Payload  string `json:"payload"` // its MD5
}

// TestClientModules sends what the sensors' client makes of the logs of all honeypots
// that it knows: each alert is stored once, however often it arrives.
func TestClientModules(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		s := startServer(t, "", "")
		testClientModules(t, s, func() []alert.Document {
			s.Stop()
			defer s.Start()
			return s.Documents()
		})
	})
	t.Run("elasticsearch", func(t *testing.T) {
		e := elastics.New(t)
		s := startServer(t, e.Options(), "")
		testClientModules(t, s, func() []alert.Document {
			s.Drain()
			var all []alert.Document
			for _, source := range e.Sources(e.Prefix + "ews-*") {
				var d alert.Document
				if err := json.Unmarshal([]byte(source), &d); err != nil {
					t.Fatal(err)
				}
				all = append(all, d)
			}
			return all
		})
	})
}

func testClientModules(t *testing.T, s *server, documents func() []alert.Document) {
	var want map[string][]storedAlert
	readJSON(t, filepath.Join(clientsFolder, "stored.json"), &want)
	if len(want) != 37 {
		t.Fatalf("%d modules, want 37", len(want))
	}
	files, err := filepath.Glob(filepath.Join(clientsFolder, "*.xml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no messages in %s: %v", clientsFolder, err)
	}
	// As the client sends a message, sends it again from its spool, and sends it after
	// its container was recreated.
	for _, again := range []*strings.Replacer{
		strings.NewReplacer(),
		strings.NewReplacer("<Alert>", "\n  <Alert>\n    ", "</AdditionalData>", "</AdditionalData>\n    "),
		strings.NewReplacer("11111111-2222-3333", "99999999-2222-3333", "tpot-example", "another", "10.0.0.9", "10.0.0.77"),
	} {
		for _, file := range files {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Post(again.Replace(string(body))); got.Status != http.StatusOK || got.Body != edgetest.OKResult {
				t.Errorf("%s: %d %s", filepath.Base(file), got.Status, got.Body)
			}
		}
	}
	stored := documents()

	wantRequests := make(map[string][]string)
	for _, alerts := range want {
		for i := range alerts {
			wantRequests[alerts[i].Type] = append(wantRequests[alerts[i].Type], alerts[i].Request)
			alerts[i].Request = ""
		}
	}
	gotRequests := s.requestStrings()
	for peerType, requests := range wantRequests {
		slices.Sort(requests)
		if got := gotRequests[peerType]; !slices.Equal(got, requests) {
			t.Errorf("the requests of %s are %q, want %q", peerType, got, requests)
		}
	}

	got := make(map[string][]storedAlert)
	for _, d := range stored {
		module := strings.TrimSuffix(d.PeerIdent, "-community-01")
		got[module] = append(got[module], storedOf(t, &d))
	}
	for _, module := range slices.Sorted(maps.Keys(want)) {
		less := func(a, b storedAlert) int { return strings.Compare(key(a), key(b)) }
		slices.SortFunc(got[module], less)
		slices.SortFunc(want[module], less)
		if !slices.Equal(got[module], want[module]) {
			t.Errorf("of %s is stored\n%+v, want\n%+v", module, got[module], want[module])
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d modules are stored, want %d", len(got), len(want))
	}
}

// requestStrings returns the requests that the public question shows, by type and
// sorted.
func (s *server) requestStrings() map[string][]string {
	s.t.Helper()
	var newest struct {
		Alerts []struct{ AnalyzerType, RequestString string }
	}
	if e := s.Request(http.MethodGet, "/alert/retrieveAlertsJson?topx=1000", ""); json.Unmarshal([]byte(e.Body), &newest) != nil {
		s.t.Fatalf("%d %s", e.Status, e.Body)
	}
	requests := make(map[string][]string)
	for _, a := range newest.Alerts {
		requests[a.AnalyzerType] = append(requests[a.AnalyzerType], a.RequestString)
	}
	for _, of := range requests {
		slices.Sort(of)
	}
	return requests
}

func storedOf(t *testing.T, d *alert.Document) storedAlert {
	t.Helper()
	var data struct {
		MD5 string `json:"payload_md5"`
	}
	if err := json.Unmarshal([]byte(d.AdditionalData), &data); err != nil {
		t.Fatalf("additionalData %q: %v", d.AdditionalData, err)
	}
	return storedAlert{
		Type: d.PeerType, Time: d.CreateTime.String(),
		Source: d.SourceEntryIP + " " + d.SourceEntryPort, Target: d.TargetEntryPort + "/" + d.TargetPort,
		User: d.Username, Password: d.Password, CVE: d.VulnID, Payload: data.MD5,
	}
}

// key tells alerts of one module apart.
func key(a storedAlert) string { return a.Time + a.Source + a.Target + a.User + a.Payload + a.CVE }
