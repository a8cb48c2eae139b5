package collector

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/peba-edge/peba/simulate"
)

// The log-in of every stock T-Pot, which `make run` takes by default.
const (
	stockUser  = "community-01-user"
	stockToken = "foth{a5maiCee8fineu7"
)

// simulateCommand is `caddy peba simulate`. It needs no running server of its own.
func simulateCommand() *cobra.Command {
	var c simulate.Config
	var tokenFile string
	cmd := &cobra.Command{
		Use:   "simulate URL",
		Short: "Simulates a fleet of sensors against a server",
		Long: "Simulates a fleet of honeypot sensors against the server at URL: as a demo, to smoke-test an\n" +
			"installation, or to load it. Alerts are made up; the sources are plausible public addresses.\n" +
			"Ends after --duration or --alerts, when interrupted, or when nothing answers for ten seconds, and\n" +
			"prints what was accepted; with an error if anything was not.",
		Example: "  caddy peba simulate http://localhost:8080\n" +
			"  caddy peba simulate https://collector.example.org --sensors 1000 --rate 0 --duration 2m",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			c.URL = args[0]
			if tokenFile != "" {
				token, err := readToken(cmd.InOrStdin(), tokenFile)
				if err != nil {
					return err
				}
				c.Token = token
			}
			if err := c.Validate(); err != nil {
				return err
			}
			cmd.SilenceUsage = true
			return runSimulation(cmd, c)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&c.User, "user", stockUser, "the user name that the sensors send")
	flags.StringVar(&c.Token, "token", stockToken, "the token that the sensors send; others on this machine can see it")
	flags.StringVar(&tokenFile, "token-file", "", "read the token from this file, - for standard input")
	flags.IntVar(&c.Sensors, "sensors", 50, "how many sensors there are")
	flags.Float64Var(&c.Rate, "rate", simulate.DefaultRate, "alerts a second over all sensors, 0 for as fast as answers come")
	flags.DurationVar(&c.Duration, "duration", 0, "when to stop, 0 for never")
	flags.IntVar(&c.Alerts, "alerts", 0, "stop after this many alerts, 0 for never")
	flags.IntVar(&c.Batch, "batch", 10, "alerts a message, 1 to 100")
	flags.IntVar(&c.Concurrency, "concurrency", simulate.DefaultConcurrency, "messages that wait for their answers at once")
	flags.Uint64Var(&c.Seed, "seed", 1, "decides which sensors and attackers there are")
	return cmd
}

func runSimulation(cmd *cobra.Command, c simulate.Config) error {
	ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second interrupt ends the program at once.
	context.AfterFunc(ctx, stop)
	c.Progress = cmd.ErrOrStderr()
	if f, ok := cmd.ErrOrStderr().(*os.File); ok {
		c.Terminal = term.IsTerminal(int(f.Fd()))
	}
	summary, err := simulate.Run(ctx, c)
	if err != nil {
		return err
	}
	if _, err := summary.WriteTo(cmd.OutOrStdout()); err != nil {
		return fmt.Errorf("write the summary: %w", err)
	}
	if summary.Accepted < summary.Sent {
		return fmt.Errorf("%d of %d alerts were not accepted", summary.Sent-summary.Accepted, summary.Sent)
	}
	return nil
}
