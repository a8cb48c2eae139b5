//go:build linux

package torture

import (
	"bytes"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// lie answers a request to the cluster instead of passing it on.
type lie func(w http.ResponseWriter, r *http.Request, honest http.Handler)

// liar stands before a cluster. It passes on what it gets, until it is told a lie.
type liar struct {
	url   string
	lie   atomic.Pointer[lie]
	node  atomic.Int64
	nodes []http.Handler
}

func newLiar(t testing.TB, urls []string) *liar {
	t.Helper()
	l := &liar{}
	for _, text := range urls {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		proxy := httputil.NewSingleHostReverseProxy(u)
		// What the node did not answer has no answer here either.
		proxy.ErrorHandler = func(w http.ResponseWriter, r *http.Request, _ error) { reset(w, r, nil) }
		l.nodes = append(l.nodes, proxy)
	}
	server := httptest.NewServer(l)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	l.url = server.URL
	return l
}

func (l *liar) tell(lie lie) { l.lie.Store(&lie) }
func (l *liar) honest()      { l.lie.Store(nil) }

func (l *liar) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	node := l.nodes[int(l.node.Add(1))%len(l.nodes)]
	if lie := l.lie.Load(); lie != nil {
		(*lie)(w, r, node)
		return
	}
	node.ServeHTTP(w, r)
}

// bulks tells the lie about bulk requests only.
func bulks(lie lie) lie {
	return func(w http.ResponseWriter, r *http.Request, honest http.Handler) {
		if strings.HasSuffix(r.URL.Path, "/_bulk") {
			lie(w, r, honest)
		} else {
			honest.ServeHTTP(w, r)
		}
	}
}

// reset ends the connection with an RST.
func reset(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		return
	}
	conn, _, err := hijacker.Hijack()
	if err != nil {
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // else the client is only told sooner
	}
	conn.Close()
}

// hang reads the request and never answers.
func hang(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
	_, _ = io.Copy(io.Discard, r.Body) // the client may give up
	select {
	case <-r.Context().Done():
	case <-time.After(time.Minute):
	}
}

// says answers that.
func says(status int, media, body string) lie {
	return func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", media)
		w.Header().Set("X-Elastic-Product", "Elasticsearch")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body) // the client may give up
	}
}

// fails answers with an error as Elasticsearch words it.
func fails(status int, kind string) lie {
	body, err := json.Marshal(map[string]any{"status": status, "error": map[string]any{
		"type": kind, "reason": "told by a test", "root_cause": []any{map[string]string{"type": kind, "reason": "told by a test"}},
	}})
	if err != nil {
		panic(err)
	}
	return says(status, "application/json", string(body))
}

// after has the cluster do what is asked, and changes the answer. Without an answer
// the connection ends.
func after(change func(body []byte) []byte) lie {
	return func(w http.ResponseWriter, r *http.Request, honest http.Handler) {
		r.Header.Set("Accept-Encoding", "identity")
		recorder := httptest.NewRecorder()
		honest.ServeHTTP(recorder, r)
		body := change(recorder.Body.Bytes())
		if body == nil {
			reset(w, r, nil)
			return
		}
		for name, values := range recorder.Header() {
			if name != "Content-Length" {
				w.Header()[name] = values
			}
		}
		w.WriteHeader(recorder.Code)
		_, _ = w.Write(body) // the client may give up
	}
}

// items changes the items of a bulk answer.
func items(change func([]json.RawMessage) []json.RawMessage) lie {
	return bulks(after(func(body []byte) []byte {
		var answer map[string]json.RawMessage
		var list []json.RawMessage
		if json.Unmarshal(body, &answer) != nil || json.Unmarshal(answer["items"], &list) != nil {
			return body
		}
		text, err := json.Marshal(change(list))
		if err != nil {
			return body
		}
		return bytes.Replace(body, answer["items"], text, 1)
	}))
}

// wire stands before a server that speaks any protocol over TCP.
type wire struct {
	address string
	mangle  atomic.Pointer[func(answer []byte) []byte]
}

// newWire passes on what a server says, as mangle changes it; nil from that is
// silence.
func newWire(t testing.TB, server string) *wire {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	w := &wire{address: listener.Addr().String()}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go w.serve(client, server)
		}
	}()
	return w
}

func (w *wire) serve(client net.Conn, address string) {
	defer client.Close()
	server, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer server.Close()
	go func() {
		_, _ = io.Copy(server, client) // it ends with either
		server.Close()
	}()
	buffer := make([]byte, 64<<10)
	for {
		n, err := server.Read(buffer)
		if err != nil {
			return
		}
		answer := buffer[:n]
		if mangle := w.mangle.Load(); mangle != nil {
			answer = (*mangle)(bytes.Clone(answer))
		}
		if _, err := client.Write(answer); err != nil {
			return
		}
	}
}
