package edgetest

import (
	"io"
	"net/http"
	"strings"
	"time"
)

const (
	// PostPath is where sensors send.
	PostPath = "/ews-0.1/alert/postSimpleMessage"
	// OKResult is the body of the answer to a message that is stored.
	OKResult = "<Result><StatusCode>OK</StatusCode><Text></Text></Result>"
)

// Answer is the response to a request.
type Answer struct {
	Status int
	Header http.Header
	Body   string
}

// Request sends a request and reads the whole Answer.
func (s *Server) Request(method, path, body string, header ...string) Answer {
	s.T.Helper()
	got, err := s.Try(method, path, body, header...)
	if err != nil {
		s.T.Fatalf("%s %s: %v\n%s", method, path, err, s.Log)
	}
	return got
}

// Try is Request where the process may be gone.
func (s *Server) Try(method, path, body string, header ...string) (Answer, error) {
	return try(newClient(), method, s.URL+path, body, header...)
}

// newClient returns a client that makes a connection for each request, as the
// sensors' own does.
func newClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true},
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func try(client *http.Client, method, url, body string, header ...string) (Answer, error) {
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return Answer{}, err
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	req.Host = req.Header.Get("Host") // empty: that of the URL
	resp, err := client.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return Answer{resp.StatusCode, resp.Header, string(b)}, err
}

// Post sends a sensor's message.
func (s *Server) Post(body string) Answer {
	s.T.Helper()
	return s.Request(http.MethodPost, PostPath, body, "Content-Type", "text/xml", "Charset", "UTF-8")
}
