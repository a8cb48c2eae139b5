package openapi

import "github.com/peba-edge/peba/query"

const basicScheme = "basic"

var basic = securityScheme{
	Type:        "http",
	Scheme:      "basic",
	Description: "A user's name and token. Without it, POST an EWS-SimpleMessage with an Authentication element.",
}

var ifNoneMatch = parameter{
	Name:        "If-None-Match",
	In:          "header",
	Description: "The ETag of the client's cached answer.",
	Schema:      &query.Schema{Type: "string"},
}

// notModified is the response for clients that have the answer.
var notModified = response{Description: "The answer is the one named by If-None-Match.", Headers: answerHeaders()}

// tooMany describes a 429 without a body: the operator's rate limit may answer
// too and sends none.
func tooMany(why string) response {
	return response{Description: why + " The operator's rate limit answers without a body.", Headers: retryHeader()}
}

func answerHeaders() map[string]header {
	return map[string]header{
		"ETag":          {"Identifies this answer, for If-None-Match.", true, &query.Schema{Type: "string"}},
		"Cache-Control": {"How long the answer may be cached.", true, &query.Schema{Type: "string"}},
	}
}

func allowHeader() map[string]header {
	return map[string]header{"Allow": {"The allowed methods.", true, &query.Schema{Type: "string"}}}
}

func retryHeader() map[string]header {
	return map[string]header{"Retry-After": {"When to retry, in seconds.", false, &query.Schema{Type: "integer"}}}
}

// ref returns a reference to one of schemas.
func ref(name string) *query.Schema { return &query.Schema{Ref: "#/components/schemas/" + name} }

func xmlContent(schema string, example any) map[string]content {
	return map[string]content{mediaType(query.XML): {ref(schema), example}}
}

const (
	resultExample         = "<Result><StatusCode>OK</StatusCode><Text></Text></Result>"
	authenticationExample = `<EWS-SimpleMessage version="3.0">
  <Authentication><username>analyst</username><token>the token</token></Authentication>
</EWS-SimpleMessage>`
	messageExample = `<EWS-SimpleMessage version="3.0">
  <Authentication><username>our-sensors</username><token>the token</token></Authentication>
  <Alert>
    <Analyzer id="cowrie-community-01"/>
    <CreateTime tz="+0200">2026-11-24 00:45:51</CreateTime>
    <Source category="ipv4" port="43288" protocol="tcp">203.0.113.7</Source>
    <Target category="ipv4" port="22" protocol="tcp">198.51.100.9</Target>
    <Request type="description">SSH Honeypot Cowrie</Request>
    <AdditionalData type="string" meaning="username">root</AdditionalData>
    <AdditionalData type="string" meaning="password">123456</AdditionalData>
  </Alert>
</EWS-SimpleMessage>`
)

// schemas are shared by several paths.
func schemas() map[string]*query.Schema {
	str := func(description string) *query.Schema { return &query.Schema{Type: "string", Description: description} }
	authentication := &query.Schema{
		Type: "object",
		Properties: query.Properties{
			{Name: "username", Schema: str("")},
			{Name: "token", Schema: str("")},
		},
		Required: []string{"username", "token"},
	}
	version := &query.Schema{Type: "string", XML: &query.XMLNode{Attribute: true}}
	return map[string]*query.Schema{
		"Error": {
			Type:                 "object",
			Properties:           query.Properties{{Name: "error", Schema: str("The error.")}},
			Required:             []string{"error"},
			AdditionalProperties: false,
		},
		"Result": {
			Type: "object",
			Properties: query.Properties{
				{Name: "StatusCode", Schema: &query.Schema{Type: "string", Enum: []string{"OK", "ERROR"}}},
				{Name: "Text", Schema: str("The error; empty with OK.")},
			},
			Required: []string{"StatusCode", "Text"},
			XML:      &query.XMLNode{Name: "Result"},
		},
		"Authentication": {
			Type:       "object",
			Properties: query.Properties{{Name: "version", Schema: version}, {Name: "Authentication", Schema: authentication}},
			Required:   []string{"Authentication"},
			XML:        &query.XMLNode{Name: "EWS-SimpleMessage"},
		},
		"Message": {
			Type: "object",
			Properties: query.Properties{
				{Name: "version", Schema: version},
				{Name: "Authentication", Schema: authentication},
				{Name: "Alert", Schema: &query.Schema{Type: "array", Items: alertSchema()}},
			},
			Required: []string{"Authentication"},
			XML:      &query.XMLNode{Name: "EWS-SimpleMessage"},
		},
	}
}

// alertSchema is an Alert element as far as OpenAPI can describe it: it cannot
// express attributes of elements with text, which the example shows.
func alertSchema() *query.Schema {
	leaf := func(description string) *query.Schema {
		return &query.Schema{Type: "string", Description: description}
	}
	return &query.Schema{
		Type: "object",
		Properties: query.Properties{
			{Name: "Analyzer", Schema: &query.Schema{
				Type: "object",
				Properties: query.Properties{
					{Name: "id", Schema: &query.Schema{Type: "string", Description: "The sensor.", XML: &query.XMLNode{Attribute: true}}},
				},
			}},
			{Name: "CreateTime", Schema: leaf("YYYY-MM-DD HH:MM:SS; attribute tz: ±HHMM.")},
			{Name: "Source", Schema: leaf("The attacker's address; attributes category, port and protocol.")},
			{Name: "Target", Schema: leaf("The sensor's address; the same attributes.")},
			{Name: "Request", Schema: &query.Schema{Type: "array", Items: leaf("Attribute type: description, url, raw, binary, request, payload or largepayload.")}},
			{Name: "AdditionalData", Schema: &query.Schema{Type: "array", Items: leaf("Attribute meaning: the key.")}},
		},
		XML: &query.XMLNode{Name: "Alert"},
	}
}
