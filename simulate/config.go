// Package simulate simulates a fleet of honeypot sensors that send to a PEBA
// server, as a demo, as a smoke test of an installation and as load for
// benchmarks. It behaves like the sensors' own client (docs/CONTRACT.md §1).
package simulate

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/peba-edge/peba/routes"
)

// Limits of a Config, and the default Concurrency.
const (
	MaxSensors         = 10_000
	MaxRate            = 1_000_000 // alerts per second
	MinRate            = 0.001
	MaxBatch           = 100 // the limit of the sensors' client
	MaxConcurrency     = 1024
	DefaultConcurrency = 16
)

// DefaultPath is the path for URLs without one.
const DefaultPath = routes.IngestPath

// DefaultRate is the default rate of the command in alerts per second: a lively
// page without much load. Nobody should flood a server by accident.
const DefaultRate = 20

// Config configures a simulation: the server, the number of sensors, rate and
// duration.
type Config struct {
	// URL is the server's, http or https. Without a path, DefaultPath is added.
	URL string
	// User and Token are the credentials in every message.
	User, Token string

	// Sensors is the number of sensors, 1 to MaxSensors.
	Sensors int
	// Rate is in alerts per second over all sensors; 0 sends as fast as answers
	// arrive. Retry-After is always respected.
	Rate float64
	// Batch is the number of alerts per message, 1 to MaxBatch.
	Batch int
	// Concurrency is the maximum number of messages in flight; 0 means
	// DefaultConcurrency.
	Concurrency int
	// Duration is how long to send; the run then waits for outstanding answers.
	// 0 sets no limit.
	Duration time.Duration
	// Alerts is the exact number of alerts to send; 0 sets no limit.
	Alerts int
	// Seed determines the sensors and attackers.
	Seed uint64

	// Client sends the messages. nil means one that keeps Concurrency HTTP/1.1
	// connections open, follows no redirects and waits 60 seconds for an
	// answer, like the sensors' client.
	Client *http.Client

	// Progress receives a line per second; nil for none.
	Progress io.Writer
	// Terminal means that Progress is a terminal, where the line is rewritten.
	Terminal bool
}

// Validate returns an error that names every invalid setting by its flag, with
// its value and what it must be.
func (c *Config) Validate() error {
	_, urlErr := c.endpoint()
	errs := []error{urlErr, checkText("--user", c.User), checkText("--token", c.Token)}
	check := func(ok bool, flag string, value any, allowed string) {
		if !ok {
			errs = append(errs, fmt.Errorf("%s %v: must be %s", flag, value, allowed))
		}
	}
	check(c.Sensors >= 1 && c.Sensors <= MaxSensors, "--sensors", c.Sensors, fmt.Sprintf("1 to %d", MaxSensors))
	check(c.Rate == 0 || c.Rate >= MinRate && c.Rate <= MaxRate, "--rate", c.Rate,
		fmt.Sprintf("0 (as fast as answers arrive) or %g to %d alerts per second", MinRate, MaxRate))
	check(c.Batch >= 1 && c.Batch <= MaxBatch, "--batch", c.Batch, fmt.Sprintf("1 to %d alerts per message", MaxBatch))
	check(c.Concurrency >= 0 && c.Concurrency <= MaxConcurrency, "--concurrency", c.Concurrency,
		fmt.Sprintf("1 to %d, or 0 for %d", MaxConcurrency, DefaultConcurrency))
	check(c.Duration >= 0, "--duration", c.Duration, "0 (no limit) or more")
	check(c.Alerts >= 0, "--alerts", c.Alerts, "0 (no limit) or more")
	return errors.Join(errs...)
}

// endpoint returns the URL that messages are posted to.
func (c *Config) endpoint() (string, error) {
	u, err := url.Parse(c.URL)
	if err != nil {
		// url.Error repeats the URL; its Err is the reason.
		var detail *url.Error
		if errors.As(err, &detail) {
			err = detail.Err
		}
		return "", fmt.Errorf("URL %q: %w", c.URL, err)
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return "", fmt.Errorf("URL %q: must be http://HOST or https://HOST, optionally with a port or path", c.URL)
	case u.User != nil:
		return "", errors.New("URL: must not contain a user name or password; use --user and --token")
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = DefaultPath
	}
	u.Fragment, u.RawFragment = "", ""
	return u.String(), nil
}

// checkText rejects texts that a message cannot carry. It does not repeat the
// text, which may be secret.
func checkText(flag, s string) error {
	if s == "" {
		return fmt.Errorf("%s: must not be empty", flag)
	}
	if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return fmt.Errorf("%s: must be UTF-8 text without control characters", flag)
	}
	return nil
}
