// Package integration tests the real binary, as its own process.
package integration

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// The log-in that the recorded messages use.
const (
	communityUser  = "community-01-user"
	communityToken = "foth{a5maiCee8fineu7"
)

const okResult = "<Result><StatusCode>OK</StatusCode><Text></Text></Result>"

// binary is ./cmd/peba, built once for all tests.
var binary string

func TestMain(m *testing.M) {
	os.Exit(buildAndRun(m))
}

func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "peba-integration")
	if err != nil {
		fmt.Fprintln(os.Stderr, "making a folder:", err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary = filepath.Join(dir, "peba")
	build := exec.Command("go", "build", "-o", binary, "../cmd/peba")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "building the binary:", err)
		return 1
	}
	code := m.Run()
	if err := closeCluster(); err != nil {
		fmt.Fprintln(os.Stderr, "ending Elasticsearch:", err)
		return 1
	}
	return code
}

// server is a running binary.
type server struct {
	t testing.TB
	// url is where it serves, admin where its admin API is.
	url, admin string
	// data is its data folder, config its Caddyfile.
	data, config string
	// adapter names the configuration's format.
	adapter string

	cmd  *exec.Cmd
	log  *logBuffer
	done chan struct{}
}

// site makes a Caddyfile for a server at the given addresses. {{.}} parts are
// the options of the app and of the directive.
func site(listen, admin, appOptions, routeOptions string) string {
	return fmt.Sprintf(`{
	admin %s
	persist_config off
	peba {
		community %s %s
		%s
	}
}

http://%s {
	peba {
		%s
	}
	respond 404
}
`, admin, communityUser, communityToken, appOptions, listen, routeOptions)
}

// newServer prepares a server without starting it.
func newServer(t testing.TB, appOptions, routeOptions string) *server {
	t.Helper()
	listen, admin := freeAddress(t), freeAddress(t)
	dir := t.TempDir()
	s := &server{
		t: t, url: "http://" + listen, admin: admin,
		data: dir, config: filepath.Join(dir, "Caddyfile"), adapter: "caddyfile",
	}
	s.writeConfig(site(listen, admin, appOptions, routeOptions))
	return s
}

// startServer starts a server and ends it with the test.
func startServer(t testing.TB, appOptions, routeOptions string) *server {
	t.Helper()
	s := newServer(t, appOptions, routeOptions)
	s.start()
	return s
}

func (s *server) writeConfig(text string) {
	s.t.Helper()
	if err := os.WriteFile(s.config, []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// start starts the process and returns when all is well with it.
func (s *server) start() {
	s.t.Helper()
	s.startUntil(http.StatusOK)
}

// startUntil starts the process and returns when its heartbeat has the status.
func (s *server) startUntil(heartbeat int) {
	s.t.Helper()
	s.launch()
	s.await(heartbeat)
}

// launch starts the process and does not wait for it.
func (s *server) launch() {
	s.t.Helper()
	s.cmd = s.command("run", "--config", s.config, "--adapter", s.adapter)
	s.log = new(logBuffer)
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	if err := s.cmd.Start(); err != nil {
		s.t.Fatal("starting the server:", err)
	}
	s.done = make(chan struct{})
	go func() {
		defer close(s.done)
		_ = s.cmd.Wait() // how it ended, the tests tell from its answers
	}()
	s.t.Cleanup(func() {
		s.kill()
		if s.t.Failed() {
			s.t.Logf("the server's log:\n%s", tail(s.log.String()))
		}
	})
}

// await waits until the heartbeat has the status.
func (s *server) await(heartbeat int) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/heartbeat", nil)
		if err != nil {
			s.t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == heartbeat {
				return
			}
		}
		select {
		case <-s.done:
			s.t.Fatalf("the server ended by itself:\n%s", s.log)
		case <-ctx.Done():
			s.t.Fatalf("the server does not answer:\n%s", s.log)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// command prepares a run of the binary that keeps its files in the server's folder.
func (s *server) command(args ...string) *exec.Cmd {
	cmd := exec.Command(binary, args...)
	cmd.Env = append(os.Environ(), "XDG_DATA_HOME="+s.data, "XDG_CONFIG_HOME="+s.data, "HOME="+s.data)
	return cmd
}

// kill ends the process at once, as a crash does.
func (s *server) kill() {
	s.signal(syscall.SIGKILL)
}

// stop ends the process in good order.
func (s *server) stop() {
	s.signal(syscall.SIGTERM)
}

func (s *server) signal(sig os.Signal) {
	if err := s.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.t.Error("ending the server:", err)
	}
	select {
	case <-s.done:
	case <-time.After(30 * time.Second):
		s.t.Errorf("the server does not end:\n%s", s.log)
	}
}

// database is where the default store is.
func (s *server) database() string {
	return filepath.Join(s.data, "caddy", "peba", "peba.db")
}

// cli runs one of the binary's commands against the server.
func (s *server) cli(stdin string, args ...string) (string, error) {
	cmd := s.command(args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// user runs `peba user …` and fails the test if that fails.
func (s *server) user(stdin string, args ...string) string {
	s.t.Helper()
	out, err := s.cli(stdin, append([]string{"peba", "user", "--address", s.admin}, args...)...)
	if err != nil {
		s.t.Fatalf("peba user %v: %v\n%s", args, err, out)
	}
	return out
}

// answer is what a request got.
type answer struct {
	status int
	header http.Header
	body   string
}

// request sends a request and reads the whole answer.
func (s *server) request(method, path, body string, header ...string) answer {
	s.t.Helper()
	got, err := s.try(method, path, body, header...)
	if err != nil {
		s.t.Fatalf("%s %s: %v\n%s", method, path, err, s.log)
	}
	return got
}

func (s *server) try(method, path, body string, header ...string) (answer, error) {
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	// A connection a request, as the sensors' client does it.
	noRedirects := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true},
		Timeout:       30 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	resp, err := noRedirects.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(b)}, err
}

// post sends a sensor's message.
func (s *server) post(body string) answer {
	s.t.Helper()
	return s.request(http.MethodPost, "/ews-0.1/alert/postSimpleMessage", body, "Content-Type", "text/xml", "Charset", "UTF-8")
}

// freeAddress finds a free port on the loopback interface.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// logBuffer collects what a process writes.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// recordings returns a folder of recordings: the one that the environment
// variable names, or the one beside the repository.
func recordings(variable, byDefault string) string {
	if dir := os.Getenv(variable); dir != "" {
		return dir
	}
	return filepath.Join("..", byDefault)
}
