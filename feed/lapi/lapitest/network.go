//go:build linux

// Package lapitest runs Debian's CrowdSec and its bouncers for tests. The bouncers fill real
// sets, in a network namespace of each test.
package lapitest

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/peba-edge/peba/internal/rings"
)

// Install is the command that makes the programs available.
const Install = ".ci/dependencies"

// Network is a network namespace with a loopback interface and firewall of its own.
type Network struct {
	pid int
}

// NewNetwork makes a network, until the test ends. It needs root.
func NewNetwork(t testing.TB) *Network {
	t.Helper()
	unshare := rings.Tool(t, "unshare", Install)
	cmd := exec.Command(unshare, "-n", "sh", "-c", "ip link set lo up && echo ready && exec cat")
	cmd.Env = environ()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the network namespace: %v", err)
		}
	})
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		t.Fatalf("making a network namespace, which needs root: %v: %s", err, line)
	}
	return &Network{pid: cmd.Process.Pid}
}

// Command returns a command that will run in the network.
func (n *Network) Command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command("nsenter", append([]string{"-t", strconv.Itoa(n.pid), "-n", program}, args...)...)
	cmd.Env = environ()
	return cmd
}

// Listen listens at a free port of the network's loopback interface.
func (n *Network) Listen() (listener net.Listener, err error) {
	n.inside(func(failed error) {
		if err = failed; err == nil {
			listener, err = net.Listen("tcp", "127.0.0.1:0")
		}
	})
	return listener, err
}

// Client returns a client that connects to servers in the network.
func (n *Network) Client() *http.Client {
	dial := func(ctx context.Context, network, address string) (conn net.Conn, err error) {
		n.inside(func(failed error) {
			if err = failed; err == nil {
				conn, err = new(net.Dialer).DialContext(ctx, network, address)
			}
		})
		return conn, err
	}
	return &http.Client{Transport: &http.Transport{DialContext: dial, DisableKeepAlives: true}}
}

// inside calls do in a thread that is in the network, or with an error.
func (n *Network) inside(do func(failed error)) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		// The thread stays in the namespace, so it is never unlocked and ends with the goroutine.
		runtime.LockOSThread()
		do(n.enter())
	}()
	<-done
}

// enter moves the thread into the network.
func (n *Network) enter() error {
	namespace, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", n.pid))
	if err != nil {
		return err
	}
	defer namespace.Close()
	if err := unix.Setns(int(namespace.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("network namespace: entering it: %w", err)
	}
	return nil
}

// environ is the environment of the programs: it has the folders of administrators' tools.
func environ() []string {
	return append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
}

// program returns the path of one of CrowdSec's programs, which .ci/crowdsec unpacks.
func program(t testing.TB, name string) string {
	t.Helper()
	rings.Outer(t, name)
	folder := os.Getenv("PEBA_CROWDSEC")
	if folder == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			t.Fatal(err)
		}
		folder = filepath.Join(cache, "peba", "crowdsec")
	}
	path := filepath.Join(folder, "usr", "bin", name)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%s is missing: install it by: %s", path, Install)
	}
	return path
}
