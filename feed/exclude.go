package feed

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/gaissmai/bart"
	"go.uber.org/zap"
)

// maxExcludeFile is the maximum size of a file in bytes: about two million networks.
const maxExcludeFile = 64 << 20

// exclusion is a file with networks that are never listed. It is read again when it
// changes.
type exclusion struct {
	path     string
	size     int64
	modified time.Time
	networks []netip.Prefix
	err      error // of the last reading
}

// exclusions are the files of a feed.
type exclusions struct {
	files  []*exclusion
	table  *bart.Lite
	logger *zap.Logger
}

// openExclusions reads the files. An error names the file, and the line if there is one.
func openExclusions(paths []string, logger *zap.Logger) (*exclusions, error) {
	x := &exclusions{logger: logger}
	var errs []error
	for _, path := range paths {
		f := &exclusion{path: path}
		f.read()
		errs = append(errs, f.err)
		x.files = append(x.files, f)
	}
	x.build()
	return x, errors.Join(errs...)
}

// networks returns what is excluded now. Of a file that cannot be read it keeps the last
// content.
func (x *exclusions) networks() *bart.Lite {
	changed := false
	for _, f := range x.files {
		before := f.err
		if !f.isStale() {
			continue
		}
		f.read()
		switch {
		case f.err == nil:
			changed = true
			x.logger.Info("a file of excluded addresses was read again", zap.String("file", f.path), zap.Int("networks", len(f.networks)))
		case before == nil || f.err.Error() != before.Error():
			x.logger.Warn("reading a file of excluded addresses failed: its last valid content stays in force", zap.Error(f.err))
		}
	}
	if changed {
		x.build()
	}
	return x.table
}

// fault returns why files could not be read the last time.
func (x *exclusions) fault() error {
	var errs []error
	for _, f := range x.files {
		errs = append(errs, f.err)
	}
	return errors.Join(errs...)
}

func (x *exclusions) build() {
	x.table = new(bart.Lite)
	for _, f := range x.files {
		for _, network := range f.networks {
			x.table.Insert(network)
		}
	}
}

// isStale reports whether the file may have changed since it was read.
func (f *exclusion) isStale() bool {
	info, err := os.Stat(f.path)
	return err != nil || f.err != nil || info.Size() != f.size || !info.ModTime().Equal(f.modified)
}

// read reads the file. If that fails, its networks stay as they are.
func (f *exclusion) read() {
	networks, err := f.load()
	if f.err = err; err == nil {
		f.networks = networks
	}
}

func (f *exclusion) load() ([]netip.Prefix, error) {
	info, err := os.Stat(f.path)
	if err != nil {
		return nil, fmt.Errorf("excluded addresses: %w", err)
	}
	f.size, f.modified = info.Size(), info.ModTime()
	content, err := f.content(info)
	if err != nil {
		return nil, fmt.Errorf("excluded addresses: %w", err)
	}
	networks, err := parseNetworks(content)
	if err != nil {
		return nil, fmt.Errorf("excluded addresses: %s: %w", f.path, err)
	}
	// Programs that write a file empty it first.
	if len(bytes.TrimSpace(content)) == 0 && len(f.networks) > 0 {
		return nil, fmt.Errorf("excluded addresses: %s is empty: to exclude nothing any more, write a comment into it", f.path)
	}
	return networks, nil
}

// content returns the content of the file. Others than regular files, such as a pipe or a
// device, could block or have no end.
func (f *exclusion) content(info os.FileInfo) ([]byte, error) {
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: must be a regular file", f.path)
	}
	// Not blocking, in case it was replaced by a pipe in the meantime.
	file, err := os.OpenFile(f.path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxExcludeFile+1))
	if err == nil && len(content) > maxExcludeFile {
		err = fmt.Errorf("%s: must have at most %d bytes", f.path, maxExcludeFile)
	}
	return content, err
}

// parseNetworks reads a list of addresses and networks, one a line, each possibly followed
// by a comment after #, ; or a comma; or a MISP warning list, a JSON object with
// the array "list".
func parseNetworks(content []byte) ([]netip.Prefix, error) {
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	if trimmed := bytes.TrimSpace(content); len(trimmed) > 0 && trimmed[0] == '{' {
		return parseWarningList(trimmed)
	}
	var networks []netip.Prefix
	lines := bufio.NewScanner(bytes.NewReader(content))
	for number := 1; lines.Scan(); number++ {
		text := strings.TrimSpace(lines.Text())
		if at := strings.IndexAny(text, "#;,"); at >= 0 {
			text = strings.TrimSpace(text[:at])
		}
		if text == "" || strings.HasPrefix(text, "//") {
			continue
		}
		network, err := parseExcluded(text)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		networks = append(networks, network)
	}
	return networks, lines.Err()
}

func parseWarningList(content []byte) ([]netip.Prefix, error) {
	var warning struct {
		List []string `json:"list"`
	}
	if err := json.Unmarshal(content, &warning); err != nil {
		return nil, fmt.Errorf("reading a MISP warning list: %w", err)
	}
	networks := make([]netip.Prefix, 0, len(warning.List))
	for i, text := range warning.List {
		network, err := parseExcluded(text)
		if err != nil {
			return nil, fmt.Errorf("list[%d]: %w", i, err)
		}
		networks = append(networks, network)
	}
	return networks, nil
}
