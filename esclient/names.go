package esclient

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/peba-edge/peba/alert"
)

// Indices are the names of indices: those of contract §4, and one of our own.
type Indices struct {
	// What the names of the daily indices of alerts begin with: NAME-YYYY.MM.DD-1.
	// All indices of names NAME-* are read. Default: ews.
	Alerts string `json:"alerts,omitempty"`
	// The alias of today's index. Default: ews2017.1.
	WriteAlias string `json:"write_alias,omitempty"`
	// Default: users.
	Users string `json:"users,omitempty"`
	// Default: ewscve.
	CVEs string `json:"cves,omitempty"`
	// Default: payloads.
	Payloads string `json:"payloads,omitempty"`
	// Default: statistics.
	Statistics string `json:"statistics,omitempty"`
	// What was counted of sensors. Default: ewssensors.
	Sensors string `json:"sensors,omitempty"`
}

// kinds are the words that the names have in the Caddyfile, in the order of all.
var kinds = []string{"alerts", "write_alias", "users", "cves", "payloads", "statistics", "sensors"}

func (n *Indices) all() []*string {
	return []*string{&n.Alerts, &n.WriteAlias, &n.Users, &n.CVEs, &n.Payloads, &n.Statistics, &n.Sensors}
}

func (n *Indices) setDefaults() {
	for i, byDefault := range []string{"ews", "ews2017.1", "users", "ewscve", "payloads", "statistics", "ewssensors"} {
		if name := n.all()[i]; *name == "" {
			*name = byDefault
		}
	}
}

// indexName is what Elasticsearch allows, and a little less.
var indexName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,127}$`)

func (n *Indices) check() error {
	var seen []string
	for i, name := range n.all() {
		if !indexName.MatchString(*name) {
			return fmt.Errorf("index %s is %q: allowed are up to 128 of the characters a-z, 0-9, dot, hyphen and underscore, the first a letter or digit", kinds[i], *name)
		}
		if slices.Contains(seen, *name) {
			return fmt.Errorf("index %s is %q, as another one is: allowed are different names", kinds[i], *name)
		}
		if i > 0 && strings.HasPrefix(*name, n.Alerts+"-") {
			return fmt.Errorf("index %s is %q, which would be read as alerts: allowed are names that do not begin with %q", kinds[i], *name, n.Alerts+"-")
		}
		seen = append(seen, *name)
	}
	return nil
}

// notifications is an index of the Python service's that is named as alerts are.
const notifications = "-notifications"

// read is the expression that all alerts are read over.
func (n *Indices) read() string { return n.Alerts + "-*,-" + n.Alerts + notifications }

// day is the index of the alerts created on t's day.
func (n *Indices) day(t time.Time) string {
	return n.Alerts + "-" + t.UTC().Format("2006.01.02") + "-1"
}

// unclocked is the index of the alerts whose createTime is absurd.
func (n *Indices) unclocked() string { return n.Alerts + "-unclocked-1" }

// Alerts created outside of these days go to one index: no honeypot of this
// family is older, and a sensor without a clock shows such times.
var (
	firstDay = time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC)
	lastDay  = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

// indexOf returns the index that an alert is stored in. It depends on createTime
// only: an alert that is sent again, at whatever time, must meet its first copy,
// and ids are compared within an index.
func (n *Indices) indexOf(d *alert.Document) string {
	if d.CreateTime.Before(firstDay) || !d.CreateTime.Before(lastDay) {
		return n.unclocked()
	}
	return n.day(d.CreateTime.Time)
}

var ofDay = regexp.MustCompile(`^-(\d{4}\.\d\d\.\d\d-\d+|unclocked-1)$`)

// ours tells whether index is named as an index of alerts, of this program or
// the Python service.
func (n *Indices) ours(index string) bool {
	rest, ok := strings.CutPrefix(index, n.Alerts)
	return ok && ofDay.MatchString(rest)
}

// dayOf returns the start of an index's day, if it has one.
func (n *Indices) dayOf(index string) (day time.Time, ok bool) {
	rest, _ := strings.CutPrefix(index, n.Alerts+"-")
	text, _, _ := strings.Cut(rest, "-")
	day, err := time.Parse("2006.01.02", text)
	return day, err == nil
}

// endsBefore tells whether the day of an index, and the next, are over at t.
func (n *Indices) endsBefore(index string, t time.Time) bool {
	day, ok := n.dayOf(index)
	return ok && day.Add(48*time.Hour).Before(t)
}
