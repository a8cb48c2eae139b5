package sender

import (
	"errors"
	"net/http"
	"strings"

	"github.com/peba-edge/peba/esclient/cluster"
)

const (
	statusTooLarge = http.StatusRequestEntityTooLarge
	statusTooMany  = http.StatusTooManyRequests
)

// obscureRefusals is how often a document must be refused by something that does
// not speak as Elasticsearch, before that is held against it.
const obscureRefusals = 3

// outcome is what came of an action. DESIGN.md has the table.
type outcome int8

const (
	outcomePending  outcome = iota // not sent, or no answer
	outcomeStored                  // it took effect
	outcomeConflict                // the document is there already, or has changed
	outcomeGone                    // the document to update is not there
	outcomeAgain                   // the cluster may take it later
	outcomeBusy                    // the same, and sending less helps
	outcomeBlocked                 // the index takes nothing until somebody fixes it
	outcomeUnclear                 // its fault, or the index's
	outcomeObscure                 // the same, and it may not even be Elasticsearch that says so
	outcomeDead                    // its own fault: it would be rejected every time
)

// classify tells what an item of an answer means for its action.
func classify(op string, item *cluster.Item) outcome {
	switch s := item.Status; {
	case s == http.StatusCreated && op == cluster.Create, s == http.StatusOK && op == cluster.Update:
		return outcomeStored
	case s == http.StatusConflict:
		return outcomeConflict
	case s == http.StatusNotFound && op == cluster.Update:
		return outcomeGone
	case faultOfIndex[item.Error.Type]: // whatever the status: a full disk is 429
		return outcomeBlocked
	case s == http.StatusUnauthorized, s == http.StatusForbidden, s == http.StatusNotFound:
		return outcomeBlocked
	case s == http.StatusBadRequest:
		return classifyRefusal(&item.Error)
	case s == statusTooLarge:
		return outcomeDead
	case s == statusTooMany:
		return outcomeBusy
	default:
		return outcomeAgain
	}
}

// Errors with status 400, by their type. Alerts all have the same fields, so that
// a mapping that has no room for a field is the index's fault.
var (
	faultOfDocument = map[string]bool{
		"mapper_parsing_exception":            true,
		"document_parsing_exception":          true,
		"parsing_exception":                   true,
		"parse_exception":                     true,
		"json_parse_exception":                true,
		"x_content_parse_exception":           true,
		"number_format_exception":             true,
		"max_bytes_length_exceeded_exception": true,
		"action_request_validation_exception": true,
	}
	faultOfIndex = map[string]bool{
		"index_closed_exception":            true,
		"index_not_found_exception":         true,
		"cluster_block_exception":           true,
		"invalid_alias_name_exception":      true,
		"invalid_index_name_exception":      true,
		"invalid_index_template_exception":  true,
		"resource_already_exists_exception": true, // another edge made it just now
		"resource_not_found_exception":      true,
		"validation_exception":              true, // too many shards in the cluster
		"security_exception":                true,
	}
)

// classifyRefusal tells whose fault an error with status 400 is.
func classifyRefusal(e *cluster.Cause) outcome {
	reason := strings.ToLower(e.Reason)
	switch {
	case faultOfIndex[e.Type]:
		return outcomeBlocked
	case strings.HasPrefix(reason, "failed to parse mapping"), // the template's, when an index is made
		e.CausedBy != nil && strings.HasPrefix(e.CausedBy.Reason, "Limit of total fields"):
		return outcomeBlocked
	case faultOfDocument[e.Type]:
		return outcomeDead
	case e.Type == "illegal_argument_exception" && strings.HasPrefix(reason, "document contains at least one immense term"):
		return outcomeDead
	default: // other illegal_argument_exceptions: aliases, limits, pipelines, …
		return outcomeUnclear
	}
}

// asRefusal returns the answer that err is, nil if none came or it cannot be believed.
func asRefusal(err error) *cluster.Error {
	var e *cluster.Error
	if errors.As(err, &e) {
		return e
	}
	return nil
}

// statusOf returns the status of an answer, 0 for none.
func statusOf(e *cluster.Error) int {
	if e == nil {
		return 0
	}
	return e.Status
}

// splits tells whether a part of a request may be taken where the whole is not.
// A block of the cluster, whatever its status, meets every part.
func splits(e *cluster.Error) bool {
	return e != nil && (e.Status == statusTooLarge || e.Status == http.StatusBadRequest && !faultOfIndex[e.Cause.Type])
}

// pauses tells an error that somebody must fix from one that may pass by itself.
func pauses(e *cluster.Error) bool {
	switch {
	case e == nil || splits(e):
		return false
	case faultOfIndex[e.Cause.Type]:
		return true
	default:
		return e.Status < 500 && e.Status != http.StatusRequestTimeout && e.Status != statusTooMany
	}
}

// definite tells an error after which it is sure that nothing was stored.
func definite(e *cluster.Error) bool {
	return e != nil && e.Status >= 300 && e.Status < 500 && e.Status != http.StatusRequestTimeout
}
