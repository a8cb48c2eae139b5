package simulate

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestValidate(t *testing.T) {
	good := testConfig("http://peba.test")
	if err := good.Validate(); err != nil {
		t.Errorf("a good one: %v", err)
	}
	for _, c := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"no URL", func(c *Config) { c.URL = "" }, `URL "": must be http://HOST or https://HOST, optionally with a port or path`},
		{"scheme", func(c *Config) { c.URL = "ftp://peba.test" }, `URL "ftp://peba.test": must be http://HOST or https://HOST, optionally with a port or path`},
		{"no scheme", func(c *Config) { c.URL = "peba.test:8080" }, `URL "peba.test:8080": must be http://HOST or https://HOST, optionally with a port or path`},
		{"no host", func(c *Config) { c.URL = "http://:80" }, `URL "http://:80": must be http://HOST or https://HOST, optionally with a port or path`},
		{"bad host", func(c *Config) { c.URL = "http://a b" }, `URL "http://a b": invalid character " " in host name`},
		{"credentials", func(c *Config) { c.URL = "http://u:secret@peba.test" }, "URL: must not contain a user name or password; use --user and --token"},
		{"user", func(c *Config) { c.User = "" }, "--user: must not be empty"},
		{"token", func(c *Config) { c.Token = "se\x00cret" }, "--token: must be UTF-8 text without control characters"},
		{"sensors", func(c *Config) { c.Sensors = 0 }, "--sensors 0: must be 1 to 10000"},
		{"rate", func(c *Config) { c.Rate = -1 }, "--rate -1: must be 0 (as fast as answers arrive) or 0.001 to 1000000 alerts per second"},
		{"rate NaN", func(c *Config) { c.Rate = math.NaN() }, "--rate NaN: must be 0 (as fast as answers arrive) or 0.001 to 1000000 alerts per second"},
		{"batch", func(c *Config) { c.Batch = 101 }, "--batch 101: must be 1 to 100 alerts per message"},
		{"concurrency", func(c *Config) { c.Concurrency = -2 }, "--concurrency -2: must be 1 to 1024, or 0 for 16"},
		{"duration", func(c *Config) { c.Duration = -time.Second }, "--duration -1s: must be 0 (no limit) or more"},
		{"alerts", func(c *Config) { c.Alerts = -5 }, "--alerts -5: must be 0 (no limit) or more"},
		{"two", func(c *Config) { c.Sensors, c.Batch = -1, 0 }, "--sensors -1: must be 1 to 10000\n--batch 0: must be 1 to 100 alerts per message"},
	} {
		config := good
		c.change(&config)
		if err := config.Validate(); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

func TestEndpoint(t *testing.T) {
	for in, want := range map[string]string{
		"http://peba.test":               "http://peba.test/ews-0.1/alert/postSimpleMessage",
		"https://peba.test:8443/":        "https://peba.test:8443/ews-0.1/alert/postSimpleMessage",
		"HTTP://[2001:db8::1]:8080":      "http://[2001:db8::1]:8080/ews-0.1/alert/postSimpleMessage",
		"https://peba.test/sensors/post": "https://peba.test/sensors/post",
		"https://peba.test/p?q=1#f":      "https://peba.test/p?q=1",
	} {
		c := Config{URL: in}
		if got, err := c.endpoint(); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", in, got, err, want)
		}
	}
}

func TestSummaryTable(t *testing.T) {
	s := Summary{
		Sent: 1000, Accepted: 900, Rejected: 70, Unanswered: 30, Messages: 10, Elapsed: 2 * time.Second,
		Reasons: map[string]int{"HTTP 503: full": 20, "HTTP 403: who": 50, "no answer: timed out": 30},
		P50:     1234567 * time.Nanosecond, P99: 98765432 * time.Nanosecond, Max: 2345678901 * time.Nanosecond,
	}
	const want = `sent        1000 alerts in 10 messages, 2s
accepted    900 alerts, 450.0 per second
rejected    70 alerts
unanswered  30 alerts
            50: HTTP 403: who
            30: no answer: timed out
            20: HTTP 503: full
answers     p50 1.23ms, p99 98.8ms, max 2.35s
`
	var b strings.Builder
	if n, err := s.WriteTo(&b); b.String() != want || err != nil || n != int64(len(want)) {
		t.Errorf("%d, %v:\n%s\nwant\n%s", n, err, b.String(), want)
	}
	b.Reset()
	if _, err := (Summary{}).WriteTo(&b); err != nil || strings.Contains(b.String(), "p50") {
		t.Errorf("%v: %s", err, b.String())
	}
}

func TestReasonsAreBounded(t *testing.T) {
	tally := newTally()
	for i := range 1000 {
		tally.settled(1, outcome{reason: strings.Repeat("x", i+1), answered: true}, time.Second)
	}
	tally.settled(5, outcome{reason: "x"}, time.Second)
	s := tally.snapshot()
	if len(s.Reasons) != maxReasons+1 || s.Reasons[otherReasons] != 980 || s.Reasons["x"] != 6 || s.Rejected != 1000 || s.Unanswered != 5 {
		t.Errorf("%d reasons, others %d, %+v", len(s.Reasons), s.Reasons[otherReasons], s)
	}
}
