package rings

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// skips are the ways in which a test can leave itself out.
var skips = regexp.MustCompile(`\.Skip(f|Now)?\(|testing\.Short\(`)

// TestNothingElseSkips holds that no test leaves itself out but by this package.
func TestNothingElseSkips(t *testing.T) {
	err := filepath.WalkDir("../..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && (name == "node_modules" || name == "rings" || len(name) > 2 && name[0] == '.') {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if found := skips.Find(text); found != nil {
			t.Errorf("%s has %s…): tests never skip; those that need more than Go call rings.Outer or rings.Tool", filepath.ToSlash(path), found)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestOnlyCheckIsShort holds that make check alone gives -short.
func TestOnlyCheckIsShort(t *testing.T) {
	files, err := filepath.Glob("../../.ci/*")
	if err != nil {
		t.Fatal(err)
	}
	workflows, err := filepath.Glob("../../.github/workflows/*")
	if err != nil || len(workflows) == 0 {
		t.Fatalf("no workflows are found: %v", err)
	}
	target := ""
	for _, path := range append(append(files, workflows...), "../../Makefile") {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if name, _, found := strings.Cut(line, ":"); found && line[0] != '\t' {
				target = name
			}
			if strings.Contains(line, "-short") && !strings.HasPrefix(line, "#") && (filepath.Base(path) != "Makefile" || target != "check") {
				t.Errorf("%s: %s: only the target check of the Makefile may leave tests out", filepath.ToSlash(path), strings.TrimSpace(line))
			}
		}
	}
}
