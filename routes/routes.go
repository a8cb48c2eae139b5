// Package routes is the table of everything PEBA serves: each path with its
// handler, its group and whether it needs a login. The directive peba, the
// OpenAPI document, the simulator and the documentation use it.
package routes

import "github.com/peba-edge/peba/query"

// Group is a set of routes that an operator can omit.
type Group string

// The groups. Routes without a group are always served.
const (
	Ingest    Group = "ingest"    // for sensors
	Private   Group = "private"   // for users, who log in
	Public    Group = "public"    // for everyone
	Feeds     Group = "feeds"     // for firewalls and other tools, with tokens
	Dashboard Group = "dashboard" // the page; needs the public ones
)

// Groups returns all groups.
func Groups() []Group { return []Group{Ingest, Private, Public, Feeds, Dashboard} }

// DirectiveOptions lists the options of the directive peba, for errors.
func DirectiveOptions() []string { return []string{"frontend", "max_body", "without"} }

// Paths used by other packages.
const (
	// IngestPath is where sensors post (docs/CONTRACT.md §1).
	IngestPath = "/ews-0.1/alert/postSimpleMessage"
	// StreamPath serves new alerts as server-sent events.
	StreamPath = "/alert/stream"
	// FeedAllowPath changes the list of networks that no feed lists.
	FeedAllowPath = "/alert/feedAllow"
	// OpenAPIPath serves the OpenAPI document.
	OpenAPIPath = "/alert/openapi.json"
	// DashboardPath is the page's folder, without the trailing slash.
	DashboardPath = "/dashboard"
)

// HeartbeatPaths serve the heartbeat (docs/CONTRACT.md §3.2).
func HeartbeatPaths() []string { return []string{"/heartbeat", "/alert/heartbeat"} }

// OwnPrefixes are the folders that belong to PEBA: other paths there get 404.
func OwnPrefixes() []string {
	own := []string{"/alert/", "/ews-0.1/"}
	for _, f := range Folders() {
		own = append(own, f.Path+"/")
	}
	return own
}

// Route is one thing to serve.
type Route struct {
	Group Group
	// Handler is the name of the handler and of its directive, such as peba_query.
	Handler string
	// Question is the question that peba_query answers; nil for other handlers.
	Question *query.Question
	// Paths are its paths, the documented one first. Each is also served with a
	// trailing slash.
	Paths []string
}

// LogIn reports whether the route requires a login.
func (r *Route) LogIn() bool { return r.Group == Private }

// Table returns all routes except Folders and the dashboard's folder.
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
		Route{Group: Private, Handler: "peba_feed_allow", Paths: []string{FeedAllowPath}},
		Route{Group: Public, Handler: "peba_stream", Paths: []string{StreamPath}},
		Route{Group: Public, Handler: "peba_openapi", Paths: []string{OpenAPIPath}},
		Route{Handler: "peba_heartbeat", Paths: HeartbeatPaths()},
	)
}

// Folder is a handler that serves everything below a path.
type Folder struct {
	Group   Group
	Handler string
	// Path is without the trailing slash.
	Path string
}

// Folders returns all folders except the dashboard's.
func Folders() []Folder {
	return []Folder{
		{Feeds, "peba_feeds", "/feeds"},
		{Feeds, "peba_crowdsec", "/crowdsec"},
		{Feeds, "peba_taxii", "/taxii2"},
		{Feeds, "peba_misp", "/misp"},
	}
}

// WithSlash returns the paths, each followed by itself with a trailing slash.
func WithSlash(paths ...string) []string {
	both := make([]string, 0, 2*len(paths))
	for _, path := range paths {
		both = append(both, path, path+"/")
	}
	return both
}
