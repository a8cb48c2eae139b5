package feed

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/zap"
)

// TestWideExclusions: a typo must not empty a feed, but lists of reserved networks are wide.
func TestWideExclusions(t *testing.T) {
	for _, text := range []string{"0.0.0.0/0", "192.0.2.1/2", "8.0.0.0/7", "96.0.0.0/7", "::/0", "2000::/3", "2001::/16", "2002::/15"} {
		if networks, err := parseNetworks([]byte("192.0.2.1\n" + text)); err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%s: got %v, %v", text, networks, err)
		}
		if networks, err := parseNetworks([]byte(`{"list":["` + text + `"]}`)); err == nil {
			t.Errorf("%s in a warning list: got %v", text, networks)
		}
	}
	for _, text := range []string{"0.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4", "224.0.0.0/3", "9.0.0.0/8", "fc00::/7", "fe80::/10", "ff00::/8", "2002::/16", "2600::/19", "8000::/1"} {
		if _, err := parseNetworks([]byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestEmptiedExclusions: programs that write a file empty it first.
func TestEmptiedExclusions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	x, err := openExclusions([]string{path}, zap.NewNop())
	if err != nil {
		t.Fatalf("a file that is empty from the start: %v", err)
	}
	for _, step := range []struct {
		content string
		size    int
	}{{"9.1.1.1\n", 1}, {"", 1}, {" \r\n", 1}, {"9.1.1.1\n9.1.1.2\n", 2}, {"# none\n", 0}, {"", 0}} {
		if err := os.WriteFile(path, []byte(step.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := x.networks().Size(); got != step.size {
			t.Errorf("after %q: %d networks, want %d", step.content, got, step.size)
		}
	}
}

// TestUnreadExclusions: a file that could not be read, such as for its permissions, is read
// when it can be, although neither its size nor its time changed.
func TestUnreadExclusions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(path, []byte("9.1.1.1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	x, err := openExclusions([]string{path}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	f := x.files[0]
	if err := os.WriteFile(path, []byte("9.1.1.2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, f.modified, f.modified); err != nil {
		t.Fatal(err)
	}
	f.path = filepath.Join(path, "below") // no directory
	if !x.networks().Lookup(netip.MustParseAddr("9.1.1.1")) || x.fault() == nil {
		t.Fatalf("a file that cannot be opened: %v", x.fault())
	}
	f.path = path
	if !x.networks().Lookup(netip.MustParseAddr("9.1.1.2")) || x.fault() != nil {
		t.Error("a file that can be read again was not")
	}
}
