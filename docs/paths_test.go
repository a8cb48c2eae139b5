package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// guides are the documents that lead through the repository.
var guides = []string{"docs/ARCHITECTURE.md", "docs/WRITING-A-STORE.md", "CONTRIBUTING.md"}

var (
	codeWord = regexp.MustCompile("`([^`\n]+)`")
	linkPath = regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	// commandPath is a package in a command.
	commandPath = regexp.MustCompile(`(?:^|\s)\./(\w[\w/-]*)`)
	// plainPath is what can be a path; one with a dot in its first element is an import path.
	plainPath = regexp.MustCompile(`^[\w-]+([.*]\w+)*(/[\w.*-]+)*/?$`)
	fileName  = regexp.MustCompile(`\.(go|md|json|sql|mjs|css|html|xml|yml|example)$`)
)

// TestPaths holds that every path which the guides name exists: in links, in code, and in the
// first column of the table of folders.
func TestPaths(t *testing.T) {
	for _, guide := range guides {
		text, err := os.ReadFile(filepath.Join(repository, guide))
		if err != nil {
			t.Fatal(err)
		}
		paths := namedPaths(string(text))
		links := linkPath.FindAllStringSubmatch(string(text), -1)
		if len(paths)+len(links) < 10 {
			t.Errorf("%s names only %d paths: can they be read?", guide, len(paths)+len(links))
		}
		for _, path := range paths {
			if found, err := filepath.Glob(filepath.Join(repository, path)); err != nil || len(found) == 0 {
				t.Errorf("%s names %s, which does not exist", guide, path)
			}
		}
		for _, link := range links {
			path := filepath.Join(repository, filepath.Dir(guide), link[1])
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s has a link to %s, which does not exist", guide, link[1])
			}
		}
	}
}

// namedPaths returns the paths in code, relative to the repository. NAME in them stands for
// any name.
func namedPaths(text string) []string {
	var paths []string
	for line := range strings.Lines(text) {
		cells := strings.Split(line, "|")
		for _, match := range codeWord.FindAllStringSubmatch(line, -1) {
			word := match[1]
			for _, pkg := range commandPath.FindAllStringSubmatch(word, -1) {
				paths = append(paths, pkg[1])
			}
			if !plainPath.MatchString(word) {
				continue
			}
			first, _, hasFolder := strings.Cut(word, "/")
			isImport := hasFolder && strings.Contains(first, ".")
			inTable := len(cells) > 2 && strings.Contains(cells[1], match[0]) && strings.ToLower(word) == word
			if hasFolder && !isImport || fileName.MatchString(word) || inTable {
				paths = append(paths, strings.ReplaceAll(word, "NAME", "*"))
			}
		}
	}
	return paths
}

// diagramNode is a package in a Mermaid diagram, diagramArrow what stands between two.
var (
	diagramNode  = regexp.MustCompile(`^(\w+)(?:\["([\w/]+)/"\])?$`)
	diagramArrow = " --> "
)

// TestDiagram holds that each arrow in the diagram of docs/ARCHITECTURE.md is an import.
func TestDiagram(t *testing.T) {
	text, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	_, diagram, found := strings.Cut(string(text), "```mermaid\n")
	if !found {
		t.Fatal("there is no diagram")
	}
	diagram, _, _ = strings.Cut(diagram, "```")
	folders := make(map[string]string) // by node
	var arrows [][2]string
	for line := range strings.Lines(diagram) {
		if !strings.Contains(line, diagramArrow) {
			continue
		}
		before := ""
		for part := range strings.SplitSeq(strings.TrimSpace(line), diagramArrow) {
			node := diagramNode.FindStringSubmatch(part)
			if node == nil {
				t.Fatalf("the node %q cannot be read", part)
			}
			if node[2] != "" {
				folders[node[1]] = node[2]
			}
			if before != "" {
				arrows = append(arrows, [2]string{before, node[1]})
			}
			before = node[1]
		}
	}
	if len(arrows) < 20 {
		t.Fatalf("only %d arrows can be read", len(arrows))
	}
	for _, arrow := range arrows {
		from, to := folders[arrow[0]], folders[arrow[1]]
		if from == "" || to == "" {
			t.Errorf("the arrow %s --> %s has a node without a folder", arrow[0], arrow[1])
		} else if !imports(t, from, to) {
			t.Errorf("%s does not import %s", from, to)
		}
	}
}

// imports reports whether a file of a package, tests aside, imports another.
func imports(t *testing.T, from, to string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(repository, filepath.FromSlash(from), "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(file, "_test.go") && strings.Contains(string(text), `"`+goModule+to+`"`) {
			return true
		}
	}
	return false
}
