package command

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/peba-edge/peba/app"
)

// feedLookup is the answer of the question feedLookup, as far as it is shown.
type feedLookup struct {
	Feeds []struct {
		Name   string
		Listed *struct {
			Since, Until, First, Last, Interaction, Country, AS string
			Score, Alerts, Sensors, Days                        int64
			Types                                               []string
		}
		Left *string
	}
	Allowed []struct{ Network, Reason, By string }
}

func feedLookupCommand(admin *adminClient) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "lookup ADDRESS",
		Short: "Shows which feeds list an address, since when, why, and until when",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var raw json.RawMessage
			if err := admin.do(cmd, http.MethodGet, app.FeedLookupPath+"?ip="+url.QueryEscape(args[0]), nil, &raw); err != nil {
				return err
			}
			if asJSON {
				return writeIndented(cmd.OutOrStdout(), raw)
			}
			var found feedLookup
			if err := json.Unmarshal(raw, &found); err != nil {
				return fmt.Errorf("read the server's answer: %w", err)
			}
			return found.print(cmd)
		},
	}
	registerJSON(cmd, &asJSON)
	return cmd
}

// print prints a block of lines for each feed.
func (f *feedLookup) print(cmd *cobra.Command) error {
	table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 8, 2, ' ', 0)
	for _, one := range f.Feeds {
		switch l := one.Listed; {
		case l != nil:
			fmt.Fprintf(table, "%s\tlisted since %s, ban until %s (UTC)\n", printable(one.Name), printable(l.Since), printable(l.Until))
			fmt.Fprintf(table, "\tscore %d; %d alerts of %d sensors on %d days, from %s to %s\n", l.Score, l.Alerts, l.Sensors, l.Days, printable(l.First), printable(l.Last))
			fmt.Fprintf(table, "\t%s; furthest interaction: %s; %s %s\n", printable(strings.Join(l.Types, ", ")), printable(orText(l.Interaction, "connection")), printable(l.Country), printable(l.AS))
		case one.Left != nil:
			fmt.Fprintf(table, "%s\tnot listed; it left at %s (UTC)\n", printable(one.Name), printable(*one.Left))
		default:
			fmt.Fprintf(table, "%s\tnot listed\n", printable(one.Name))
		}
	}
	for _, a := range f.Allowed {
		fmt.Fprintf(table, "allowed\t%s by %s: %s\n", printable(a.Network), printable(a.By), printable(a.Reason))
	}
	return table.Flush()
}

// orText returns a text, or another if it is empty.
func orText(text, other string) string {
	if text == "" {
		return other
	}
	return text
}
