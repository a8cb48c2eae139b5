package openapi

import (
	"encoding/json"
	"mime"
	"strconv"

	"github.com/peba-edge/peba/query"
)

// question describes where a question is asked. A path below /ews-0.1 is a
// second one for the same; hidden says that private users' alerts are for users only.
func question(q *query.Question, ews, hidden bool) *pathItem {
	prefix := ""
	if ews {
		prefix = "ews_"
	}
	get := &operation{
		Tags:       []string{publicTag},
		ID:         prefix + q.Name,
		Summary:    q.Summary,
		Parameters: append(parameters(q), ifNoneMatch),
		Responses:  questionResponses(q, false),
	}
	item := &pathItem{Get: get}
	if hidden && !q.Private && !q.CommunityOnly {
		get.Security = []security{{}, {basicScheme: {}}}
		forbidden := get.Responses["400"]
		forbidden.Description = "The log-in is wrong, or missing while ci asks for private users' alerts."
		get.Responses["403"] = forbidden
	}
	if q.Private {
		get.Tags = []string{privateTag}
		get.Security = []security{{basicScheme: {}}}
		post := *get
		post.ID = prefix + "post_" + q.Name
		post.Parameters = parameters(q)
		post.Responses = questionResponses(q, true)
		post.Security = []security{{}, {basicScheme: {}}}
		post.RequestBody = &requestBody{
			Description: "Who asks; not needed with HTTP Basic.",
			Content:     map[string]content{"text/xml": {ref("Authentication"), authenticationExample}},
		}
		item.Post = &post
	}
	item.Head = headOf(get, prefix)
	return item
}

// headOf is the HEAD that goes with a GET: the same without bodies.
func headOf(get *operation, prefix string) *operation {
	head := *get
	head.ID = prefix + "head_" + get.ID[len(prefix):]
	head.Responses = make(map[string]response, len(get.Responses))
	for status, r := range get.Responses {
		r.Content = nil
		head.Responses[status] = r
	}
	return &head
}

// questionResponses are the answers to a question, asked by POST or not.
func questionResponses(q *query.Question, post bool) map[string]response {
	answers := make(map[string]content)
	errors := make(map[string]content)
	for i, media := range q.Formats {
		a := q.Answers[i]
		if media == query.JSON {
			answers[mediaType(media)] = content{a.Schema, json.RawMessage(a.Example)}
			errors[mediaType(media)] = content{ref("Error"), nil}
		} else {
			answers[mediaType(media)] = content{a.Schema, a.Example}
			errors[mediaType(media)] = content{ref("Result"), nil}
		}
	}
	if q.Private { // log-ins are refused in XML
		errors[mediaType(query.XML)] = content{ref("Result"), nil}
	}
	responses := map[string]response{
		"200": {"The answer.", answerHeaders(), answers},
		"400": {"A parameter is wrong or missing: the text names it, its value and what is allowed.", nil, errors},
		"405": {"Another method; Allow tells which are right.", allowHeader(), errors},
		"414": {"The parameters are too long.", nil, errors},
		"431": {"Request line and headers are too long.", nil, nil},
		"429": tooMany("The address asks too often."),
		"503": {"The store is down, and no older answer is left.", retryHeader(), errors},
	}
	if post {
		responses["400"] = response{"A parameter, or the message in the body, is wrong: the text names what.", nil, errors}
		responses["408"] = response{"The body did not arrive in time.", retryHeader(), errors}
		responses["413"] = response{"The body is too large.", nil, errors}
	} else {
		responses["304"] = notModified
	}
	if q.Private {
		responses["403"] = response{"The log-in is wrong or missing.", nil, errors}
		responses["405"] = response{"Neither POST, nor HTTP Basic with GET or HEAD; Allow tells which are right.", allowHeader(), errors}
		responses["429"] = tooMany("Too many wrong log-ins from this address, or too many requests.")
	}
	return responses
}

func ingest() *pathItem {
	result := xmlContent("Result", nil)
	return &pathItem{Post: &operation{
		Tags:    []string{ingestTag},
		ID:      "postSimpleMessage",
		Summary: "Takes in a sensor's message, an EWS-SimpleMessage with its alerts.",
		Description: "The answer is OK when the alerts are stored durably, and only then. An alert that is wrong is skipped, " +
			"and the rest of the message stored. A message may be sent again: no alert is stored twice.",
		RequestBody: &requestBody{
			Description: "The message, UTF-8, of a size up to the operator's limit; without a document type.",
			Required:    true,
			Content:     map[string]content{"text/xml": {ref("Message"), messageExample}},
		},
		Responses: map[string]response{
			"200": {"The alerts are stored.", nil, xmlContent("Result", resultExample)},
			"400": {"The body is no EWS-SimpleMessage: the text names the error and where it is.", nil, result},
			"403": {"The log-in is wrong or missing, or may only ask.", nil, result},
			"405": {"Another method than POST.", allowHeader(), result},
			"408": {"The body did not arrive in time: send it again.", retryHeader(), result},
			"413": {"The body is too large.", nil, result},
			"429": tooMany("Too many wrong log-ins from this address, or too many messages."),
			"503": {"The store is down: send it again.", retryHeader(), result},
		},
	}}
}

func heartbeat(second bool) *pathItem {
	prefix := ""
	if second {
		prefix = "alert_"
	}
	plain := func(example string) map[string]content {
		return map[string]content{"text/plain": {&query.Schema{Type: "string"}, example}}
	}
	get := &operation{
		Tags:    []string{publicTag},
		ID:      prefix + "heartbeat",
		Summary: "Whether messages are accepted and questions answered.",
		Parameters: []parameter{{Name: "strict", In: "query", Description: "With any value, or none: 503 also when a part fails without which messages are still accepted and questions answered.",
			Schema: &query.Schema{Type: "string"}}},
		Responses: map[string]response{
			"200": {"They are. A line that starts with `degraded: ` names a part that fails meanwhile.", nil, plain("I'm alive")},
			"405": {"Another method; Allow tells which are right.", allowHeader(), xmlContent("Result", nil)},
			"429": tooMany("The address asks too often."),
			"503": {"The named part fails.", nil, plain("store does not answer")},
		},
	}
	return &pathItem{Get: get, Head: headOf(get, prefix)}
}

// self describes the document's own path.
func self() *pathItem {
	get := &operation{
		Tags:       []string{publicTag},
		ID:         "openapi",
		Summary:    "This document.",
		Parameters: []parameter{ifNoneMatch},
		Responses: map[string]response{
			"200": {"The document.", answerHeaders(), map[string]content{query.JSON: {&query.Schema{Type: "object"}, nil}}},
			"304": notModified,
			"405": {"Another method; Allow tells which are right.", allowHeader(), map[string]content{query.JSON: {ref("Error"), nil}}},
			"429": tooMany("The address asks too often."),
		},
	}
	return &pathItem{Get: get, Head: headOf(get, "")}
}

// mediaType is a media type without its parameters.
func mediaType(media string) string {
	bare, _, err := mime.ParseMediaType(media)
	if err != nil {
		panic("openapi: " + strconv.Quote(media) + " is no media type: " + err.Error())
	}
	return bare
}
