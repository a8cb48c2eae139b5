// Package routes is the table of what PEBA serves: every path with its handler,
// its group and whether it needs a log-in. The directive peba, the OpenAPI
// document, the simulator and the documentation are made from it.
package routes

import "github.com/peba-edge/peba/query"

// Group is a set of routes that an operator can leave out of a site.
type Group string

// The groups; routes of no group are always there.
const (
	Ingest    Group = "ingest"    // for sensors
	Private   Group = "private"   // for users, who log in
	Public    Group = "public"    // for all
	Dashboard Group = "dashboard" // the page; needs the public ones
)

// Groups returns all groups.
func Groups() []Group { return []Group{Ingest, Private, Public, Dashboard} }

// DirectiveOptions are the words of the directive peba, as errors list them.
func DirectiveOptions() []string { return []string{"frontend", "max_body", "without"} }

// Paths that other packages need by themselves.
const (
	// IngestPath is where sensors post (contract §1).
	IngestPath = "/ews-0.1/alert/postSimpleMessage"
	// StreamPath is where new alerts come as server-sent events.
	StreamPath = "/alert/stream"
	// OpenAPIPath is where the OpenAPI document is.
	OpenAPIPath = "/alert/openapi.json"
	// DashboardPath is the page's folder, without the slash at its end.
	DashboardPath = "/dashboard"
)

// HeartbeatPaths are where the heartbeat is (contract §3.2).
func HeartbeatPaths() []string { return []string{"/heartbeat", "/alert/heartbeat"} }

// OwnPrefixes are the folders in which everything is PEBA's: what no route serves
// there does not exist.
func OwnPrefixes() []string { return []string{"/alert/", "/ews-0.1/"} }

// Route is one thing that is served.
type Route struct {
	Group Group
	// Handler is the name of the handler and of its directive, such as peba_query.
	Handler string
	// Question is what peba_query answers; nil for other handlers.
	Question *query.Question
	// Paths are where it is served, the one to document first. Each is served with
	// a slash at its end as well.
	Paths []string
}

// LogIn reports whether only users who log in get an answer.
func (r *Route) LogIn() bool { return r.Group == Private }

// Table returns all routes but the dashboard's, which is a folder.
func Table() []Route {
	table := []Route{{Group: Ingest, Handler: "peba_ingest", Paths: []string{IngestPath}}}
	for _, q := range query.All() {
		group := Public
		if q.Private {
			group = Private
		}
		table = append(table, Route{Group: group, Handler: "peba_query", Question: q, Paths: q.Paths()})
	}
	return append(table,
		Route{Group: Public, Handler: "peba_stream", Paths: []string{StreamPath}},
		Route{Group: Public, Handler: "peba_openapi", Paths: []string{OpenAPIPath}},
		Route{Handler: "peba_heartbeat", Paths: HeartbeatPaths()},
	)
}

// WithSlash returns the paths, each followed by the same with a slash at its end.
func WithSlash(paths ...string) []string {
	both := make([]string, 0, 2*len(paths))
	for _, path := range paths {
		both = append(both, path, path+"/")
	}
	return both
}
