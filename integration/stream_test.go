package integration

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/esclient/estest"
	"github.com/peba-edge/peba/integration/edgetest"
)

// listener is a client of /alert/stream that comes back, like a browser, when a
// stream ends.
type listener struct {
	t      *testing.T
	cancel context.CancelFunc
	done   chan struct{}

	mu      sync.Mutex
	header  http.Header
	streams int // how many were opened
	events  map[string][]string
	last    string
}

// listen opens a stream and returns when its first line has come.
func (s *server) listen(client *http.Client, query string, header ...string) *listener {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	l := &listener{t: s.t.(*testing.T), cancel: cancel, done: make(chan struct{}), events: make(map[string][]string)}
	s.t.Cleanup(l.stop)
	go func() {
		defer close(l.done)
		for ctx.Err() == nil {
			l.stream(ctx, client, s.URL+"/alert/stream"+query, header)
			time.Sleep(50 * time.Millisecond)
		}
	}()
	l.wait("the stream to open", func() bool { return l.streams > 0 })
	return l
}

// stream reads one stream to its end.
func (l *listener) stream(ctx context.Context, client *http.Client, url string, header []string) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		l.t.Error(err)
		return
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	if l.last != "" {
		req.Header.Set("Last-Event-ID", l.last)
	}
	resp, err := client.Do(req)
	if err != nil {
		return // the server is away
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		l.t.Errorf("the stream: %d", resp.StatusCode)
		return
	}
	lines := bufio.NewScanner(resp.Body)
	var id, name string
	for lines.Scan() {
		field, value, _ := strings.Cut(lines.Text(), ": ")
		l.mu.Lock()
		switch field {
		case "retry":
			l.header = resp.Header
			l.streams++
		case "id":
			id = value
		case "event":
			name = value
		case "data":
			l.events[name] = append(l.events[name], value)
			if id != "" {
				l.last = id
			}
		}
		l.mu.Unlock()
	}
}

func (l *listener) stop() {
	l.cancel()
	<-l.done
}

// wait returns when something is so.
func (l *listener) wait(what string, so func() bool) {
	l.t.Helper()
	for range 1200 {
		l.mu.Lock()
		is := so()
		l.mu.Unlock()
		if is {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.t.Fatalf("waited in vain for %s: %d streams, %d alerts, missed %v", what, l.streams, len(l.events["alert"]), l.events["missed"])
}

// waitForAlerts returns n alerts.
func (l *listener) waitForAlerts(n int) []string {
	l.t.Helper()
	l.wait(fmt.Sprint(n, " alerts"), func() bool { return len(l.events["alert"]) >= n })
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.events["alert"]
}

// waitForAll waits until as many alerts came as the server has.
func (l *listener) waitForAll(s *server, ci string) {
	l.t.Helper()
	var count struct{ AlertCount int }
	got := s.Request(http.MethodGet, "/alert/retrieveAlertsCount?time=1000&out=json&ci="+ci, "")
	if err := json.Unmarshal([]byte(got.Body), &count); err != nil {
		l.t.Fatalf("%v: %s", err, got.Body)
	}
	l.waitForAlerts(count.AlertCount)
}

// sameAlerts compares what came with what is stored: each once.
func (l *listener) sameAlerts(stored []alert.Document) {
	l.t.Helper()
	times := make(map[string]int)
	for _, text := range l.waitForAlerts(1) {
		var a struct{ ID string }
		if err := json.Unmarshal([]byte(text), &a); err != nil {
			l.t.Fatalf("%v: %s", err, text)
		}
		times[a.ID]++
	}
	for _, d := range stored {
		if n := times[d.ID]; n != 1 {
			l.t.Errorf("alert %s came %d times", d.ID, n)
		}
		delete(times, d.ID)
	}
	if len(times) > 0 {
		l.t.Errorf("%d alerts came that are not stored", len(times))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.events["missed"]) > 0 {
		l.t.Errorf("missed: %v", l.events["missed"])
	}
}

// TestStream sends alerts to clients of several kinds, through all that may
// stand before the handler.
func TestStream(t *testing.T) {
	s := newServer(t, "max_streams 4", "frontend "+frontend)
	config, err := os.ReadFile(s.Config)
	if err != nil {
		t.Fatal(err)
	}
	// A body must come within a second, which no stream may end by.
	text := strings.Replace(string(config), "\tpeba {", "\tservers {\n\t\tprotocols h1 h2c\n\t\ttimeouts {\n\t\t\tread_body 1s\n\t\t}\n\t}\n\tpeba {", 1)
	s.WriteConfig(strings.Replace(text, "respond 404", "encode\n\trespond 404", 1))
	s.Start()
	s.User("long enough\n", "add", "soc", "--token-file", "-")

	var h2c http.Protocols
	h2c.SetUnencryptedHTTP2(true)
	plain := s.listen(&http.Client{}, "", "Origin", frontend, "Accept-Encoding", "zstd, gzip")
	http2 := s.listen(&http.Client{Transport: &http.Transport{Protocols: &h2c}}, "")
	private := s.listen(&http.Client{}, "?ci=0")
	both := s.listen(&http.Client{}, "/?ci=-1")
	if got := s.Request(http.MethodGet, "/alert/stream", ""); got.Status != http.StatusServiceUnavailable || got.Header.Get("Retry-After") == "" {
		t.Errorf("one stream too many: %d %v", got.Status, got.Header)
	}
	if head := s.Request(http.MethodHead, "/alert/stream", ""); head.Status != http.StatusOK {
		t.Errorf("HEAD: %d", head.Status)
	}
	time.Sleep(1500 * time.Millisecond)

	send := func(user, token string, n int) {
		if got := s.Post(edgetest.MessageXML(user, token, edgetest.AlertXML("9.9.9.9", n))); got.Body != edgetest.OKResult {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
	}
	send(edgetest.CommunityUser, edgetest.CommunityToken, 1)
	send("soc", "long enough", 2)
	for what, l := range map[string]struct {
		*listener
		ci     string
		alerts int
	}{"HTTP/1.1": {plain, "1", 1}, "HTTP/2": {http2, "1", 1}, "private": {private, "0", 1}, "both": {both, "-1", 2}} {
		got := l.waitForAlerts(l.alerts)
		list := s.Request(http.MethodGet, "/alert/retrieveAlertsJson?ci="+l.ci, "").Body
		for _, a := range got {
			if !strings.Contains(list, a) {
				t.Errorf("%s: retrieveAlertsJson answers %s, but the stream %s", what, list, a)
			}
			if strings.Contains(a, "9.9.9.9") || strings.Contains(a, "198.51.100.9") {
				t.Errorf("%s: an address in public: %s", what, a)
			}
		}
		if len(got) != l.alerts || l.streams != 1 {
			t.Errorf("%s: %d alerts in %d streams", what, len(got), l.streams)
		}
	}
	for key, want := range map[string]string{
		"Content-Type": "text/event-stream", "Cache-Control": "no-store, no-transform", "X-Accel-Buffering": "no",
		"Access-Control-Allow-Origin": frontend, "Content-Encoding": "", "Content-Length": "",
	} {
		if got := plain.header.Get(key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	if open, dropped := s.Metric("peba_stream_open"), s.Metric("peba_stream_dropped_total"); open != 4 || dropped != 0 {
		t.Errorf("the metrics count %d open streams and %d dropped, want 4 and 0", open, dropped)
	}
}

// TestStreamStuck has a client that takes nothing: it is dropped, and keeps no
// other from its alerts.
func TestStreamStuck(t *testing.T) {
	s := startServer(t, "", "")
	address := strings.TrimPrefix(s.URL, "http://")
	stuck, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer stuck.Close()
	if _, err := io.WriteString(stuck, "GET /alert/stream HTTP/1.1\r\nHost: "+address+"\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	quick := s.listen(&http.Client{}, "")
	// Escaping makes much of them: this fills what the kernel keeps for a client.
	request := `<Request type="url">/` + strings.Repeat("&amp;lt;", 300) + "</Request>"
	sent := 0
	for s.Metric("peba_stream_dropped_total") == 0 {
		if sent == 50*90 {
			t.Fatal("the stuck client is still there")
		}
		var alerts []string
		for range 50 {
			sent++
			alerts = append(alerts, strings.Replace(edgetest.AlertXML("9.9.9.9", sent), "<AdditionalData", request+"<AdditionalData", 1))
		}
		if got := s.Post(edgetest.MessageXML(edgetest.CommunityUser, edgetest.CommunityToken, alerts...)); got.Body != edgetest.OKResult {
			t.Fatalf("%d %s", got.Status, got.Body)
		}
		time.Sleep(time.Second)
	}
	if open := s.Metric("peba_stream_open"); open != 1 {
		t.Errorf("%d streams are open, want one", open)
	}
	quick.waitForAlerts(sent * 9 / 10) // two messages may be of one second
	if quick.streams != 1 {
		t.Errorf("the quick client had %d streams", quick.streams)
	}
}

// TestStreamReload reloads while sensors send: the streams end, their clients
// come back, and have each alert once.
func TestStreamReload(t *testing.T) {
	s := startServer(t, "", "")
	config, err := os.ReadFile(s.Config)
	if err != nil {
		t.Fatal(err)
	}
	first, second := s.listen(&http.Client{}, "?ci=-1"), s.listen(&http.Client{}, "")
	sending := s.play()
	for i := range 3 {
		first.waitForAlerts(1 + 15*i)
		s.WriteConfig(strings.Replace(string(config), "peba {", fmt.Sprintf("peba {\n\t\tretention %dd", 10+i), 1))
		if out, err := s.CLI("", "reload", "--address", s.Admin, "--config", s.Config, "--adapter", "caddyfile"); err != nil {
			t.Fatalf("reload: %v\n%s", err, out)
		}
		first.wait("a new stream", func() bool { return first.streams == i+2 })
	}
	sending()
	first.waitForAll(s, "-1")
	second.waitForAll(s, "1")
	s.Stop()
	stored := s.Documents()
	first.sameAlerts(stored)
	second.sameAlerts(stored)
}

// TestStreamKill kills the server while sensors send. Who comes back to the next
// one has each alert once.
func TestStreamKill(t *testing.T) {
	s := startServer(t, "", "")
	l := s.listen(&http.Client{}, "")
	for round := range 2 {
		sending := s.play()
		l.waitForAlerts(1 + 20*round)
		s.Kill()
		sending()
		s.Start()
		l.wait("a new stream", func() bool { return l.streams == round+2 })
	}
	s.play()()
	l.waitForAll(s, "1")
	s.Stop()
	l.sameAlerts(s.Documents())
	if strings.Contains(s.Log.String(), "panic") {
		t.Errorf("the server's log:\n%s", s.Log)
	}
}

// TestStreamEdges has two edges on one Elasticsearch. Who listens at one gets what
// the other took, and goes on at the other without a loss.
func TestStreamEdges(t *testing.T) {
	es := "store elasticsearch " + estest.StartServer(t).Nodes[0].URL
	here, there := startServer(t, es, ""), startServer(t, es, "")
	first := here.listen(&http.Client{}, "")
	sending := there.play()
	first.waitForAlerts(1)
	first.stop()
	second := there.listen(&http.Client{}, "", "Last-Event-ID", first.last)
	sending()
	here.play()()

	const sent = 2 * played
	var stored struct{ Alerts []struct{ ID string } }
	for topx := 1000; len(stored.Alerts) < sent && topx > 900; topx-- { // each is an answer of its own
		time.Sleep(time.Second)
		body := here.Request(http.MethodGet, fmt.Sprint("/alert/retrieveAlertsJson?topx=", topx), "").Body
		if err := json.Unmarshal([]byte(body), &stored); err != nil {
			t.Fatalf("%v: %s", err, body)
		}
	}
	if len(stored.Alerts) != sent {
		t.Fatalf("%d alerts are stored, want %d", len(stored.Alerts), sent)
	}
	had := func() string {
		return strings.Join(slices.Concat(first.events["alert"], second.events["alert"]), "\n")
	}
	second.wait("all alerts", func() bool {
		all := had()
		return !slices.ContainsFunc(stored.Alerts, func(a struct{ ID string }) bool { return !strings.Contains(all, a.ID) })
	})
	second.stop()
	if len(second.events["missed"]) > 0 {
		t.Errorf("missed: %v", second.events["missed"])
	}
	t.Logf("%d of %d alerts came twice", strings.Count(had(), "{")-sent, sent)
}

// played is how many alerts play sends.
const played = 80

// play has sensors send, too few to be sampled, until what is returned is called
// and they are done.
func (s *server) play() (wait func()) {
	s.t.Helper()
	cmd := s.Command("peba", "simulate", s.URL, "--user", edgetest.CommunityUser, "--token", edgetest.CommunityToken,
		"--sensors", "20", "--rate", "20", "--alerts", fmt.Sprint(played), "--batch", "2", "--seed", fmt.Sprint(time.Now().UnixNano()))
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	return func() { _ = cmd.Wait() } // it fails where the server was killed
}
