package cachetest

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/internal/rings"
)

// Memcached is a real memcached server of a test's own.
type Memcached struct {
	t testing.TB
	// Address is where it listens, HOST:PORT; the same after each Start.
	Address string

	port    string // as memcached's option; -1: any that is free
	process *exec.Cmd
	output  strings.Builder
}

// StartMemcached starts a memcached on a free port. It ends with the test.
func StartMemcached(t testing.TB) *Memcached {
	t.Helper()
	m := &Memcached{t: t, port: "-1"}
	m.Start()
	t.Cleanup(m.Stop)
	return m
}

// Start starts it again, after Stop, on the port it had.
func (m *Memcached) Start() {
	m.t.Helper()
	program := rings.Tool(m.t, "memcached", "sudo apt-get install memcached")
	me, err := user.Current()
	if err != nil {
		m.t.Fatal(err)
	}
	// memcached writes there which port it took.
	ports := filepath.Join(m.t.TempDir(), "ports")
	m.process = exec.Command(program, "-l", "127.0.0.1", "-p", m.port, "-U", "0", "-u", me.Username)
	m.process.Env = append(os.Environ(), "MEMCACHED_PORT_FILENAME="+ports)
	m.process.Stdout, m.process.Stderr = &m.output, &m.output
	if err := m.process.Start(); err != nil {
		m.t.Fatal(err)
	}
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		text, err := os.ReadFile(ports)
		if err != nil {
			continue
		}
		if _, err := fmt.Sscanf(string(text), "TCP INET: %s", &m.port); err == nil {
			m.Address = net.JoinHostPort("127.0.0.1", m.port)
			return
		}
	}
	m.Stop()
	m.t.Fatalf("memcached does not start:\n%s", m.output.String())
}

// Stop kills memcached, as a crash would.
func (m *Memcached) Stop() {
	if m.process == nil {
		return
	}
	_ = m.process.Process.Kill()
	_ = m.process.Wait() // its error tells of the kill
	m.process = nil
}
