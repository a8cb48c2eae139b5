package edgetest

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// Waiting returns how many messages wait in the server's spool.
func (s *Server) Waiting() int64 {
	s.T.Helper()
	return s.Metric("peba_spool_messages")
}

// Metric reads a metric without labels from the admin API.
func (s *Server) Metric(name string) int64 {
	s.T.Helper()
	resp, err := http.Get("http://" + s.Admin + "/metrics")
	if err != nil {
		s.T.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.T.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			var value float64
			if _, err := fmt.Sscan(rest, &value); err != nil {
				s.T.Fatal(err)
			}
			return int64(value)
		}
	}
	s.T.Fatalf("there is no metric %s", name)
	return 0
}

// Drain waits until the server's spool is empty.
func (s *Server) Drain() {
	s.T.Helper()
	for last := int64(-1); ; {
		n := s.Waiting()
		if n == 0 {
			return
		}
		if last == n {
			s.T.Fatalf("%d messages still wait in the spool:\n%s", n, Tail(s.Log.String()))
		}
		last = n
		// A frame that cannot be read is given up after a minute at the earliest.
		for deadline := time.Now().Add(3 * time.Minute); s.Waiting() >= last && time.Now().Before(deadline); {
			time.Sleep(50 * time.Millisecond)
		}
	}
}

// checkLimit is how long `peba check` may take: it waits as long as the server does.
const checkLimit = time.Minute

// Check runs `peba check`, and reports whether it found nothing wrong.
func (s *Server) Check() (out string, ok bool) {
	s.T.Helper()
	return s.CheckWithin(checkLimit)
}

// CheckWithin is Check that is ended after that time.
func (s *Server) CheckWithin(limit time.Duration) (out string, ok bool) {
	s.T.Helper()
	cmd := s.Command("peba", "check", "--address", s.Admin)
	timer := time.AfterFunc(limit, func() { _ = cmd.Process.Kill() }) // it may have ended
	defer timer.Stop()
	text, err := cmd.CombinedOutput()
	return string(text), err == nil
}

// Reload has the server take its Caddyfile as it is now.
func (s *Server) Reload() {
	s.T.Helper()
	if out, err := s.CLI("", "reload", "--address", s.Admin, "--config", s.Config, "--adapter", "caddyfile"); err != nil {
		s.T.Fatalf("reload: %v\n%s", err, out)
	}
}

// ResidentMemory is the server's, in bytes.
func (s *Server) ResidentMemory() int64 { return s.Memory("VmRSS:") }

// Memory reads a line of the server's process status, in bytes.
func (s *Server) Memory(name string) int64 {
	s.T.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.PID()))
	if err != nil {
		s.T.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			if err != nil {
				s.T.Fatal(err)
			}
			return kb << 10
		}
	}
	s.T.Fatalf("no %s in the process status", name)
	return 0
}
