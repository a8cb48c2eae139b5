// Package simulate plays a fleet of honeypot sensors against a PEBA server: as
// a demo, as the smoke test of an installation and as the load of benchmarks.
// It speaks as the sensors' own client does (contract §1).
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

// Limits of a Config, and what stands for a zero Concurrency.
const (
	MaxSensors         = 10_000
	MaxRate            = 1_000_000 // alerts per second
	MinRate            = 0.001
	MaxBatch           = 100 // what the sensors' client sends at most
	MaxConcurrency     = 1024
	DefaultConcurrency = 16
)

// DefaultPath is where messages go when the URL has no path.
const DefaultPath = routes.IngestPath

// DefaultRate is the rate of the command, in alerts per second: a lively page,
// and no load. It takes a request for more to flood a server.
const DefaultRate = 20

// Config says whom to play sensors for, how many and for how long.
type Config struct {
	// URL is the server's, http or https; without a path, DefaultPath is added.
	URL string
	// User and Token are the credentials in every message.
	User, Token string

	// Sensors is how many sensors there are, 1 to MaxSensors.
	Sensors int
	// Rate is in alerts per second over all sensors; 0 sends as fast as answers
	// come. What a server asks for by Retry-After is waited for in any case.
	Rate float64
	// Batch is the number of alerts a message, 1 to MaxBatch.
	Batch int
	// Concurrency is how many messages may wait for their answers at once; 0
	// means DefaultConcurrency.
	Concurrency int
	// Duration is when to stop sending; answers that are still due then are
	// waited for. 0 sets no limit.
	Duration time.Duration
	// Alerts is the number to stop after, exactly; 0 sets no limit.
	Alerts int
	// Seed decides which sensors and attackers there are.
	Seed uint64

	// Client sends the messages; nil means one that keeps Concurrency HTTP/1.1
	// connections open, follows no redirects and waits 60 seconds for an
	// answer, as the sensors' client does.
	Client *http.Client

	// Progress gets a line a second; nil gets none.
	Progress io.Writer
	// Terminal says that Progress is a terminal, where the line is rewritten.
	Terminal bool
}

// Validate returns an error that names every wrong setting by its flag, its
// value and what is allowed.
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
		fmt.Sprintf("0 (as fast as answers come) or %g to %d alerts a second", MinRate, MaxRate))
	check(c.Batch >= 1 && c.Batch <= MaxBatch, "--batch", c.Batch, fmt.Sprintf("1 to %d alerts a message", MaxBatch))
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
		// url.Error repeats the URL; its Err is what is wrong with it.
		var detail *url.Error
		if errors.As(err, &detail) {
			err = detail.Err
		}
		return "", fmt.Errorf("URL %q: %w", c.URL, err)
	}
	switch {
	case u.Scheme != "http" && u.Scheme != "https", u.Hostname() == "":
		return "", fmt.Errorf("URL %q: must be http://HOST or https://HOST, with a port or path if need be", c.URL)
	case u.User != nil:
		return "", errors.New("URL: must have no user name or password in it; they go to --user and --token")
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = DefaultPath
	}
	u.Fragment, u.RawFragment = "", ""
	return u.String(), nil
}

// checkText rejects what a message could not carry. The text may be secret and
// is not repeated.
func checkText(flag, s string) error {
	if s == "" {
		return fmt.Errorf("%s: must not be empty", flag)
	}
	if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return fmt.Errorf("%s: must be UTF-8 text without control characters", flag)
	}
	return nil
}
