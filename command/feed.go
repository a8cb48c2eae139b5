package command

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"text/tabwriter"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/spf13/cobra"

	"github.com/peba-edge/peba/app"
	"github.com/peba-edge/peba/store"
)

// feedCommand is `caddy peba feed`.
func feedCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "feed",
		Short: "Manages the feeds: their tokens, and the networks that they never list",
		Long: "Manages the lists of attacking addresses for firewalls, SIEMs and sharing communities.\n" +
			"Connects to the running server, which it finds like Caddy's own commands.",
	}
	group(cmd)
	var admin adminClient
	admin.register(cmd)
	cmd.AddCommand(feedListCommand(&admin), feedLookupCommand(&admin), feedTokenCommand(&admin), feedAllowCommand(&admin))
	return cmd
}

func feedListCommand(admin *adminClient) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Lists the feeds with their sizes",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var feeds []app.FeedInfo
			if err := admin.do(cmd, http.MethodGet, app.FeedsPath, nil, &feeds); err != nil {
				return err
			}
			if asJSON {
				return writeIndented(cmd.OutOrStdout(), feeds)
			}
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 8, 2, ' ', 0)
			fmt.Fprintln(table, "NAME\tADDRESSES\tCOMPUTED\tACCESS")
			for _, f := range feeds {
				fmt.Fprintf(table, "%s\t%d\t%s\t%s\n", printable(f.Name), f.Size, moment(f.At, "not yet"), f.Access)
			}
			return table.Flush()
		},
	}
	registerJSON(cmd, &asJSON)
	return cmd
}

// moment formats a time, or says what a missing one means.
func moment(t time.Time, missing string) string {
	if t.IsZero() {
		return missing
	}
	return t.UTC().Format(time.RFC3339)
}

func feedTokenCommand(admin *adminClient) *cobra.Command {
	cmd := &cobra.Command{Use: "token", Short: "Manages the tokens by which clients read feeds"}
	group(cmd)
	cmd.AddCommand(feedTokenAddCommand(admin), feedTokenListCommand(admin), feedTokenRevokeCommand(admin))
	return cmd
}

func feedTokenAddCommand(admin *adminClient) *cobra.Command {
	var wanted app.NewFeedToken
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Makes a token and shows it once",
		Long: "Makes a token and shows it once. Clients send it as the password of HTTP Basic, as a\n" +
			"Bearer token, in the header X-Api-Key, or in the path: /feeds/t/TOKEN/blocklist.txt.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			wanted.Name = args[0]
			var added app.FeedTokenInfo
			if err := admin.do(cmd, http.MethodPost, app.FeedTokensPath, wanted, &added); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "added feed token %s\ntoken: %s\nIt is not shown again.\n", printable(added.Name), printable(added.Token))
			return nil
		},
	}
	cmd.Flags().StringVar(&wanted.Feed, "feed", "", "the only feed that the token admits to (default all)")
	return cmd
}

func feedTokenListCommand(admin *adminClient) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Lists the tokens, without their secrets",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var tokens []app.FeedTokenInfo
			if err := admin.do(cmd, http.MethodGet, app.FeedTokensPath, nil, &tokens); err != nil {
				return err
			}
			if asJSON {
				return writeIndented(cmd.OutOrStdout(), tokens)
			}
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 8, 2, ' ', 0)
			fmt.Fprintln(table, "NAME\tFEED\tCREATED\tLAST USED")
			for _, t := range tokens {
				of := t.Feed
				if of == "" {
					of = "all"
				}
				fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", printable(t.Name), printable(of), moment(t.Created, "-"), moment(t.LastUsed, "never"))
			}
			return table.Flush()
		},
	}
	registerJSON(cmd, &asJSON)
	return cmd
}

func feedTokenRevokeCommand(admin *adminClient) *cobra.Command {
	return &cobra.Command{
		Use:   "revoke NAME",
		Short: "Makes a token invalid: here at once, on other nodes within a minute",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := admin.do(cmd, http.MethodDelete, app.FeedTokensPath+"/"+url.PathEscape(args[0]), nil, nil); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "revoked feed token %s\n", printable(args[0]))
			return nil
		},
	}
}

func feedAllowCommand(admin *adminClient) *cobra.Command {
	var (
		wanted app.NewFeedAllowance
		until  string
	)
	cmd := &cobra.Command{
		Use:   "allow CIDR --reason TEXT [--until TIME]",
		Short: "Removes an address or network from all feeds",
		Long: "Removes an address or network from all feeds and formats, at the latest with the next\n" +
			"computation (feed_interval, a minute by default). Replaces an earlier allowance for it.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if wanted.Until, err = parseUntil(until, time.Now()); err != nil {
				return err
			}
			if wanted.Reason == "" {
				return errors.New("--reason is missing: say why the network must not be listed")
			}
			wanted.CIDR = args[0]
			var allowed store.FeedAllowance
			if err := admin.do(cmd, http.MethodPost, app.FeedAllowancesPath, wanted, &allowed); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "no feed lists %s %s, from the next computation on\n", printable(allowed.CIDR), untilText(allowed.Until))
			return nil
		},
	}
	cmd.Flags().StringVar(&wanted.Reason, "reason", "", "why the network must not be listed")
	cmd.Flags().StringVar(&until, "until", "", "when the allowance ends: 2026-12-31, 2026-12-31T12:00:00Z, or a time span such as 30d (default never)")
	cmd.AddCommand(feedAllowListCommand(admin), feedAllowRemoveCommand(admin))
	return cmd
}

// parseUntil parses the end of an allowance; empty means none.
func parseUntil(text string, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, nil
		}
	}
	if span, err := caddy.ParseDuration(text); err == nil && span > 0 {
		return now.Add(span), nil
	}
	return time.Time{}, fmt.Errorf("--until: got %q, must be a day such as 2026-12-31, a time such as 2026-12-31T12:00:00Z, or a time span such as 30d or 12h", text)
}

// untilText says when an allowance ends.
func untilText(until time.Time) string {
	if until.IsZero() {
		return "without an end"
	}
	return "until " + moment(until, "")
}

func feedAllowListCommand(admin *adminClient) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Lists the allowed networks",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var list []store.FeedAllowance
			if err := admin.do(cmd, http.MethodGet, app.FeedAllowancesPath, nil, &list); err != nil {
				return err
			}
			if asJSON {
				return writeIndented(cmd.OutOrStdout(), list)
			}
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 8, 2, ' ', 0)
			fmt.Fprintln(table, "NETWORK\tUNTIL\tBY\tREASON")
			for _, a := range list {
				fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", printable(a.CIDR), moment(a.Until, "no end"), printable(a.By), printable(a.Reason))
			}
			return table.Flush()
		},
	}
	registerJSON(cmd, &asJSON)
	return cmd
}

func feedAllowRemoveCommand(admin *adminClient) *cobra.Command {
	return &cobra.Command{
		Use:   "remove CIDR",
		Short: "Lets feeds list a network again",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := admin.do(cmd, http.MethodDelete, app.FeedAllowancesPath+"/"+url.PathEscape(args[0]), nil, nil); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "feeds may list %s again\n", printable(args[0]))
			return nil
		},
	}
}
