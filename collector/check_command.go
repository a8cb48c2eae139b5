package collector

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/peba-edge/peba/store"
)

// errUnhealthy makes `caddy peba check` end with a status that scripts see.
var errUnhealthy = errors.New("something needs your attention: see above")

// checkCommand is `caddy peba check`, a client of the admin API.
func checkCommand() *cobra.Command {
	var admin adminClient
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Reports what is wrong with the running server and what it depends on",
		Long: "Looks at the store (with Elasticsearch: the cluster, its template, indices, aliases, clocks, log-in and\n" +
			"disks, and the spool), the cache, the GeoIP databases, the community log-in, proxies, hosts and ports, and says\n" +
			"what to do about what is wrong. Exits with status 1 if there is anything. Talks to the running server, which it\n" +
			"finds as Caddy's own commands do.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var findings []store.Finding
			if err := admin.do(cmd, http.MethodGet, checkPath, nil, &findings); err != nil {
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

// writeFindings writes a table, in which advice stands below what it is about.
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

// printableLine shows a sentence on a terminal, in which others may have written
// a word: as it is but for what is no printable character.
func printableLine(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strconv.IsPrint(r) {
			b.WriteRune(r)
		} else {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
		}
	}
	return b.String()
}
