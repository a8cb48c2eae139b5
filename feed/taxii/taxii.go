// Package taxii answers the requests of TAXII 2.1 clients for feeds. There is one API root
// whose collections are the feeds; they can be read only.
//
// A collection has the identity of the publisher, the marking, an indicator for each member,
// and a revoked one for each address that left. Each object has one version: the last one.
// Its date_added is the time of the grid at which that version came to be, so all that
// changed at one time has the same date.
//
// Revoked indicators are for those who may know the object: requests with added_after or
// match[id]. A client that always reads everything never sees them, so that it does not
// block an address because it ignores the property "revoked".
package taxii

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"

	"github.com/peba-edge/peba/feed"
	"github.com/peba-edge/peba/feed/ids"
)

// MediaType is the type of all answers, exactly as clients compare it.
const MediaType = "application/taxii+json;version=2.1"

// Path is the path of the discovery resource, and root that of the only API root below it.
// References to it are without scheme and host, since a proxy in front may change them.
const (
	Path = "/taxii2/"
	root = "feeds/"
)

// Collection is a feed that the caller may read.
type Collection struct {
	Feed *feed.Definition
	// Index returns the index of the present snapshot. It is called only if its objects
	// are asked for.
	Index func() (*Index, error)
}

// CollectionID returns the identifier of a feed's collection. Its alias is the feed's name.
func CollectionID(d *feed.Definition) string { return ids.V5(ids.Feed(d), "collection").String() }

// Request is a request to a path below Path.
type Request struct {
	Method string
	// Path is decoded. A slash at its end makes no difference.
	Path string
	// Seen is the path as the client sees it, with a slash at its end, if it differs: a
	// prefix may have been stripped from it.
	Seen  string
	Query url.Values
	// Accept has the values of the header.
	Accept []string
}

// Response is an answer.
type Response struct {
	Status int
	Header http.Header
	Body   []byte
	// Err is why a feed is not available, for the log; the client does not see it.
	Err error
}

// Answer answers a request of a caller who may read these collections.
func Answer(r *Request, collections []Collection) Response {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodPost, http.MethodDelete:
		return Error(http.StatusForbidden, "Read only", "The collections can only be read.")
	default:
		response := Error(http.StatusMethodNotAllowed, "Method not allowed", "The collections can only be read.")
		response.Header.Set("Allow", "GET, HEAD")
		return response
	}
	if !acceptable(r.Accept) {
		return Error(http.StatusNotAcceptable, "Not acceptable", "This is a server of TAXII 2.1.")
	}
	path, ok := strings.CutPrefix(strings.TrimSuffix(r.Path, "/")+"/", Path)
	if !ok {
		return notFound("This path does not exist.")
	}
	parts := strings.Split(strings.TrimSuffix(path, "/"), "/")
	switch {
	case path == "":
		return ok200(discovery(cmp.Or(r.Seen, Path) + root))
	case parts[0] != "feeds":
		return notFound("This API root does not exist.")
	case len(parts) == 1:
		return ok200(apiRoot())
	case parts[1] == "collections" && len(parts) == 2:
		return ok200(collectionList(collections))
	case parts[1] == "collections":
		for i := range collections {
			if c := &collections[i]; strings.EqualFold(parts[2], CollectionID(c.Feed)) || parts[2] == c.Feed.Name {
				return answerCollection(r, c, parts[3:])
			}
		}
		return notFound("This collection does not exist, or it may not be read.")
	default:
		return notFound("This resource does not exist.")
	}
}

// answerCollection answers a request for a collection, or for parts of it.
func answerCollection(r *Request, c *Collection, parts []string) Response {
	if len(parts) == 0 {
		return ok200(collectionInfo(c.Feed))
	}
	var answer func(*Index, *filter) Response
	switch {
	case len(parts) == 1 && parts[0] == "objects", len(parts) == 2 && parts[0] == "objects":
		answer = objects
	case len(parts) == 1 && parts[0] == "manifest":
		answer = manifest
	case len(parts) == 3 && parts[0] == "objects" && parts[2] == "versions":
		answer = versions
	default:
		return notFound("This resource does not exist.")
	}
	f, err := parseFilter(r.Query)
	if err != nil {
		return Error(http.StatusBadRequest, "Invalid filter", err.Error())
	}
	index, err := c.Index()
	if err != nil {
		response := Error(http.StatusServiceUnavailable, "Not available", "The feed is not available now. Try again.")
		response.Header.Set("Retry-After", "30")
		response.Err = err
		return response
	}
	if len(parts) > 1 {
		if !f.only(index, parts[1]) {
			return notFound("This object does not exist.")
		}
	}
	return answer(index, f)
}
