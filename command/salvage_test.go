package command

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// A folder that is none is an error: "no damaged files" would read as if nothing
// were to be saved.
func TestSalvageNamesTheFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	admin := &adminClient{}
	for _, dir := range []string{filepath.Join(t.TempDir(), "nowhere"), file} {
		if files, err := admin.damagedFiles(nil, dir, nil); err == nil || !strings.Contains(err.Error(), strconv.Quote(dir)) {
			t.Errorf("--dir %s: files %v, error %v", dir, files, err)
		}
	}
	if files, err := admin.damagedFiles(nil, t.TempDir(), nil); err != nil || len(files) != 0 {
		t.Errorf("an empty folder: %v, %v", files, err)
	}
}
