package collector

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:  "peba",
		Short: "Manages users, dead letters and the spool, checks the server, and simulates sensors",
		CobraFunc: func(cmd *cobra.Command) {
			group(cmd)
			cmd.AddCommand(userCommand(), checkCommand(), deadLettersCommand(), spoolCommand(), simulateCommand(), versionCommand())
		},
	})
}

// group makes a command that only has subcommands: without one it shows them, and
// an unknown one is an error.
func group(cmd *cobra.Command) {
	cmd.Args = cobra.NoArgs
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
}

// versionCommand is `caddy peba version`.
func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Prints the version of PEBA in this binary",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), Version())
			return err
		},
	}
}

// registerJSON adds the flag that scripts use instead of reading a table.
func registerJSON(cmd *cobra.Command, asJSON *bool) {
	cmd.Flags().BoolVar(asJSON, "json", false, "print JSON instead of a table")
}

// writeIndented prints a value for programs, and for people who look at it.
func writeIndented(out io.Writer, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	printed, err := printableJSON(text)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(out, printed)
	return err
}

// printable shows text that others wrote on a terminal: as it is if that is
// harmless, else quoted.
func printable(s string) string {
	if quoted := strconv.Quote(s); quoted != `"`+s+`"` {
		return quoted
	}
	return s
}
