package openapi

import (
	"encoding/json"
	"mime"
	"strconv"

	"github.com/peba-edge/peba/query"
)

// question describes a question's path. A path below /ews-0.1 is a second one for the
// same question. With hidden, private users' alerts are for users only.
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
		forbidden.Description = "The login is wrong, or missing although ci selects private users' alerts."
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
			Description: "The user's login; not needed with HTTP Basic.",
			Content:     map[string]content{"text/xml": {ref("Authentication"), authenticationExample}},
		}
		item.Post = &post
	}
	item.Head = headOf(get, prefix)
	return item
}

// headOf returns the HEAD for a GET: the same without bodies.
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

// questionResponses returns the responses to a question, by POST or not.
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
	if q.Private { // logins are rejected in XML
		errors[mediaType(query.XML)] = content{ref("Result"), nil}
	}
	responses := map[string]response{
		"200": {"The answer.", answerHeaders(), answers},
		"400": {"A parameter is invalid or missing: the text names it, its value and what it must be.", nil, errors},
		"405": {"Method not allowed; Allow lists the allowed ones.", allowHeader(), errors},
		"414": {"The parameters are too long.", nil, errors},
		"431": {"Request line and headers are too long.", nil, nil},
		"429": tooMany("Too many requests from this address."),
		"503": {"The store is down, and no older answer is left.", retryHeader(), errors},
	}
	if post {
		responses["400"] = response{"A parameter or the message in the body is invalid: the text names the error.", nil, errors}
		responses["408"] = response{"The body did not arrive in time.", retryHeader(), errors}
		responses["413"] = response{"The body is too large.", nil, errors}
	} else {
		responses["304"] = notModified
	}
	if q.Private {
		responses["403"] = response{"The login is wrong or missing.", nil, errors}
		responses["405"] = response{"Neither POST, nor HTTP Basic with GET or HEAD; Allow lists the allowed methods.", allowHeader(), errors}
		responses["429"] = tooMany("Too many failed logins or requests from this address.")
	}
	return responses
}

func ingest() *pathItem {
	result := xmlContent("Result", nil)
	return &pathItem{Post: &operation{
		Tags:    []string{ingestTag},
		ID:      "postSimpleMessage",
		Summary: "Accepts a sensor's message, an EWS-SimpleMessage with its alerts.",
		Description: "The answer is OK if and only if the alerts are stored durably. An invalid alert is skipped, " +
			"and the rest of the message is stored. A message may be retried: no alert is stored twice.",
		RequestBody: &requestBody{
			Description: "The message in UTF-8, without a document type, up to the operator's size limit.",
			Required:    true,
			Content:     map[string]content{"text/xml": {ref("Message"), messageExample}},
		},
		Responses: map[string]response{
			"200": {"The alerts are stored.", nil, xmlContent("Result", resultExample)},
			"400": {"The body is not an EWS-SimpleMessage: the text names the error and its position.", nil, result},
			"403": {"The login is wrong or missing, or the user may not send.", nil, result},
			"405": {"Method other than POST.", allowHeader(), result},
			"408": {"The body did not arrive in time: retry.", retryHeader(), result},
			"413": {"The body is too large.", nil, result},
			"429": tooMany("Too many failed logins or messages from this address."),
			"503": {"The store is down: retry.", retryHeader(), result},
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
		Parameters: []parameter{{Name: "strict", In: "query", Description: "With any value, or none: 503 also for degraded parts.",
			Schema: &query.Schema{Type: "string"}}},
		Responses: map[string]response{
			"200": {"They are. Lines that start with `degraded: ` name other parts that fail.", nil, plain("I'm alive")},
			"405": {"Method not allowed; Allow lists the allowed ones.", allowHeader(), xmlContent("Result", nil)},
			"429": tooMany("Too many requests from this address."),
			"503": {"The named part fails.", nil, plain("store does not answer")},
		},
	}
	return &pathItem{Get: get, Head: headOf(get, prefix)}
}

// self describes this document's own path.
func self() *pathItem {
	get := &operation{
		Tags:       []string{publicTag},
		ID:         "openapi",
		Summary:    "This document.",
		Parameters: []parameter{ifNoneMatch},
		Responses: map[string]response{
			"200": {"The document.", answerHeaders(), map[string]content{query.JSON: {&query.Schema{Type: "object"}, nil}}},
			"304": notModified,
			"405": {"Method not allowed; Allow lists the allowed ones.", allowHeader(), map[string]content{query.JSON: {ref("Error"), nil}}},
			"429": tooMany("Too many requests from this address."),
		},
	}
	return &pathItem{Get: get, Head: headOf(get, "")}
}

// mediaType is a media type without its parameters.
func mediaType(media string) string {
	bare, _, err := mime.ParseMediaType(media)
	if err != nil {
		panic("openapi: " + strconv.Quote(media) + " is not a media type: " + err.Error())
	}
	return bare
}
