package collector

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
	"golang.org/x/term"
)

func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:  "peba",
		Short: "Manages PEBA's users, dead letters and spool, and plays sensors",
		CobraFunc: func(cmd *cobra.Command) {
			group(cmd)
			cmd.AddCommand(userCommand(), checkCommand(), deadLettersCommand(), spoolCommand(), simulateCommand())
		},
	})
}

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

// group makes a command that only has subcommands: without one it shows them, and
// an unknown one is an error.
func group(cmd *cobra.Command) {
	cmd.Args = cobra.NoArgs
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
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
		Use:   "set NAME",
		Short: "Changes a user: only what the flags name",
		Args:  cobra.ExactArgs(1),
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
		Use:   "remove NAME",
		Short: "Removes a user",
		Args:  cobra.ExactArgs(1),
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
	return &cobra.Command{
		Use:   "list",
		Short: "Lists the users",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var infos []UserInfo
			if err := admin.do(cmd, http.MethodGet, usersPath, nil, &infos); err != nil {
				return err
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
}

// newToken finds the token of a new user; made tells that it was made up.
func newToken(cmd *cobra.Command, file string) (token string, made bool, err error) {
	if file != "" {
		token, err = readToken(cmd.InOrStdin(), file)
		return token, false, err
	}
	if in, ok := cmd.InOrStdin().(*os.File); ok && term.IsTerminal(int(in.Fd())) {
		fmt.Fprint(cmd.ErrOrStderr(), "Token (empty to have one made): ")
		typed, err := term.ReadPassword(int(in.Fd()))
		fmt.Fprintln(cmd.ErrOrStderr())
		if err != nil {
			return "", false, fmt.Errorf("reading the token: %w", err)
		}
		if len(typed) > 0 {
			return string(typed), false, nil
		}
	}
	return rand.Text(), true, nil
}

// readToken reads a token from a file, or from in if the file is "-". The end
// of the line does not belong to it.
func readToken(in io.Reader, file string) (string, error) {
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return "", fmt.Errorf("reading the token: %w", err)
		}
		defer f.Close()
		in = f
	}
	b, err := io.ReadAll(io.LimitReader(in, mostToken+3))
	if err != nil {
		return "", fmt.Errorf("reading the token: %w", err)
	}
	token := strings.TrimRight(string(b), "\r\n")
	if token == "" {
		return "", fmt.Errorf("the token in %s is empty", file)
	}
	return token, nil
}

// adminClient speaks with the admin API of the running server.
type adminClient struct {
	address, config, adapter string
}

// register adds the flags that say where the server is.
func (c *adminClient) register(cmd *cobra.Command) {
	cmd.PersistentFlags().StringVar(&c.address, "address", "", "the address of the running server's admin API")
	cmd.PersistentFlags().StringVarP(&c.config, "config", "c", "", "the configuration file to find that address in")
	cmd.PersistentFlags().StringVarP(&c.adapter, "adapter", "a", "", "the adapter for that configuration file")
}

// do sends body as JSON and reads the answer into result; either may be nil.
func (c *adminClient) do(cmd *cobra.Command, method, path string, body, result any) error {
	// From here on an error is the server's, not one of usage.
	cmd.SilenceUsage = true
	address, err := caddycmd.DetermineAdminAPIAddress(c.address, nil, c.config, c.adapter)
	if err != nil {
		return fmt.Errorf("finding the admin API: %w", err)
	}
	var reader io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("encoding the request: %w", err)
		}
		reader = bytes.NewReader(encoded)
	}
	resp, err := caddycmd.AdminAPIRequest(address, method, path, nil, reader)
	if err != nil {
		return fmt.Errorf("asking the server at %s (does it run, and with PEBA?): %w", address, err)
	}
	defer resp.Body.Close()
	if result == nil {
		return nil
	}
	if err := json.NewDecoder(resp.Body).Decode(result); err != nil {
		return fmt.Errorf("reading the server's answer: %w", err)
	}
	return nil
}

func userPath(name string) string { return usersPath + "/" + url.PathEscape(name) }

// printable shows text that others wrote on a terminal: as it is if that is
// harmless, else quoted.
func printable(s string) string {
	if quoted := strconv.Quote(s); quoted != `"`+s+`"` {
		return quoted
	}
	return s
}
