package openapi

import (
	"encoding/json"
	"fmt"
	"maps"

	"github.com/peba-edge/peba/feed/lists"
	"github.com/peba-edge/peba/query"
	"github.com/peba-edge/peba/routes"
)

// Options select what to describe.
type Options struct {
	// Version is the program's.
	Version string
	// Ingest, Private, Public and Feeds are the served groups of routes.
	Ingest, Private, Public, Feeds bool
	// Hidden is true if private users' alerts are shown to logged-in users only.
	Hidden bool
}

// The tags, named like the groups of routes.
const (
	ingestTag  = "ingest"
	privateTag = "private"
	publicTag  = "public"
	feedsTag   = "feeds"
)

const description = `Honeypot sensors send alerts, attack maps and analysts ask about them.

Every path is also served with a trailing slash. All times are in UTC. Parameters that are not listed are ignored;
if a parameter comes twice, the first counts. The operator may limit the requests of an address: 429.

By default everything except source addresses and sensors is public, including the alerts of private users (ci=0, ci=-1). An
operator may show these to logged-in users only; others then get 403.

Attackers wrote the texts that describe their actions: never show them as markup.`

// streamed is the part of the description for public routes. The stream is not
// among the document's paths: programs that request every path would wait for its
// end.
const streamed = `

New alerts come as server-sent events (text/event-stream) from ` + routes.StreamPath + `, which takes ci like the questions. It
is not among the paths below, since its answer has no end: docs/API.md describes its events.`

// Document returns the description as JSON.
func Document(o Options) ([]byte, error) {
	d := document{
		OpenAPI: "3.1.0",
		Info: info{
			Title:       "PEBA",
			Version:     o.Version,
			Description: description,
			License:     license{Name: "Apache License 2.0", Identifier: "Apache-2.0"},
		},
		Components: components{
			Schemas:         schemas(),
			SecuritySchemes: map[string]securityScheme{basicScheme: basic},
		},
	}
	if o.Ingest {
		d.Tags = append(d.Tags, tag{ingestTag, "For sensors."})
		d.Paths = append(d.Paths, entry[*pathItem]{routes.IngestPath, ingest()})
	}
	if o.Private {
		d.Tags = append(d.Tags, tag{privateTag, "For users."})
	}
	d.Tags = append(d.Tags, tag{publicTag, "For all."})
	for _, q := range query.All() {
		if q.Private && !o.Private || !q.Private && !o.Public {
			continue
		}
		for i, path := range q.Paths() {
			d.Paths = append(d.Paths, entry[*pathItem]{path, question(q, i > 0, o.Hidden)})
		}
	}
	for i, path := range routes.HeartbeatPaths() {
		d.Paths = append(d.Paths, entry[*pathItem]{path, heartbeat(i > 0)})
	}
	if o.Feeds {
		d.describeFeeds()
	}
	if o.Public {
		d.Info.Description += streamed
		d.Paths = append(d.Paths, entry[*pathItem]{routes.OpenAPIPath, self()})
	}
	body, err := json.Marshal(d)
	if err != nil {
		return nil, fmt.Errorf("describing the interface: %w", err)
	}
	return append(body, '\n'), nil
}

// besideLists is the part of the description for feeds.
const besideLists = `

Feeds are also served as a STIX 2.1 bundle (/feeds/NAME.stix.json), by TAXII 2.1 (/taxii2/), as a MISP feed (/misp/NAME/) and by CrowdSec's local API for
bouncers (/crowdsec/), as these standards and programs describe: docs/FEEDS.md.`

// describeFeeds adds the formats of feeds.
func (d *document) describeFeeds() {
	d.Info.Description += besideLists
	d.Tags = append(d.Tags, tag{feedsTag, "For firewalls, SIEMs and scripts, with a feed token."})
	maps.Copy(d.Components.SecuritySchemes, feedSchemes)
	for _, f := range lists.All() {
		d.Paths = append(d.Paths, entry[*pathItem]{"/feeds/{feed}." + f.Suffix, feedFormat(&f)})
	}
}
