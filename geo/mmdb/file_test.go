package mmdb

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/maxmind/mmdbwriter/mmdbtype"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// countryFile says that all of 8.0.0.0/8 is in that country.
func countryFile(t testing.TB, code string) []byte {
	return build(t, "GeoLite2-Country", 6, records{"8.0.0.0/8": {"country": country(code, "Country "+code)}})
}

// watched opens the file with a logger that remembers.
func watched(t *testing.T, path string) (*file, *observer.ObservedLogs) {
	t.Helper()
	core, logs := observer.New(zapcore.InfoLevel)
	f, err := open(path, zap.New(core))
	if err != nil {
		t.Fatal(err)
	}
	return f, logs
}

// look lets the watcher look, as often as it does in a minute.
func look() {
	time.Sleep(time.Minute)
	synctest.Wait()
}

// wantState compares what the file says and what has been logged since the last call.
func wantState(t *testing.T, f *file, logs *observer.ObservedLogs, code string, messages ...string) {
	t.Helper()
	if got := f.locate(netip.MustParseAddr("8.8.8.8")).Country; got != code {
		t.Errorf("the country is %q, want %q", got, code)
	}
	entries := logs.TakeAll()
	if len(entries) != len(messages) {
		t.Fatalf("logged: %v, want %q", entries, messages)
	}
	for i, e := range entries {
		if line := e.Message + " " + e.ContextMap()["file"].(string) + " " + textOf(e.ContextMap()["error"]); !strings.Contains(line, messages[i]) || !strings.Contains(line, f.path) {
			t.Errorf("logged %q, want %q and the path", line, messages[i])
		}
	}
}

func textOf(v any) string {
	s, _ := v.(string)
	return s
}

func TestSwap(t *testing.T) {
	path := write(t, countryFile(t, "US"))
	synctest.Test(t, func(t *testing.T) {
		f, logs := watched(t, path)
		wantState(t, f, logs, "US")
		look()
		wantState(t, f, logs, "US")

		replace(t, path, countryFile(t, "DE"))
		wantState(t, f, logs, "US") // not looked at yet
		look()
		wantState(t, f, logs, "DE", "using the new one")

		replace(t, path, []byte("half a file"))
		look()
		wantState(t, f, logs, "DE", "not a MaxMind DB file")
		if err := os.WriteFile(path, []byte("another half, in place"), 0o600); err != nil {
			t.Fatal(err)
		}
		look()
		wantState(t, f, logs, "DE", "not a MaxMind DB file")
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		look()
		wantState(t, f, logs, "DE", "no such file")

		replace(t, path, countryFile(t, "FR"))
		look()
		wantState(t, f, logs, "FR", "using the new one")

		if err := f.release(); err != nil {
			t.Error(err)
		}
	})
}

// A link that is set to another file is a change, even if the files are equal
// in size and age.
func TestSymbolicLink(t *testing.T) {
	dir := t.TempDir()
	link := filepath.Join(dir, "current.mmdb")
	stamp := time.Now()
	for _, code := range []string{"US", "DE"} {
		path := filepath.Join(dir, code)
		replace(t, path, countryFile(t, code))
		if err := os.Chtimes(path, stamp, stamp); err != nil {
			t.Fatal(err)
		}
	}
	set := func(code string) {
		if err := os.Symlink(code, link+".new"); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(link+".new", link); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		set("US")
		f, logs := watched(t, link)
		wantState(t, f, logs, "US")
		set("DE")
		look()
		wantState(t, f, logs, "DE", "using the new one")
		if err := f.release(); err != nil {
			t.Error(err)
		}
	})
}

// The config that opened the file first may be gone with its logger.
func TestNewestLogger(t *testing.T) {
	path := write(t, countryFile(t, "US"))
	synctest.Test(t, func(t *testing.T) {
		_, before := watched(t, path)
		f, after := watched(t, path)
		replace(t, path, []byte("half a file"))
		look()
		wantState(t, f, after, "US", "cannot be used")
		if n := before.Len(); n != 0 {
			t.Errorf("%d lines in the old log", n)
		}
		for range 2 {
			if err := f.release(); err != nil {
				t.Error(err)
			}
		}
	})
}

// Readers of the old content go on while the file is swapped.
func TestSwapUnderReaders(t *testing.T) {
	path := write(t, countryFile(t, "US"))
	f, _ := watched(t, path)
	defer func() {
		if err := f.release(); err != nil {
			t.Error(err)
		}
	}()
	var readers sync.WaitGroup
	stop := make(chan struct{})
	for reader := range 4 {
		readers.Go(func() {
			addr := netip.AddrFrom4([4]byte{8, 0, 0, byte(reader)})
			for {
				select {
				case <-stop:
					return
				default:
				}
				db := f.database.Load()
				if p, err := db.locate(addr); err != nil || p.Country != "US" && p.Country != "DE" {
					t.Errorf("%s is %+v, %v", addr, p, err)
					return
				}
				addr = netip.AddrFrom4([4]byte{8, addr.As4()[1], addr.As4()[2] + 1, byte(reader)})
			}
		})
	}
	for i := range 20 {
		replace(t, path, countryFile(t, []string{"DE", "US"}[i%2]))
		_, db, err := read(path)
		if err != nil {
			t.Fatal(err)
		}
		f.database.Store(db)
	}
	close(stop)
	readers.Wait()
}

func TestUnreadableRecord(t *testing.T) {
	// Where the type promises a map there is a text.
	content := build(t, "GeoLite2-Country", 6, records{
		"8.0.0.0/8": {"country": mmdbtype.String("US")},
		"9.0.0.0/8": {"country": country("CH", "Switzerland")},
	})
	path := write(t, content)
	f, logs := watched(t, path)
	defer func() {
		if err := f.release(); err != nil {
			t.Error(err)
		}
	}()
	wantState(t, f, logs, "", "has an unreadable record")
	wantState(t, f, logs, "") // said once
	if p := f.locate(netip.MustParseAddr("9.9.9.9")); p.Country != "CH" {
		t.Errorf("another record is %+v, want CH", p)
	}
}
