package command

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/peba-edge/peba/app"
)

// userCommand is `caddy peba user`, a client of the admin API: the running
// process owns the store.
func userCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "user",
		Short: "Manages the users of the private endpoints",
		Long: "Manages the users who may send their own alerts and ask private questions.\n" +
			"Connects to the running server, which it finds like Caddy's own commands.",
	}
	group(cmd)
	var admin adminClient
	admin.register(cmd)
	cmd.AddCommand(userAddCommand(&admin), userSetCommand(&admin), userRemoveCommand(&admin), userListCommand(&admin))
	return cmd
}

// userFlags are a user's properties on the command line.
type userFlags struct {
	tokenFile          string
	getOnly, community bool
	email              string
}

func (f *userFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.tokenFile, "token-file", "", "read the token from this file, - for standard input")
	cmd.Flags().BoolVar(&f.getOnly, "get-only", false, "the user may ask but not send alerts")
	cmd.Flags().BoolVar(&f.community, "community", false, "the user sees only the community's alerts, whatever ci is")
	cmd.Flags().StringVar(&f.email, "email", "", "contact address")
}

// change returns the changes given by flags.
func (f *userFlags) change(cmd *cobra.Command) app.UserChange {
	var c app.UserChange
	if cmd.Flags().Changed("get-only") {
		c.GetOnly = &f.getOnly
	}
	if cmd.Flags().Changed("community") {
		c.Community = &f.community
	}
	if cmd.Flags().Changed("email") {
		c.Email = &f.email
	}
	return c
}

func userAddCommand(admin *adminClient) *cobra.Command {
	var flags userFlags
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Adds a user",
		Long: "Adds a user. The token is read from --token-file, or from a terminal without\n" +
			"echo. Without either, or for an empty input, a token is generated and shown once.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			token, made, err := newToken(cmd, flags.tokenFile)
			if err != nil {
				return err
			}
			change := flags.change(cmd)
			change.Name = args[0]
			change.Token = &token
			var info app.UserInfo
			if err := admin.do(cmd, http.MethodPost, app.UsersPath, change, &info); err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			fmt.Fprintf(out, "added user %s\n", printable(info.Name))
			if made {
				fmt.Fprintf(out, "token: %s\nIt is not shown again.\n", token)
			}
			return nil
		},
	}
	flags.register(cmd)
	return cmd
}

func userSetCommand(admin *adminClient) *cobra.Command {
	var flags userFlags
	cmd := &cobra.Command{
		Use:               "set NAME",
		Short:             "Changes the properties of a user given by flags",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: admin.completeUser,
		RunE: func(cmd *cobra.Command, args []string) error {
			change := flags.change(cmd)
			if flags.tokenFile != "" {
				token, err := readToken(cmd.InOrStdin(), flags.tokenFile)
				if err != nil {
					return err
				}
				change.Token = &token
			}
			if change == (app.UserChange{}) {
				return errors.New("nothing to change: give one or more of --token-file, --get-only, --community, --email")
			}
			var info app.UserInfo
			if err := admin.do(cmd, http.MethodPatch, userPath(args[0]), change, &info); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "changed user %s\n", printable(info.Name))
			return nil
		},
	}
	flags.register(cmd)
	return cmd
}

func userRemoveCommand(admin *adminClient) *cobra.Command {
	return &cobra.Command{
		Use:               "remove NAME",
		Short:             "Removes a user",
		Args:              cobra.ExactArgs(1),
		ValidArgsFunction: admin.completeUser,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := admin.do(cmd, http.MethodDelete, userPath(args[0]), nil, nil); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "removed user %s\n", printable(args[0]))
			return nil
		},
	}
}

func userListCommand(admin *adminClient) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Lists the users",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var infos []app.UserInfo
			if err := admin.do(cmd, http.MethodGet, app.UsersPath, nil, &infos); err != nil {
				return err
			}
			if asJSON {
				return writeIndented(cmd.OutOrStdout(), infos)
			}
			table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 8, 2, ' ', 0)
			fmt.Fprintln(table, "NAME\tGET-ONLY\tCOMMUNITY\tEMAIL\tTOKEN HASH")
			for _, u := range infos {
				fmt.Fprintf(table, "%s\t%t\t%t\t%s\t%s\n",
					printable(u.Name), u.GetOnly, u.Community, printable(u.Email), printable(u.Hash))
			}
			return table.Flush()
		},
	}
	registerJSON(cmd, &asJSON)
	return cmd
}

// completeUser completes user names in the shell; without a server there are
// none.
func (c *adminClient) completeUser(cmd *cobra.Command, args []string, start string) ([]string, cobra.ShellCompDirective) {
	var infos []app.UserInfo
	if len(args) > 0 || c.do(cmd, http.MethodGet, app.UsersPath, nil, &infos) != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	var names []string
	for _, u := range infos {
		if strings.HasPrefix(u.Name, start) && printable(u.Name) == u.Name {
			names = append(names, u.Name)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}

func userPath(name string) string { return app.UsersPath + "/" + url.PathEscape(name) }
