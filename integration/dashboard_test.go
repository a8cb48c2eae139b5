// Windows has no process groups.
//go:build unix

package integration

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"

	"github.com/peba-edge/peba/internal/rings"
)

// dashboardTests are the tests of the page, which are written in its language.
const dashboardTests = "../dashboard/test"

// TestDashboardModules tests what the page computes, without a browser.
func TestDashboardModules(t *testing.T) {
	node(t, time.Minute, testFiles(t, dashboardTests+"/*.test.js")...)
}

// TestDashboard looks at the page in Chromium, each file with a server and
// simulated sensors of its own.
func TestDashboard(t *testing.T) {
	t.Setenv("PEBA_BINARY", string(binary))
	t.Setenv("PEBA_HOSTILE_PLACES", hostilePlaces(t))
	for _, file := range testFiles(t, dashboardTests+"/browser/*.test.mjs") {
		name, _, _ := strings.Cut(filepath.Base(file), ".")
		t.Run(name, func(t *testing.T) { node(t, 5*time.Minute, file) })
	}
}

func testFiles(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests are %s: %v", pattern, err)
	}
	return files
}

// node runs tests by Node's test runner, and ends all of their processes if they
// take too long.
func node(t *testing.T, limit time.Duration, files ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	program := rings.Tool(t, "node", "sudo apt-get install nodejs")
	cmd := exec.CommandContext(ctx, program, append([]string{"--test", "--test-reporter=spec"}, files...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
		return
	}
	t.Logf("%s", out)
}

// hostilePlaces is a file of places whose vendor, or who has got at the vendor's
// file, means ill.
func hostilePlaces(t *testing.T) string {
	t.Helper()
	writer, err := mmdbwriter.New(mmdbwriter.Options{DatabaseType: "GeoIP2-Enterprise", IncludeReservedNetworks: true})
	if err != nil {
		t.Fatal(err)
	}
	const hostile = `<script data-xss>window.xss = 1</script><img data-xss src=x onerror="window.xss = 1">`
	_, everywhere, err := net.ParseCIDR("::/0")
	if err != nil {
		t.Fatal(err)
	}
	err = writer.Insert(everywhere, mmdbtype.Map{
		"country":  mmdbtype.Map{"iso_code": mmdbtype.String("DE"), "names": mmdbtype.Map{"en": mmdbtype.String(hostile)}},
		"location": mmdbtype.Map{"latitude": mmdbtype.Float64(50), "longitude": mmdbtype.Float64(8)},
		"traits":   mmdbtype.Map{"autonomous_system_number": mmdbtype.Uint32(64500), "autonomous_system_organization": mmdbtype.String(hostile)},
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "places.mmdb")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := writer.WriteTo(file); err != nil {
		t.Fatal(err)
	}
	return path
}
