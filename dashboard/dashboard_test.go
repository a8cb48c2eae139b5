package dashboard

import (
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// maxWeight is how much the whole page may be when it is sent with gzip: it is
// loaded over telephones too.
const maxWeight = 150_000

// TestFiles holds the files that are served to those in the folder.
func TestFiles(t *testing.T) {
	files, err := Files("v1.2.3<")
	if err != nil {
		t.Fatal(err)
	}
	page, ok := files["/"]
	if !ok || page.Media != "text/html; charset=utf-8" || !strings.HasPrefix(string(page.Content.Value), "<!doctype html>") {
		t.Fatalf("the page itself is %q: %.80s", page.Media, page.Content.Value)
	}
	if text := string(page.Content.Value); !strings.Contains(text, "PEBA v1.2.3&lt;") {
		t.Error("the page does not name the version")
	}
	if _, ok := files["/index.html"]; ok {
		t.Error("the page has two paths")
	}
	found := 0
	err = filepath.WalkDir("public", func(name string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		found++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found != len(files) {
		t.Errorf("the folder has %d files, %d are served", found, len(files))
	}
	weight := 0
	for path, file := range files {
		if file.Media == "" {
			t.Errorf("%s has no media type", path)
		}
		sent := len(file.Content.Value)
		if form := file.Content.Encoded("gzip"); form != nil {
			sent = len(form)
		}
		weight += sent
	}
	t.Logf("%d files, %d bytes with gzip", len(files), weight)
	if weight > maxWeight {
		t.Errorf("the page is %d bytes with gzip: allowed are %d", weight, maxWeight)
	}
}

// TestImports holds that main.js and what else is in the page's own folder may
// import any module, and a module in a folder only those of that folder and of lib:
// so no folder depends on a tab, and none on another in a circle.
func TestImports(t *testing.T) {
	files, err := Files("v1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	imported := regexp.MustCompile(`(?m)^(?:import|export \{|export \*)[^"']*["']([^"']+)["']`)
	found := 0
	for name, file := range files {
		if path.Ext(name) != ".js" {
			continue
		}
		folder := path.Dir(name)
		for _, match := range imported.FindAllSubmatch(file.Content.Value, -1) {
			found++
			module := string(match[1])
			if !strings.HasPrefix(module, "./") && !strings.HasPrefix(module, "../") {
				t.Errorf("%s imports %q: must be a path that begins with ./ or ../", name, module)
				continue
			}
			target := path.Join(folder, module)
			if _, ok := files[target]; !ok {
				t.Errorf("%s imports %q: there is no %s", name, module, target)
			}
			if other := path.Dir(target); folder != "/" && other != folder && other != "/lib" {
				t.Errorf("%s imports %s: must be in %s or /lib", name, target, folder)
			}
		}
	}
	if found < 100 {
		t.Errorf("only %d imports were found", found)
	}
}

// TestNoOtherOrigin looks for what the policy of the page would stop, and for
// ways in which a text could become markup.
func TestNoOtherOrigin(t *testing.T) {
	files, err := Files("v1.2.3<")
	if err != nil {
		t.Fatal(err)
	}
	// http://www.w3.org/… are names of XML vocabularies, which nothing loads.
	absolute := regexp.MustCompile(`(?i)["'(=]\s*(https?:|wss?:|data:|blob:|//)[^"')\s]*`)
	inline := regexp.MustCompile(`(?i)<script(?:\s[^>]*)?>\s*[^<\s]|<style|\sstyle=|\son[a-z]+=|javascript:`)
	sinks := regexp.MustCompile(`\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|srcdoc|createContextualFragment|setHTMLUnsafe)`)
	for path, file := range files {
		text := string(file.Content.Value)
		for _, found := range absolute.FindAllString(text, -1) {
			if !strings.Contains(found, "http://www.w3.org/") {
				t.Errorf("%s names another origin: %.100s", path, found)
			}
		}
		if strings.HasPrefix(file.Media, "text/html") || file.Media == "image/svg+xml" {
			if found := inline.FindString(text); found != "" {
				t.Errorf("%s has an inline script or style: %.100s", path, found)
			}
		}
		if strings.HasPrefix(file.Media, "text/javascript") {
			if found := sinks.FindString(text); found != "" {
				t.Errorf("%s makes markup of text: %s", path, found)
			}
		}
	}
}

// BenchmarkFiles is what a start of the server pays.
func BenchmarkFiles(b *testing.B) {
	for b.Loop() {
		if _, err := Files("v1.2.3"); err != nil {
			b.Fatal(err)
		}
	}
}
