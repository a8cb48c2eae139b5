package command

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/peba-edge/peba/app"
	"github.com/peba-edge/peba/store"
)

// shownReason is the maximum length of a reason in the list, in characters.
const shownReason = 100

// deadLettersCommand is `caddy peba dead-letters`, a client of the admin API.
func deadLettersCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dead-letters",
		Short: "Manages alerts that Elasticsearch rejected permanently",
		Long: "Manages alerts that Elasticsearch rejected permanently. They are kept on this machine, with the\n" +
			"reason, until they are requeued or dropped. With SQLite as the store there are none.\n" +
			"Connects to the running server, which it finds like Caddy's own commands.",
	}
	group(cmd)
	var admin adminClient
	admin.register(cmd)
	cmd.AddCommand(
		lettersListCommand(&admin),
		lettersShowCommand(&admin),
		lettersEachCommand(&admin, "requeue", "Retries dead letters once the cause is fixed", "requeued",
			http.MethodPost, func(id int64) string { return letterPath(id) + "/" + app.RequeueAction }),
		lettersEachCommand(&admin, "drop", "Deletes dead letters permanently", "dropped", http.MethodDelete, letterPath),
	)
	return cmd
}

func letterPath(id int64) string { return app.DeadLettersPath + "/" + strconv.FormatInt(id, 10) }

func lettersListCommand(admin *adminClient) *cobra.Command {
	var limit int
	var before int64
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Lists dead letters, newest first",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			page, err := admin.letters(cmd, before, limit)
			if err != nil {
				return err
			}
			if asJSON {
				return writeIndented(cmd.OutOrStdout(), page)
			}
			return writeLetters(cmd.OutOrStdout(), page)
		},
	}
	registerJSON(cmd, &asJSON)
	cmd.Flags().IntVar(&limit, "limit", app.DefaultLetters, fmt.Sprintf("maximum number, 1 to %d", app.MaxLetters))
	cmd.Flags().Int64Var(&before, "before", 0, "only those with a smaller ID, to continue a list")
	return cmd
}

// letters gets a part of the list; before is 0 for the newest.
func (c *adminClient) letters(cmd *cobra.Command, before int64, limit int) (page app.DeadLetterPage, err error) {
	path := fmt.Sprintf("%s?limit=%d", app.DeadLettersPath, limit)
	if before != 0 {
		path += fmt.Sprintf("&before=%d", before)
	}
	err = c.do(cmd, http.MethodGet, path, nil, &page)
	return page, err
}

func writeLetters(out io.Writer, page app.DeadLetterPage) error {
	if page.Total == 0 {
		_, err := fmt.Fprintln(out, "There are no dead letters.")
		return err
	}
	table := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tTIME\tINDEX\tALERT\tATTEMPTS\tREASON")
	for _, l := range page.Letters {
		fmt.Fprintf(table, "%d\t%s\t%s\t%s\t%d\t%s\n", l.ID, l.Time.UTC().Format(time.RFC3339),
			printable(l.Index), printable(l.DocumentID), l.Attempts, printable(shorten(l.Reason, shownReason)))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	n := len(page.Letters)
	if n > 0 && int64(n) < page.Total {
		fmt.Fprintf(out, "%d of %d; older ones: --before %d\n", n, page.Total, page.Letters[n-1].ID)
	}
	return nil
}

func lettersShowCommand(admin *adminClient) *cobra.Command {
	return &cobra.Command{
		Use:   "show ID",
		Short: "Shows a dead letter with its document",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			id, err := app.ParseLetterID(args[0])
			if err != nil {
				return err
			}
			var letter store.DeadLetter
			if err := admin.do(cmd, http.MethodGet, letterPath(id), nil, &letter); err != nil {
				return err
			}
			return writeLetter(cmd.OutOrStdout(), letter)
		},
	}
}

func writeLetter(out io.Writer, l store.DeadLetter) error {
	fmt.Fprintf(out, "id:        %d\ntime:      %s\nindex:     %s\nalert:     %s\nattempts:  %d\nreason:    %s\n",
		l.ID, l.Time.UTC().Format(time.RFC3339), printable(l.Index), printable(l.DocumentID), l.Attempts, printable(l.Reason))
	if l.Document == nil {
		_, err := fmt.Fprintln(out, "document:  cannot be read")
		return err
	}
	text, err := printableJSON(l.Document)
	if err != nil {
		return fmt.Errorf("showing the document: %w", err)
	}
	_, err = fmt.Fprintf(out, "document:\n%s\n", text)
	return err
}

// lettersEachCommand returns a command that does one action with the given
// letters, or with all.
func lettersEachCommand(admin *adminClient, name, short, done, method string, path func(id int64) string) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   name + " ID... | --all",
		Short: short,
		RunE: func(cmd *cobra.Command, args []string) error {
			if all == (len(args) > 0) {
				return errors.New("give either IDs of dead letters or --all")
			}
			ids, err := parseLetterIDs(args)
			if err == nil && all {
				ids, err = admin.allLetters(cmd)
			}
			if err != nil {
				return err
			}
			for i, id := range ids {
				err := admin.do(cmd, method, path(id), nil, nil)
				if err != nil && len(ids) == 1 {
					return err
				}
				if err != nil {
					return fmt.Errorf("after %d of %d: %w", i, len(ids), err)
				}
			}
			_, err = fmt.Fprintf(cmd.OutOrStdout(), "%s %d dead letters\n", done, len(ids))
			return err
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "all current dead letters")
	return cmd
}

func parseLetterIDs(args []string) ([]int64, error) {
	ids := make([]int64, len(args))
	for i, arg := range args {
		var err error
		if ids[i], err = app.ParseLetterID(arg); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// allLetters returns the ids of all current dead letters, oldest first. It
// excludes later ones, so that a letter that keeps failing is not requeued
// indefinitely.
func (c *adminClient) allLetters(cmd *cobra.Command) ([]int64, error) {
	var ids []int64
	for before := int64(0); ; before = ids[0] {
		page, err := c.letters(cmd, before, app.MaxLetters)
		if err != nil {
			return nil, err
		}
		if len(page.Letters) == 0 {
			return ids, nil
		}
		older := make([]int64, 0, len(page.Letters)+len(ids))
		for i := len(page.Letters) - 1; i >= 0; i-- {
			older = append(older, page.Letters[i].ID)
		}
		ids = append(older, ids...)
	}
}
