package handlers

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/peba-edge/peba/app"
	"github.com/peba-edge/peba/intake"
)

// listen serves ingest over TCP. The header Source of a request stands for the
// client's address.
func listen(t *testing.T, ctx caddy.Context, h provisioned) (address string) {
	t.Helper()
	if err := h.Provision(ctx); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		vars := map[string]any{caddyhttp.ClientIPVarKey: r.Header.Get("Source")}
		r = r.WithContext(context.WithValue(r.Context(), caddyhttp.VarsCtxKey, vars))
		if err := h.ServeHTTP(w, r, nil); err != nil {
			t.Error(err)
		}
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// sending is a request whose body is written by hand.
type sending struct {
	net.Conn
	t *testing.T
}

// begin sends the head of a message of size bytes, and the start of its body.
func begin(t *testing.T, address, source string, size int, start string) *sending {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	s := &sending{conn, t}
	if _, err := fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nSource: %s\r\nContent-Length: %d\r\n\r\n%s", source, size, start); err != nil {
		t.Fatal(err)
	}
	return s
}

// answer reads the answer, when all is sent.
func (s *sending) answer() *http.Response {
	s.t.Helper()
	resp, err := http.ReadResponse(bufio.NewReader(s.Conn), nil)
	if err != nil {
		s.t.Fatal("no answer:", err)
	}
	return resp
}

// large is a message of size bytes.
func large(user, token string, size int) string {
	m := strings.TrimSuffix(message(user, token), "</EWS-SimpleMessage>")
	const end = "</Padding></EWS-SimpleMessage>"
	m += "<Padding>"
	return m + strings.Repeat("x", size-len(m)-len(end)) + end
}

func appOf(t *testing.T, ctx caddy.Context) *app.App {
	t.Helper()
	app, err := findApp(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// await waits until the counted bytes are as wanted.
func await(t *testing.T, app *app.App, what string, wanted func(intake.Usage) bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !wanted(app.Intake().Usage()); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: counted are %+v", what, app.Intake().Usage())
		}
	}
}

// TestRefusedAtOnce sends large bodies whose end never comes: what is wrong must be
// found out before.
func TestRefusedAtOnce(t *testing.T) {
	for name, test := range map[string]struct {
		start  string
		size   int
		status int
		want   string
	}{
		"wrong token":      {message("community", "wrong"), 32 << 20, 403, "wrong token"},
		"credentials last": {"<m>" + goodAlert + strings.Repeat("x", intake.MaxUnverified), 32 << 20, 403, "must begin with its Authentication"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := newApp(t, "")
			s := begin(t, listen(t, ctx, &Ingest{}), "192.0.2.1", test.size, test.start)
			resp := s.answer()
			body, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != test.status || !strings.Contains(string(body), test.want) || !resp.Close {
				t.Errorf("%d %s, close %v", resp.StatusCode, body, resp.Close)
			}
			await(t, appOf(t, ctx), "after the answer", func(u intake.Usage) bool { return u == intake.Usage{} })
		})
	}
}

// TestAnswerArrives has clients send all of a large body before they read: the
// answer must arrive, and not a closed connection.
func TestAnswerArrives(t *testing.T) {
	const size = 13 << 20
	for name, test := range map[string]struct {
		body    string
		header  string
		chunked bool
		maxBody int64
		store   string
		crowded bool
		flooded bool
		status  int
	}{
		"accepted":           {body: large("community", "its token", size), status: 200},
		"store down":         {body: large("community", "its token", size), store: `{"module":"down"}`, status: 503},
		"too large":          {body: large("community", "its token", size), maxBody: 5 << 20, status: 413},
		"too large, chunked": {body: large("community", "its token", size), maxBody: 5 << 20, chunked: true, status: 413},
		"crowded, chunked":   {body: large("community", "its token", size), chunked: true, crowded: true, status: 503},
		"flooded":            {body: large("community", "its token", size), flooded: true, status: 503},
		"malformed":          {body: message("community", "its token") + strings.Repeat("x", size), status: 400},
		"wrong token":        {body: large("community", "wrong", size), status: 403},
		"compressed":         {body: large("community", "its token", size), header: "Content-Encoding: gzip\r\n", status: 400},
		"a form":             {body: large("community", "its token", size), header: "Content-Type: multipart/form-data\r\n", status: 400},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := newApp(t, test.store)
			address := listen(t, ctx, &Ingest{MaxBody: test.maxBody})
			app := appOf(t, ctx)
			if test.crowded {
				fill(t, app)
			}
			if test.flooded {
				flood(t, app)
			}
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			body := test.body
			head := fmt.Sprintf("Content-Length: %d", len(body))
			if test.chunked {
				head, body = "Transfer-Encoding: chunked", fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)
			}
			if _, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nSource: 192.0.2.1\r\n"+test.header+head+"\r\n\r\n"+body); err != nil {
				t.Fatal("not all was taken:", err)
			}
			resp := (&sending{conn, t}).answer()
			if resp.StatusCode != test.status || (resp.Header.Get("Retry-After") != "") != (test.status == 503) {
				b, _ := io.ReadAll(resp.Body)
				t.Errorf("%d %v %s, want %d", resp.StatusCode, resp.Header, b, test.status)
			}
		})
	}
}

// flood takes the room for bodies that have not logged in.
func flood(t *testing.T, app *app.App) {
	t.Helper()
	for n := range 100_000 {
		b, err := app.EnterBody(netip.AddrFrom4([4]byte{198, 51, byte(n >> 8), byte(n)}))
		if err != nil {
			return
		}
		t.Cleanup(b.Leave)
	}
	t.Fatal("the room has no end")
}

// fill takes the room for large bodies, as others do.
func fill(t *testing.T, app *app.App) {
	t.Helper()
	for n := range byte(200) {
		b, err := app.EnterBody(netip.AddrFrom4([4]byte{198, 51, 100, n}))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(b.Leave)
		if b.Admit(t.Context(), 2<<20, 0) != nil {
			return
		}
	}
}

// TestNobodyIsLockedOut has strangers without credentials hold as many bodies as
// they can: messages of any size must get through meanwhile, and what is counted
// of the strangers is bounded.
func TestNobodyIsLockedOut(t *testing.T) {
	ctx := newApp(t, "")
	address, app := listen(t, ctx, &Ingest{}), appOf(t, ctx)
	const connections, half = 600, 16 << 20 // of the room for those not verified
	part := "<m>" + strings.Repeat("x", 40_000)
	for range connections {
		begin(t, address, "192.0.2.66", 32<<20, part)
	}
	await(t, app, "strangers", func(u intake.Usage) bool { return u.Entry > half*9/10 })
	for name, size := range map[string]int{"small": 1000, "large": 13 << 20} {
		body := large("community", "its token", max(size, 1000))
		if resp := begin(t, address, "192.0.2.1", len(body), body).answer(); resp.StatusCode != http.StatusOK {
			t.Errorf("a %s message: %d", name, resp.StatusCode)
		}
	}
	if u := app.Intake().Usage(); u.Entry > half || u.Small > 0 || u.Large > 0 {
		t.Errorf("counted are %+v, want at most %d", u, half)
	}
}

// TestStalledSensors has a client with the right log-in, which may be public, send
// much of many bodies and no more: that is bounded too, and leaves room for others.
func TestStalledSensors(t *testing.T) {
	ctx := newApp(t, "")
	address, app := listen(t, ctx, &Ingest{}), appOf(t, ctx)
	const connections, share = 100, 48 << 20 // of the room for small bodies
	start := message("community", "its token")
	for range connections {
		begin(t, address, "192.0.2.66", intake.MaxSmall, start)
	}
	await(t, app, "stalled", func(u intake.Usage) bool { return u.Small == share })
	body := large("community", "its token", intake.MaxSmall)
	if resp := begin(t, address, "192.0.2.1", len(body), body).answer(); resp.StatusCode != http.StatusOK {
		t.Errorf("another sensor: %d", resp.StatusCode)
	}
}

// TestLargeBodiesTakeTurns sends more at once than there is room for: each is
// answered, and no more is counted than the room has.
func TestLargeBodiesTakeTurns(t *testing.T) {
	ctx := newApp(t, "")
	address, app := listen(t, ctx, &Ingest{MaxBody: 64 << 20}), appOf(t, ctx)
	const bodies, size, share = 24, 8 << 20, 96 << 20
	body := large("community", "its token", size)
	results := make(chan int, bodies)
	for range bodies {
		go func() {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Error(err)
				results <- 0
				return
			}
			defer conn.Close()
			_, err = fmt.Fprintf(conn, "POST / HTTP/1.1\r\nHost: x\r\nSource: 192.0.2.1\r\nContent-Length: %d\r\n\r\n%s", size, body)
			if err != nil {
				t.Error("not all was taken:", err)
			}
			resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
			if err != nil {
				t.Error("no answer:", err)
				results <- 0
				return
			}
			results <- resp.StatusCode
		}()
	}
	answered := map[int]int{}
	for range bodies {
		answered[<-results]++
		if u := app.Intake().Usage(); u.Large > share {
			t.Errorf("counted are %+v, want at most %d", u, share)
		}
	}
	if answered[http.StatusOK] == 0 || answered[http.StatusOK]+answered[http.StatusServiceUnavailable] != bodies {
		t.Errorf("answers by status: %v", answered)
	}
}
