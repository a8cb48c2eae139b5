// Package dashboard is the page that shows what the server knows. Its files are
// part of the program; nothing builds them. DESIGN.md tells why it is as it is.
package dashboard

import (
	"bytes"
	"embed"
	"fmt"
	"html"
	"io/fs"
	"path"
	"strings"

	"github.com/peba-edge/peba/content"
)

//go:embed public
var public embed.FS

// File is one file of the page.
type File struct {
	// Media is its type, with the character set where that is needed.
	Media string
	// Content is the file in all encodings, with its entity tags. It is shared: it
	// must not be changed.
	Content content.Body
}

// mediaTypes are those of the page's files by the ends of their names: what the
// machine says is not asked, since it may be anything.
var mediaTypes = map[string]string{
	".css":  "text/css; charset=utf-8",
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".json": "application/json",
	".svg":  "image/svg+xml",
}

// Files returns the page's files by their paths, such as "/main.js"; that of
// index.html is "/", and names the version of the program.
func Files(version string) (map[string]File, error) {
	files := make(map[string]File)
	encoder := content.NewFileEncoder()
	err := fs.WalkDir(public, "public", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		kind, ok := mediaTypes[path.Ext(name)]
		if !ok {
			return fmt.Errorf("%s has no known media type", name)
		}
		text, err := public.ReadFile(name)
		if err != nil {
			return err
		}
		if name == "public/index.html" {
			text = bytes.ReplaceAll(text, []byte("{version}"), []byte(html.EscapeString(version)))
		}
		address := strings.TrimSuffix(strings.TrimPrefix(name, "public"), "index.html")
		files[address] = File{Media: kind, Content: encoder.Encode(text)}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the dashboard's files: %w", err)
	}
	return files, nil
}
