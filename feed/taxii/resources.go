package taxii

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/peba-edge/peba/feed"
	"github.com/peba-edge/peba/feed/stix"
)

func discovery(root string) any {
	return struct {
		Title       string   `json:"title"`
		Description string   `json:"description"`
		Default     string   `json:"default"`
		Roots       []string `json:"api_roots"`
	}{"PEBA", "Addresses that attack honeypots.", root, []string{root}}
}

func apiRoot() any {
	return struct {
		Title       string   `json:"title"`
		Description string   `json:"description"`
		Versions    []string `json:"versions"`
		// MaxContent is required. Nothing can be sent, but clients take 0 for missing.
		MaxContent int `json:"max_content_length"`
	}{"Feeds", "Each collection is a feed of addresses.", []string{MediaType}, 1}
}

// collection is TAXII's collection resource.
type collection struct {
	ID          string   `json:"id"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	Alias       string   `json:"alias"`
	CanRead     bool     `json:"can_read"`
	CanWrite    bool     `json:"can_write"`
	MediaTypes  []string `json:"media_types"`
}

func collectionInfo(d *feed.Definition) any {
	c := collection{
		ID: CollectionID(d), Title: d.Name, Alias: d.Name, CanRead: true, MediaTypes: []string{stix.MediaType},
		Description: fmt.Sprintf("Addresses that attacked honeypots within the last %s.", d.Window),
	}
	if d.Licence != "" {
		c.Description += " Licence: " + d.Licence + "."
	}
	return c
}

func collectionList(collections []Collection) any {
	list := make([]any, 0, len(collections))
	for i := range collections {
		list = append(list, collectionInfo(collections[i].Feed))
	}
	return map[string]any{"collections": list}
}

// ok200 returns a resource.
func ok200(resource any) Response { return respond(http.StatusOK, mustJSON(resource)) }

// Error returns an error as TAXII describes it, for callers to send errors of their own, such
// as missing credentials.
func Error(status int, title, description string) Response {
	return respond(status, mustJSON(struct {
		Title       string `json:"title"`
		Description string `json:"description"`
		Status      string `json:"http_status"`
	}{title, description, strconv.Itoa(status)}))
}

func notFound(description string) Response {
	return Error(http.StatusNotFound, "Not found", description)
}

func respond(status int, body []byte) Response {
	return Response{Status: status, Header: http.Header{"Content-Type": {MediaType}}, Body: body}
}

// mustJSON returns the JSON of one of the types above, which always have one.
func mustJSON(value any) []byte {
	b, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("taxii: a resource has no JSON form: %v", err))
	}
	return append(b, '\n')
}
