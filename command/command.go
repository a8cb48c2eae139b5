// Package command implements `caddy peba`: clients of the running server's admin API,
// and the simulator. Texts of others reach the terminal only as printable characters.
package command

import (
	"fmt"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"

	"github.com/peba-edge/peba/app"
)

func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:  "peba",
		Short: "Manages users, feeds, dead letters and the spool, checks the server, and simulates sensors",
		CobraFunc: func(cmd *cobra.Command) {
			group(cmd)
			cmd.AddCommand(userCommand(), feedCommand(), checkCommand(), deadLettersCommand(), spoolCommand(), simulateCommand(), versionCommand())
		},
	})
}

// group returns a command with only subcommands: without one it lists them, and
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
			_, err := fmt.Fprintln(cmd.OutOrStdout(), app.Version())
			return err
		},
	}
}

// registerJSON adds the flag for scripts.
func registerJSON(cmd *cobra.Command, asJSON *bool) {
	cmd.Flags().BoolVar(asJSON, "json", false, "print JSON instead of a table")
}
