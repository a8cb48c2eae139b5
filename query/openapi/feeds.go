package openapi

import (
	"encoding/json"

	"github.com/peba-edge/peba/feed/lists"
	"github.com/peba-edge/peba/feed/stix"
	"github.com/peba-edge/peba/query"
)

// The schemes for feed tokens.
const (
	bearerScheme = "feedToken"
	keyScheme    = "feedTokenKey"
)

var feedSchemes = map[string]securityScheme{
	bearerScheme: {Type: "http", Scheme: "bearer", Description: "A feed token. It may also be the password of HTTP Basic, with any user name."},
	keyScheme:    {Type: "apiKey", In: "header", Name: "X-Api-Key", Description: "A feed token."},
}

// feedFormat describes the path of feeds in a format.
func feedFormat(f *lists.Format) *pathItem {
	refusal := map[string]content{query.JSON: {ref("Error"), nil}}
	name := parameter{
		Name: "feed", In: "path", Required: true, Description: "The feed's name.", Example: "blocklist",
		Schema: &query.Schema{Type: "string", Pattern: "^[a-z0-9][a-z0-9_-]{0,31}$"},
	}
	get := &operation{
		Tags:       []string{feedsTag},
		ID:         "feed_" + f.Suffix,
		Summary:    f.Name + ": " + f.Summary,
		Parameters: append(append([]parameter{name}, parametersOf(f.Params)...), ifNoneMatch),
		Security:   []security{{}, {bearerScheme: {}}, {keyScheme: {}}},
		Responses: map[string]response{
			"200": {"The feed. It may be empty.", answerHeaders(), map[string]content{mediaType(f.Media): {feedSchema(f), feedExample(f)}}},
			"304": notModified,
			"400": {"A parameter is invalid: the text names it, its value and what it must be.", nil, refusal},
			"401": {"The token is missing or wrong.", nil, refusal},
			"404": {"There is no such feed, or the token does not admit to it.", nil, refusal},
			"405": {"Method not allowed; Allow lists the allowed ones.", allowHeader(), refusal},
			"414": {"The parameters are too long.", nil, refusal},
			"429": tooMany("Too many requests from this address."),
			"431": {"Request line and headers are too long.", nil, nil},
			"503": {"The feed was never computed.", retryHeader(), refusal},
		},
	}
	return &pathItem{Get: get, Head: headOf(get, "")}
}

// feedSchema is a feed's body: an object in JSON, otherwise a text.
func feedSchema(f *lists.Format) *query.Schema {
	if isObject(f) {
		return &query.Schema{Type: "object"}
	}
	return &query.Schema{Type: "string"}
}

// feedExample is an example of a feed's body.
func feedExample(f *lists.Format) any {
	if isObject(f) {
		return json.RawMessage(f.Example())
	}
	return string(f.Example())
}

// isObject reports whether a feed's body is a JSON object.
func isObject(f *lists.Format) bool { return f.Media == query.JSON || f.Media == stix.MediaType }
