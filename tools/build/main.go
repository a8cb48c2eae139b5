// Command build makes the release binary: it feeds xcaddy's Builder the JSON
// file named as argument and leaves ./caddy beside that file. (xcaddy's own
// command takes flags only.) It is a module of its own, so that PEBA does not
// depend on xcaddy.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/caddyserver/xcaddy"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: build XCADDY.JSON")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := build(ctx, os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}

func build(ctx context.Context, config string) error {
	builder, err := read(config)
	if err != nil {
		return err
	}
	dir := filepath.Dir(config)
	for i, r := range builder.Replacements {
		// xcaddy builds in a folder of its own, where a relative path is another.
		if strings.HasPrefix(string(r.New), ".") {
			path, err := filepath.Abs(filepath.Join(dir, string(r.New)))
			if err != nil {
				return fmt.Errorf("replacement of %s: %w", r.Old, err)
			}
			builder.Replacements[i].New = xcaddy.ReplacementPath(path)
		}
	}
	return builder.Build(ctx, filepath.Join(dir, "caddy"))
}

// read reads a Builder; fields that it does not have are errors.
func read(config string) (xcaddy.Builder, error) {
	var builder xcaddy.Builder
	f, err := os.Open(config)
	if err != nil {
		return builder, err
	}
	defer f.Close()
	d := json.NewDecoder(f)
	d.DisallowUnknownFields()
	if err := d.Decode(&builder); err != nil {
		return builder, fmt.Errorf("%s: %w", config, err)
	}
	return builder, nil
}
