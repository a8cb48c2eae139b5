package command

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/peba-edge/peba/app"
	"github.com/peba-edge/peba/store"
)

// spoolCommand is `caddy peba spool`, a client of the admin API.
func spoolCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "spool",
		Short: "Manages the spool of messages queued for Elasticsearch",
		Long: "Manages the spool of messages queued for Elasticsearch.\n" +
			"Connects to the running server, which it finds like Caddy's own commands.",
	}
	group(cmd)
	var admin adminClient
	admin.register(cmd)
	cmd.AddCommand(salvageCommand(&admin))
	return cmd
}

func salvageCommand(admin *adminClient) *cobra.Command {
	var dir string
	var dryRun, remove bool
	cmd := &cobra.Command{
		Use:   "salvage [--dir DIR | FILE...]",
		Short: "Queues the intact messages of damaged files again",
		Long: "Queues the intact messages of damaged files again. Without arguments these are all files that the\n" +
			"server has set aside (.damaged); with --dir, all such files in another folder on the server.\n" +
			"Messages known to be delivered are skipped; others may be sent twice, which\n" +
			"Elasticsearch detects by their ids. A salvaged file is renamed to .salvaged and kept,\n" +
			"unless --remove is given.",
		RunE: func(cmd *cobra.Command, args []string) error {
			if dir != "" && len(args) > 0 {
				return errors.New("give either files or --dir")
			}
			files, err := admin.damagedFiles(cmd, dir, args)
			if err != nil {
				return err
			}
			var results []store.SalvagedFile
			for _, file := range files {
				var result store.SalvagedFile
				request := app.SalvageRequest{File: file, DryRun: dryRun, Remove: remove}
				if err := admin.do(cmd, http.MethodPost, app.SalvagePath, request, &result); err != nil {
					err = fmt.Errorf("after %d of %d files: %w", len(results), len(files), err)
					if len(results) == 0 {
						return err
					}
					return errors.Join(writeSalvaged(cmd.OutOrStdout(), results), err)
				}
				results = append(results, result)
			}
			return writeSalvaged(cmd.OutOrStdout(), results)
		},
	}
	cmd.Flags().StringVar(&dir, "dir", "", "salvage all .damaged files of this folder")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only count the messages")
	cmd.Flags().BoolVar(&remove, "remove", false, "delete salvaged files")
	return cmd
}

// damagedFiles returns the requested files, with paths for the server.
func (c *adminClient) damagedFiles(cmd *cobra.Command, dir string, args []string) ([]string, error) {
	if len(args) > 0 {
		return absolute(args)
	}
	if dir != "" {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("--dir: got %q, must be a folder on this machine that you may read", dir)
		}
		files, err := filepath.Glob(filepath.Join(escapeGlob(dir), "*.damaged"))
		if err != nil {
			return nil, err
		}
		return absolute(files)
	}
	var damaged []store.DamagedFile
	if err := c.do(cmd, http.MethodGet, app.DamagedPath, nil, &damaged); err != nil {
		return nil, err
	}
	files := make([]string, len(damaged))
	for i, f := range damaged {
		files[i] = f.Path
	}
	return files, nil
}

// absolute returns the absolute paths of files that exist here. Other names are
// treated as files in the spool's folder.
func absolute(names []string) ([]string, error) {
	files := make([]string, len(names))
	for i, name := range names {
		files[i] = name
		if _, err := os.Stat(name); err == nil {
			if files[i], err = filepath.Abs(name); err != nil {
				return nil, err
			}
		}
	}
	return files, nil
}

func escapeGlob(dir string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(dir)
}

func writeSalvaged(out io.Writer, results []store.SalvagedFile) error {
	if len(results) == 0 {
		_, err := fmt.Fprintln(out, "no damaged files")
		return err
	}
	table := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(table, "FILE\tRECOVERED\tALREADY DELIVERED\tUNREADABLE\tNOW")
	for _, r := range results {
		now := printable(r.Kept)
		if r.Kept == "" {
			now = "removed"
		}
		fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%s\n", printable(r.Path), r.Recovered, r.Delivered, r.Unreadable, now)
	}
	return table.Flush()
}
