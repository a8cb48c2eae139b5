package misp

import (
	"strconv"
	"time"

	"github.com/peba-edge/peba/feed/ids"
)

// timeLayout is that of the times at which something was seen, in UTC.
const timeLayout = "2006-01-02T15:04:05+00:00"

// organisation is the publisher.
type organisation struct {
	Name string `json:"name"`
	UUID string `json:"uuid"`
}

type tag struct {
	Name         string `json:"name"`
	Colour       string `json:"colour"`
	Local        bool   `json:"local"`
	Relationship string `json:"relationship_type"`
}

// header is what an event and its entry in the manifest have in common.
type header struct {
	Orgc organisation `json:"Orgc"`
	Tag  []tag        `json:"Tag"`
	Info string       `json:"info"`
	Date string       `json:"date"`
}

// summary is the entry of an event in the manifest. PyMISP writes numbers in it.
type summary struct {
	header
	Analysis    int   `json:"analysis"`
	ThreatLevel int   `json:"threat_level_id"`
	Timestamp   int64 `json:"timestamp"`
}

// event is the content of an event's file. PyMISP and MISP write numbers in it as texts.
type event struct {
	UUID string `json:"uuid"`
	header
	Analysis    string      `json:"analysis"`
	ThreatLevel string      `json:"threat_level_id"`
	Timestamp   string      `json:"timestamp"`
	Published   bool        `json:"published"`
	PublishedAt string      `json:"publish_timestamp"`
	Attribute   []attribute `json:"Attribute"`
}

const (
	analysisCompleted    = 2
	threatLevelUndefined = 4
)

type attribute struct {
	UUID               string `json:"uuid"`
	Type               string `json:"type"`
	Category           string `json:"category"`
	Value              string `json:"value"`
	Detect             bool   `json:"to_ids"`
	DisableCorrelation bool   `json:"disable_correlation"`
	Deleted            bool   `json:"deleted,omitempty"`
	Comment            string `json:"comment"`
	Timestamp          string `json:"timestamp"`
	First              string `json:"first_seen"`
	Last               string `json:"last_seen"`
}

// allowance reports whether an address may not be published any more, and since when.
type allowance func(Attribute) (time.Time, bool)

// header returns what is known of the day without its addresses.
func (d *Day) header() header {
	name := d.Publisher
	if name == "" {
		name = "PEBA"
	}
	return header{
		Orgc: organisation{name, ids.V5(ids.Publisher(d.Publisher), "misp").String()},
		Tag:  []tag{{Name: "tlp:clear", Colour: "#ffffff"}},
		Info: "Addresses that attacked honeypots: feed " + d.Feed, Date: d.Date.Format(time.DateOnly),
	}
}

// changed returns when the event changed last.
func (d *Day) changed(allowed allowance) time.Time {
	latest := d.Date
	for _, a := range d.Attributes {
		changed := a.Changed
		if since, is := allowed(a); is && since.After(changed) {
			changed = since
		}
		if changed.After(latest) {
			latest = changed
		}
	}
	return latest
}

// summary returns the day's entry in the manifest.
func (d *Day) summary(allowed allowance) summary {
	return summary{d.header(), analysisCompleted, threatLevelUndefined, d.changed(allowed).Unix()}
}

// event returns the day's event. Addresses that are allowed now are deleted in it: MISP
// keeps those that are merely missing.
func (d *Day) event(allowed allowance) event {
	id := d.uuid()
	changed := timestamp(d.changed(allowed))
	e := event{
		UUID: id.String(), header: d.header(),
		Analysis: strconv.Itoa(analysisCompleted), ThreatLevel: strconv.Itoa(threatLevelUndefined),
		Timestamp: changed, Published: true, PublishedAt: changed,
		Attribute: make([]attribute, 0, len(d.Attributes)),
	}
	for _, a := range d.Attributes {
		value := a.Addr.Unmap().WithZone("").String()
		out := attribute{
			UUID: ids.V5(id, value).String(), Type: "ip-src", Category: "Network activity", Value: value,
			Detect: a.Score >= detectionScore, Comment: a.Comment, Timestamp: timestamp(a.Changed),
			First: a.First.UTC().Format(timeLayout), Last: a.Last.UTC().Format(timeLayout),
		}
		if since, is := allowed(a); is {
			out.Deleted, out.Detect = true, false
			if since.After(a.Changed) {
				out.Timestamp = timestamp(since)
			}
		}
		e.Attribute = append(e.Attribute, out)
	}
	return e
}

func timestamp(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
