package simulate

import (
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestJudge(t *testing.T) {
	for _, c := range []struct {
		status         int
		location, body string
		want           string
	}{
		{200, "", okAnswer, ""},
		{200, "", "<?xml version=\"1.0\"?>\n" + okAnswer + "\n", ""},
		{202, "", okAnswer, "HTTP 202: StatusCode OK"},
		{200, "", "<Result><StatusCode>FAILED</StatusCode><Text>full</Text></Result>", "HTTP 200: full"},
		{200, "", "<Result><StatusCode>OK </StatusCode></Result>", "HTTP 200: StatusCode OK"},
		{403, "", "<Result><StatusCode>FAILED</StatusCode><Text>wrong user &amp;\n  token\u202e\u0085</Text></Result>", "HTTP 403: wrong user & token"},
		{400, "", "<Result><StatusCode>FAILED</StatusCode><Text>" + strings.Repeat("ä", 200) + "</Text></Result>", "HTTP 400: " + strings.Repeat("ä", 160) + "…"},
		{404, "", "<html>\x1b]0;title\x07</html>", "HTTP 404: no StatusCode in the answer"},
		{502, "", "", "HTTP 502: no StatusCode in the answer"},
		{308, "https://peba.test/\x1b[2J", "", "HTTP 308: redirects to https://peba.test/ [2J"},
	} {
		resp := &http.Response{StatusCode: c.status, Header: http.Header{}}
		if c.location != "" {
			resp.Header.Set("Location", c.location)
		}
		if got := judge(resp, []byte(c.body)); got != c.want {
			t.Errorf("%d %q: %q, want %q", c.status, c.body, got, c.want)
		}
	}
}

// TestNoAnswerIsGrouped: by kind, without the ports that differ every time.
func TestNoAnswerIsGrouped(t *testing.T) {
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	dropping := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	defer dropping.Close()
	release := make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer hanging.Close()
	defer close(release)
	untrusted := httptest.NewUnstartedServer(http.NotFoundHandler())
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	defer untrusted.Close()

	for _, c := range []struct{ url, want string }{
		{"http://" + closed.Addr().String(), "no answer: connection refused"},
		{dropping.URL, "no answer: connection closed by the server"},
		{hanging.URL, "no answer: timed out"},
		{untrusted.URL, "no answer: the server's certificate is not trusted: x509: certificate signed by unknown authority"},
		{"https" + strings.TrimPrefix(dropping.URL, "http"), "no answer: the server does not use TLS on this port"},
	} {
		client := newClient(1)
		if c.url == hanging.URL {
			client.Timeout = time.Millisecond
		}
		got := post(t.Context(), client, c.url, []byte("<x/>"))
		if got.reason != c.want || got.answered {
			t.Errorf("%s: %q (answered: %t), want %q", c.url, got.reason, got.answered, c.want)
		}
		client.CloseIdleConnections()
	}
}

// TestConnectionIsKept: one sender needs one connection.
func TestConnectionIsKept(t *testing.T) {
	remotes := map[string]bool{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		remotes[r.RemoteAddr] = true
		w.WriteHeader(http.StatusForbidden)
	}))
	defer server.Close()
	client := newClient(1)
	defer client.CloseIdleConnections()
	for range 5 {
		if got := post(t.Context(), client, server.URL, []byte("<x/>")); !got.answered || got.reason == "" {
			t.Fatalf("%q, answered: %t", got.reason, got.answered)
		}
	}
	if len(remotes) != 1 {
		t.Errorf("%d connections", len(remotes))
	}
}
