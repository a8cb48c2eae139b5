package index

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/peba-edge/peba/alert"
)

// Names are the names of indices: those of docs/CONTRACT.md §4, and two of our own.
type Names struct {
	// Prefix of the daily indices of alerts, which are named NAME-YYYY.MM.DD-1. All indices
	// that match NAME-* are read. Default: ews.
	Alerts string `json:"alerts,omitempty"`
	// Alias of today's index of alerts. Default: ews2017.1.
	WriteAlias string `json:"write_alias,omitempty"`
	// Index of the users. Default: users.
	Users string `json:"users,omitempty"`
	// Index of the CVEs, each with its first alert. Default: ewscve.
	CVEs string `json:"cves,omitempty"`
	// Index of the payloads. Default: payloads.
	Payloads string `json:"payloads,omitempty"`
	// Index of the hourly statistics. Default: statistics.
	Statistics string `json:"statistics,omitempty"`
	// Index of the counters of each sensor. Default: ewssensors.
	Sensors string `json:"sensors,omitempty"`
	// Index of the records of the feeds: tokens, allowances, and what the feeds remember. Default: ewsfeeds.
	Feeds string `json:"feeds,omitempty"`
}

// Kinds are the words that the names have in the Caddyfile, in the order of All.
var Kinds = []string{"alerts", "write_alias", "users", "cves", "payloads", "statistics", "sensors", "feeds"}

// All returns the names, to be changed in place.
func (n *Names) All() []*string {
	return []*string{&n.Alerts, &n.WriteAlias, &n.Users, &n.CVEs, &n.Payloads, &n.Statistics, &n.Sensors, &n.Feeds}
}

// SetDefaults fills in the names that are empty.
func (n *Names) SetDefaults() {
	for i, byDefault := range []string{"ews", "ews2017.1", "users", "ewscve", "payloads", "statistics", "ewssensors", "ewsfeeds"} {
		if name := n.All()[i]; *name == "" {
			*name = byDefault
		}
	}
}

// indexName is what Elasticsearch allows, and a little less.
var indexName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,127}$`)

// Check returns an error for a name that cannot be used.
func (n *Names) Check() error {
	var seen []string
	for i, name := range n.All() {
		if !indexName.MatchString(*name) {
			return fmt.Errorf("index %s: got %q, must be up to 128 of the characters a-z, 0-9, dot, hyphen and underscore, the first a letter or digit", Kinds[i], *name)
		}
		if slices.Contains(seen, *name) {
			return fmt.Errorf("index %s: %q is also the name of another index: names must differ", Kinds[i], *name)
		}
		if i > 0 && strings.HasPrefix(*name, n.Alerts+"-") {
			return fmt.Errorf("index %s: %q would be read as alerts: must not begin with %q", Kinds[i], *name, n.Alerts+"-")
		}
		seen = append(seen, *name)
	}
	return nil
}

// notifications is an index of the Python service's that is named as alerts are.
const notifications = "-notifications"

// Read is the expression that all alerts are read over.
func (n *Names) Read() string { return n.Alerts + "-*,-" + n.Alerts + notifications }

// Day is the index of the alerts created on t's day.
func (n *Names) Day(t time.Time) string {
	return n.Alerts + "-" + t.UTC().Format("2006.01.02") + "-1"
}

// unclocked is the index of the alerts whose createTime is absurd.
func (n *Names) unclocked() string { return n.Alerts + "-unclocked-1" }

// Alerts created outside of these days go to one index: no honeypot of this
// family is older, and a sensor without a clock shows such times.
var (
	firstDay = time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC)
	lastDay  = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

// Of returns the index that an alert is stored in. It depends on createTime
// only: an alert that is sent again, at whatever time, must meet its first copy,
// and ids are compared within an index.
func (n *Names) Of(d *alert.Document) string {
	if d.CreateTime.Before(firstDay) || !d.CreateTime.Before(lastDay) {
		return n.unclocked()
	}
	return n.Day(d.CreateTime.Time)
}

var ofDay = regexp.MustCompile(`^-(\d{4}\.\d\d\.\d\d-\d+|unclocked-1)$`)

// ours tells whether index is named as an index of alerts, of this program or
// the Python service.
func (n *Names) ours(index string) bool {
	rest, ok := strings.CutPrefix(index, n.Alerts)
	return ok && ofDay.MatchString(rest)
}

// dayOf returns the start of an index's day, if it has one.
func (n *Names) dayOf(index string) (day time.Time, ok bool) {
	rest, _ := strings.CutPrefix(index, n.Alerts+"-")
	text, _, _ := strings.Cut(rest, "-")
	day, err := time.Parse("2006.01.02", text)
	return day, err == nil
}

// endsBefore tells whether the day of an index, and the next, are over at t.
func (n *Names) endsBefore(index string, t time.Time) bool {
	day, ok := n.dayOf(index)
	return ok && day.Add(48*time.Hour).Before(t)
}
