package estest

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// TestCluster loses a node and gets it back, with its data.
func TestCluster(t *testing.T) {
	s := StartCluster(t, 3)
	request(t, http.MethodPut, s.URL()+"/kept/_doc/1?refresh=true", `{"a":1}`)
	s.Wait(t, "green")
	s.Nodes[2].Kill()
	s.Wait(t, "yellow")
	s.Nodes[1].Stop()
	s.Nodes[1].Start(t)
	s.Nodes[2].Start(t)
	s.Wait(t, "green")
	for _, url := range s.URLs() {
		if got := request(t, http.MethodGet, url+"/kept/_doc/1/_source", ""); got != `{"a":1}` {
			t.Errorf("%s has %q", url, got)
		}
	}
}

func TestMissing(t *testing.T) {
	t.Setenv(folderVariable, t.TempDir())
	_, err := Launch(1)
	if err == nil || !strings.Contains(err.Error(), ".ci/elasticsearch installs both") {
		t.Errorf("without jars the error is %v", err)
	}
	t.Setenv("PATH", "")
	_, err = Launch(1)
	if err == nil || !strings.Contains(err.Error(), ".ci/elasticsearch installs both") {
		t.Errorf("without Java the error is %v", err)
	}
}

// request returns the body of an answer that must be a success.
func request(t *testing.T, method, url, body string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= 300 {
		t.Fatalf("%s %s: %s %s, %v", method, url, resp.Status, text, err)
	}
	return string(text)
}
