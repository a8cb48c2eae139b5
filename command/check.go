package command

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/peba-edge/peba/app"
	"github.com/peba-edge/peba/store"
)

// errUnhealthy makes `caddy peba check` exit with a non-zero status.
var errUnhealthy = errors.New("something needs your attention: see above")

// checkCommand is `caddy peba check`, a client of the admin API.
func checkCommand() *cobra.Command {
	var admin adminClient
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Reports problems of the running server and its dependencies",
		Long: "Checks the store (with Elasticsearch: the cluster, its template, indices, aliases, clocks, login and\n" +
			"disks, and the spool), the cache, the GeoIP databases, the community login, proxies, hosts and ports, and says\n" +
			"how to fix each problem. Exits with status 1 if it found any. Connects to the running server, which it\n" +
			"finds like Caddy's own commands.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var findings []store.Finding
			if err := admin.do(cmd, http.MethodGet, app.CheckPath, nil, &findings); err != nil {
				return err
			}
			if !asJSON {
				return writeFindings(cmd.OutOrStdout(), findings)
			}
			return errors.Join(writeIndented(cmd.OutOrStdout(), findings), verdict(findings))
		},
	}
	admin.register(cmd)
	registerJSON(cmd, &asJSON)
	return cmd
}

// verdict returns errUnhealthy if there is a finding that is not OK.
func verdict(findings []store.Finding) error {
	for _, f := range findings {
		if !f.OK {
			return errUnhealthy
		}
	}
	return nil
}

// writeFindings writes a table with advice below each finding.
func writeFindings(out io.Writer, findings []store.Finding) error {
	table := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	for _, f := range findings {
		mark := "ok"
		if !f.OK {
			mark = "!!"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\n", mark, printableLine(f.Part), printableLine(f.Text))
		if f.Advice != "" {
			fmt.Fprintf(table, "\t\t→ %s\n", printableLine(f.Advice))
		}
	}
	return errors.Join(table.Flush(), verdict(findings))
}
