// Package edgetest runs the real binary as its own process, for tests.
package edgetest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The log-in that the recorded messages use.
const (
	CommunityUser  = "community-01-user"
	CommunityToken = "foth{a5maiCee8fineu7"
)

// Binary is the path of an executable of ./cmd/peba.
type Binary string

// Build builds ./cmd/peba into the folder, with the build tags if any.
func Build(folder string, tags ...string) (Binary, error) {
	path := filepath.Join(folder, "peba")
	build := exec.Command("go", "build", "-tags", strings.Join(tags, ","), "-o", path, "github.com/peba-edge/peba/cmd/peba")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the binary: %w\n%s", err, out)
	}
	return Binary(path), nil
}

// Server is a process that runs the binary, or is about to.
type Server struct {
	// T is the test that the server ends with.
	T testing.TB
	// URL is where it serves, Admin where its admin API is.
	URL, Admin string
	// Data is its data folder, Config its Caddyfile.
	Data, Config string
	// Adapter names the configuration's format.
	Adapter string
	// Env is what its environment has besides the test's, as NAME=VALUE.
	Env []string
	// Log is what the process has written since it was started.
	Log *Log

	binary Binary
	cmd    *exec.Cmd
	done   chan struct{}
}

// New prepares a server without starting it.
func (b Binary) New(t testing.TB, appOptions, routeOptions string) *Server {
	t.Helper()
	listen, admin := FreeAddress(t), FreeAddress(t)
	dir := t.TempDir()
	s := &Server{
		T: t, URL: "http://" + listen, Admin: admin,
		Data: dir, Config: filepath.Join(dir, "Caddyfile"), Adapter: "caddyfile", Log: new(Log), binary: b,
	}
	s.WriteConfig(s.Site(appOptions, routeOptions))
	return s
}

// Site returns a Caddyfile for the server's addresses, with options of the app and
// of the directive.
func (s *Server) Site(appOptions, routeOptions string) string {
	return fmt.Sprintf(`{
	admin %s
	persist_config off
	peba {
		community %s %s
		%s
	}
}

%s {
	peba {
		%s
	}
	respond 404
}
`, s.Admin, CommunityUser, CommunityToken, appOptions, s.URL, routeOptions)
}

// WriteConfig replaces the server's Caddyfile.
func (s *Server) WriteConfig(text string) {
	s.T.Helper()
	if err := os.WriteFile(s.Config, []byte(text), 0o600); err != nil {
		s.T.Fatal(err)
	}
}

// Start starts the process and returns when it is healthy.
func (s *Server) Start() {
	s.T.Helper()
	s.StartUntil(http.StatusOK)
}

// StartUntil starts the process and returns when its heartbeat has the status.
func (s *Server) StartUntil(heartbeat int) {
	s.T.Helper()
	s.Launch()
	s.Await(heartbeat)
}

// Launch starts the process and does not wait for it.
func (s *Server) Launch() {
	s.T.Helper()
	s.cmd = s.Command("run", "--config", s.Config, "--adapter", s.Adapter)
	s.Log = new(Log)
	s.cmd.Stdout, s.cmd.Stderr = s.Log, s.Log
	if err := s.cmd.Start(); err != nil {
		s.T.Fatal("starting the server:", err)
	}
	done, cmd, log := make(chan struct{}), s.cmd, s.Log
	s.done = done
	go func() {
		defer close(done)
		_ = cmd.Wait() // how it ended shows in its answers
	}()
	s.T.Cleanup(func() {
		_ = cmd.Process.Kill() // most have ended
		<-done
		if s.T.Failed() {
			s.T.Logf("the server's log:\n%s", Tail(log.String()))
		}
	})
}

// Await waits until the heartbeat has the status.
func (s *Server) Await(heartbeat int) {
	s.T.Helper()
	for deadline := time.Now().Add(time.Minute); !s.Beats(heartbeat); time.Sleep(20 * time.Millisecond) {
		select {
		case <-s.done:
			s.T.Fatalf("the server ended by itself:\n%s", s.Log)
		default:
		}
		if time.Now().After(deadline) {
			s.T.Fatalf("the heartbeat does not become %d:\n%s", heartbeat, s.Log)
		}
	}
}

// Beats reports whether the heartbeat has the status now.
func (s *Server) Beats(status int) bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/heartbeat", nil)
	if err != nil {
		s.T.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == status
}

// Command prepares a run of the binary that keeps its files in the server's folder.
func (s *Server) Command(args ...string) *exec.Cmd {
	cmd := exec.Command(string(s.binary), args...)
	cmd.Env = append(os.Environ(), "XDG_DATA_HOME="+s.Data, "XDG_CONFIG_HOME="+s.Data, "HOME="+s.Data)
	cmd.Env = append(cmd.Env, s.Env...)
	return cmd
}

// PID returns the id of the process.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Runs reports whether the process was started and has not ended.
func (s *Server) Runs() bool {
	if s.cmd == nil {
		return false
	}
	select {
	case <-s.done:
		return false
	default:
		return true
	}
}

// Kill ends the process at once, as a crash does.
func (s *Server) Kill() { s.signal(syscall.SIGKILL) }

// Stop ends the process in good order.
func (s *Server) Stop() { s.signal(syscall.SIGTERM) }

func (s *Server) signal(sig os.Signal) {
	if err := s.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.T.Error("ending the server:", err)
	}
	select {
	case <-s.done:
	case <-time.After(30 * time.Second):
		s.T.Errorf("the server does not end:\n%s", s.Log)
	}
}

// Folder returns where the server keeps what is its own.
func (s *Server) Folder() string { return filepath.Join(s.Data, "caddy", "peba") }

// Database returns the path of the default store.
func (s *Server) Database() string { return filepath.Join(s.Folder(), "peba.db") }

// CLI runs one of the binary's commands against the server.
func (s *Server) CLI(stdin string, args ...string) (string, error) {
	cmd := s.Command(args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// User runs `peba user …` and fails the test if that fails.
func (s *Server) User(stdin string, args ...string) string {
	s.T.Helper()
	out, err := s.CLI(stdin, append([]string{"peba", "user", "--address", s.Admin}, args...)...)
	if err != nil {
		s.T.Fatalf("peba user %v: %v\n%s", args, err, out)
	}
	return out
}
