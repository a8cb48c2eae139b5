// Package dashboard is the page that shows what the server knows. Its files are
// part of the program; nothing builds them. DESIGN.md tells why it is as it is.
package dashboard

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"

	"github.com/peba-edge/peba/cache"
)

//go:embed public
var public embed.FS

// File is one file of the page.
type File struct {
	// Media is its type, with the character set where that is needed.
	Media string
	// Content is the file in all encodings, with its entity tags. It is shared: it
	// must not be changed.
	Content cache.Result
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
// index.html is "/". They are prepared once, however often a server is reloaded,
// and shared: the map must not be changed.
func Files() (map[string]File, error) { return prepared() }

var prepared = sync.OnceValues(prepare)

func prepare() (map[string]File, error) {
	var paths, media []string
	var contents [][]byte
	err := fs.WalkDir(public, "public", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		kind, ok := mediaTypes[path.Ext(name)]
		if !ok {
			return fmt.Errorf("%s has no known media type", name)
		}
		content, err := public.ReadFile(name)
		if err != nil {
			return err
		}
		paths = append(paths, strings.TrimSuffix(strings.TrimPrefix(name, "public"), "index.html"))
		media = append(media, kind)
		contents = append(contents, content)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the dashboard's files: %w", err)
	}
	files := make(map[string]File, len(paths))
	for i, result := range cache.Fixed(contents) {
		files[paths[i]] = File{Media: media[i], Content: result}
	}
	return files, nil
}
