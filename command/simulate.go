package command

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/peba-edge/peba/app"
	"github.com/peba-edge/peba/simulate"
)

// simulateCommand is `caddy peba simulate`. It needs no running server of its own.
func simulateCommand() *cobra.Command {
	var c simulate.Config
	var tokenFile string
	cmd := &cobra.Command{
		Use:   "simulate URL",
		Short: "Simulates a fleet of sensors against a server",
		Long: "Simulates a fleet of honeypot sensors that send to the server at URL: as a demo, to smoke-test an\n" +
			"installation, or to load-test it. Alerts are invented; the sources are plausible public addresses.\n" +
			"Ends after --duration or --alerts, when interrupted, or if nothing answers for ten seconds, and\n" +
			"prints the number of accepted alerts. Exits with an error if any was not accepted.",
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
	flags.StringVar(&c.User, "user", app.StockUser, "the user name that the sensors send")
	flags.StringVar(&c.Token, "token", app.StockToken, "the token that the sensors send; others on this machine can see it")
	flags.StringVar(&tokenFile, "token-file", "", "read the token from this file, - for standard input")
	flags.IntVar(&c.Sensors, "sensors", 50, "number of sensors")
	flags.Float64Var(&c.Rate, "rate", simulate.DefaultRate, "alerts per second over all sensors, 0 for as fast as answers arrive")
	flags.DurationVar(&c.Duration, "duration", 0, "stop after this time, 0 for never")
	flags.IntVar(&c.Alerts, "alerts", 0, "stop after this many alerts, 0 for never")
	flags.IntVar(&c.Batch, "batch", 10, "alerts per message, 1 to 100")
	flags.IntVar(&c.Concurrency, "concurrency", simulate.DefaultConcurrency, "maximum number of messages in flight")
	flags.Uint64Var(&c.Seed, "seed", 1, "determines the sensors and attackers")
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
