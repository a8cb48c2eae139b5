package collector

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

// userCommand is `caddy peba user`, a client of the admin API: the process that
// runs owns the store.
func userCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "user",
		Short: "Manages the users of the private endpoints",
		Long: "Manages the users who may send alerts of their own and ask private questions.\n" +
			"Talks to the running server, which it finds as Caddy's own commands do.",
	}
	group(cmd)
	var admin adminClient
	admin.register(cmd)
	cmd.AddCommand(userAddCommand(&admin), userSetCommand(&admin), userRemoveCommand(&admin), userListCommand(&admin))
	return cmd
}

// userFlags are what can be told of a user on the command line.
type userFlags struct {
	tokenFile          string
	getOnly, community bool
	email              string
}

func (f *userFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.tokenFile, "token-file", "", "read the token from this file, - for standard input")
	cmd.Flags().BoolVar(&f.getOnly, "get-only", false, "the user may ask but not send alerts")
	cmd.Flags().BoolVar(&f.community, "community", false, "the user sees the community's alerts only, whatever ci says")
	cmd.Flags().StringVar(&f.email, "email", "", "where the user can be reached")
}

// change returns what the flags that were given say.
func (f *userFlags) change(cmd *cobra.Command) UserChange {
	var c UserChange
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
		Long: "Adds a user. The token is read from --token-file, or asked for on a terminal without\n" +
			"being shown. Without either, and on an empty answer, one is made and shown once.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			token, made, err := newToken(cmd, flags.tokenFile)
			if err != nil {
				return err
			}
			change := flags.change(cmd)
			change.Name = args[0]
			change.Token = &token
			var info UserInfo
			if err := admin.do(cmd, http.MethodPost, usersPath, change, &info); err != nil {
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
		Short:             "Changes a user: only what the flags name",
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
			if change == (UserChange{}) {
				return errors.New("nothing to change: give one or more of --token-file, --get-only, --community, --email")
			}
			var info UserInfo
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
			var infos []UserInfo
			if err := admin.do(cmd, http.MethodGet, usersPath, nil, &infos); err != nil {
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

// completeUser offers the names of users to the shell. Without a server there
// are none to offer.
func (c *adminClient) completeUser(cmd *cobra.Command, args []string, start string) ([]string, cobra.ShellCompDirective) {
	var infos []UserInfo
	if len(args) > 0 || c.do(cmd, http.MethodGet, usersPath, nil, &infos) != nil {
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

func userPath(name string) string { return usersPath + "/" + url.PathEscape(name) }
