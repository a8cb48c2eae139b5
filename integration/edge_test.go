package integration

import (
	"net/http"
	"path/filepath"
	"testing"
)

// recordedRequest is one recorded request and how it was answered.
type recordedRequest struct {
	Status  int `json:"status"`
	Request struct {
		Method  string            `json:"method"`
		Path    string            `json:"path"`
		Body    string            `json:"body"`
		Headers map[string]string `json:"headers"`
	} `json:"request"`
}

// edge lists the recorded answers that are the HTTP edge's and no question's,
// with the status they are to have now and, where that is not the recorded one,
// why.
var edge = map[string]struct {
	status int
	why    string
}{
	"001-get_":                                    {302, ""},
	"002-get_heartbeat":                           {200, ""},
	"004-get_nothing":                             {404, ""},
	"005-get_alert_":                              {404, ""},
	"064-auth-text":                               {400, "contract §2 through §1: not XML"},
	"065-auth-noauth":                             {403, ""},
	"067-auth-wrongtoken":                         {403, ""},
	"068-auth-wronguser":                          {403, ""},
	"070-auth-getonly":                            {200, ""},
	"071-auth-communitymember":                    {200, ""},
	"073-auth-otherroot":                          {200, ""},
	"074-get_alert_retrieveIPs":                   {405, ""},
	"076-get_alert_querySingleIP_ip_8_8_8_8":      {405, ""},
	"296-cors-get-sicherheitstacho_eu":            {200, ""},
	"298-cors-get-evil_example":                   {200, ""},
	"299-cors-preflight-evil_example":             {204, "nothing is said but Allow"},
	"301-options_ews-0_1_alert_postSimpleMessage": {204, "a 200 without StatusCode crashes sensors"},
	"302-post_alert_retrieveAlertStats":           {405, ""},
}

func TestRecordedEdge(t *testing.T) {
	s := startServer(t, "", "frontend https://sicherheitstacho.eu")
	s.addUsers(loadManifest(t))
	folder := filepath.Join(recordings("PEBA_GOLDEN", "golden"), "answers")
	for name, want := range edge {
		var r recordedRequest
		readJSON(t, filepath.Join(folder, name+".json"), &r)
		if (r.Status != want.status) != (want.why != "") {
			t.Errorf("%s: recorded %d, wanted %d: because %q?", name, r.Status, want.status, want.why)
		}
		var header []string
		for key, value := range r.Request.Headers {
			header = append(header, key, value)
		}
		got := s.Request(r.Request.Method, r.Request.Path, r.Request.Body, header...)
		if got.Status != want.status {
			t.Errorf("%s: %d, want %d: %s", name, got.Status, want.status, got.Body)
		}
		allowed := got.Header.Get("Access-Control-Allow-Origin")
		if evil := r.Request.Headers["Origin"] == "https://evil.example"; evil && allowed != "" {
			t.Errorf("%s: Access-Control-Allow-Origin %q", name, allowed)
		} else if !evil && r.Request.Method != http.MethodOptions && len(r.Request.Path) > 7 && r.Request.Path[:7] == "/alert/" &&
			allowed != "https://sicherheitstacho.eu" {
			t.Errorf("%s: Access-Control-Allow-Origin %q", name, allowed)
		}
	}
}
