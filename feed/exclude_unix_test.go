//go:build unix

package feed

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/zap"
)

// TestExcludedPipe: what is no regular file could block the computation indefinitely.
func TestExcludedPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "list")
	if err := os.WriteFile(path, []byte("9.1.1.1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	x, err := openExclusions([]string{path}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{filepath.Join(t.TempDir(), "pipe"), os.DevNull, t.TempDir()} {
		if strings.HasSuffix(target, "pipe") {
			if err := syscall.Mkfifo(target, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, path); err != nil {
			t.Fatal(err)
		}
		done := make(chan bool)
		go func() { done <- x.networks().Size() == 1 }()
		select {
		case kept := <-done:
			if !kept {
				t.Errorf("%s: the last content is gone", target)
			}
		case <-time.After(5 * time.Second):
			t.Fatalf("%s: reading blocks", target)
		}
		if _, err := openExclusions([]string{path}, zap.NewNop()); err == nil {
			t.Errorf("%s: no error at the start", target)
		}
	}
}
