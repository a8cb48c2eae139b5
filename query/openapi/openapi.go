package openapi

import (
	"encoding/json"
	"fmt"

	"github.com/peba-edge/peba/query"
	"github.com/peba-edge/peba/routes"
)

// Options say what is described.
type Options struct {
	// Version is the program's.
	Version string
	// Ingest, Private and Public are the groups of routes that are served.
	Ingest, Private, Public bool
	// Hidden is true where private users' alerts are shown to logged-in users only.
	Hidden bool
}

// The tags, named as the groups of routes are.
const (
	ingestTag  = "ingest"
	privateTag = "private"
	publicTag  = "public"
)

const description = `Honeypot sensors send alerts, attack maps and analysts ask about them.

Every path is also served with a slash at its end. All times are in UTC. Parameters that are not listed are ignored;
of a parameter that comes twice the first counts. The operator may limit how many requests an address makes: 429.

By default everything but source addresses and sensors is public, also the alerts of private users (ci=0, ci=-1). An
operator may show these to logged-in users only: then others get 403.

Texts that tell what an attacker did were written by the attacker: never show them as markup.`

// streamed is the part of the description for those who serve public routes. The
// stream is not among the document's paths: programs that ask all there are would
// wait for its end.
const streamed = `

New alerts come as server-sent events (text/event-stream) from ` + routes.StreamPath + `, which takes ci as the questions do. It
is not among the paths below, since its answer has no end: docs/API.md tells of its events.`

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
