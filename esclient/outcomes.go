package esclient

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	statusTooLarge = http.StatusRequestEntityTooLarge
	statusTooMany  = http.StatusTooManyRequests
)

// mostReason bounds what is kept of a reason, in bytes: it may quote the document.
const mostReason = 2048

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
	outcomeDead                    // its own fault: it would be refused for ever
)

// bulkItem is what an answer says of one action.
type bulkItem struct {
	ID     string       `json:"_id"`
	Status int          `json:"status"`
	Error  elasticError `json:"error"`
}

// elasticError is an error as Elasticsearch words it.
type elasticError struct {
	Type     string `json:"type"`
	Reason   string `json:"reason"`
	CausedBy struct {
		Reason string `json:"reason"`
	} `json:"caused_by"`
}

// UnmarshalJSON also takes an error that is just a text, as some are.
func (e *elasticError) UnmarshalJSON(b []byte) error {
	type plain elasticError
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &e.Reason)
	}
	return json.Unmarshal(b, (*plain)(e))
}

// text is the error in words.
func (e *elasticError) text(status int) string {
	text := fmt.Sprintf("status %d", status)
	for _, part := range []string{e.Type, e.Reason, e.CausedBy.Reason} {
		if part != "" {
			text += ": " + part
		}
	}
	return cutText(text, mostReason)
}

// cutText makes a reason fit for the log: printable, and cut to n bytes, not within a
// character. It may quote what an attacker wrote.
func cutText(text string, n int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return utf8.RuneError
	}, text)
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n] + "…"
}

// readBulkAnswer reads what became of each action. An answer that does not speak
// of just these actions, in their order, is not believed at all.
func readBulkAnswer(answer []byte, actions []*bulkAction) ([]bulkItem, error) {
	var parsed struct {
		Items []struct {
			Create *bulkItem `json:"create"`
			Update *bulkItem `json:"update"`
			Index  *bulkItem `json:"index"`
		} `json:"items"`
	}
	if err := readJSON(answer, &parsed); err != nil {
		return nil, fmt.Errorf("the answer to %d actions (%d bytes) cannot be read: %w", len(actions), len(answer), err)
	}
	if len(parsed.Items) != len(actions) {
		return nil, fmt.Errorf("the answer has %d items for %d actions", len(parsed.Items), len(actions))
	}
	items := make([]bulkItem, len(actions))
	for i, a := range actions {
		item := parsed.Items[i].Create
		switch a.op {
		case opUpdate:
			item = parsed.Items[i].Update
		case opIndex:
			item = parsed.Items[i].Index
		}
		if item == nil || item.Status == 0 || item.ID != a.id {
			return nil, fmt.Errorf("item %d of %d in the answer is not that of %s %s", i+1, len(actions), a.op, a.id)
		}
		items[i] = *item
	}
	return items, nil
}

// classify tells what an item of an answer means for its action.
func classify(op string, item *bulkItem) outcome {
	switch s := item.Status; {
	case s == http.StatusCreated && op == opCreate, s == http.StatusOK && op == opUpdate:
		return outcomeStored
	case s == http.StatusConflict:
		return outcomeConflict
	case s == http.StatusNotFound && op == opUpdate:
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
func classifyRefusal(e *elasticError) outcome {
	reason := strings.ToLower(e.Reason)
	switch {
	case faultOfIndex[e.Type]:
		return outcomeBlocked
	case strings.HasPrefix(reason, "failed to parse mapping"), // the template's, when an index is made
		strings.HasPrefix(e.CausedBy.Reason, "Limit of total fields"):
		return outcomeBlocked
	case faultOfDocument[e.Type]:
		return outcomeDead
	case e.Type == "illegal_argument_exception" && strings.HasPrefix(reason, "document contains at least one immense term"):
		return outcomeDead
	default: // other illegal_argument_exceptions: aliases, limits, pipelines, …
		return outcomeUnclear
	}
}

// requestError is a request that failed as a whole.
type requestError struct {
	status int // 0: none, or the answer is not to be believed
	cause  elasticError
	reason string
}

func (e *requestError) Error() string { return e.reason }

// readRequestError returns the error that the answer is, nil if it is none.
func readRequestError(status int, answer []byte) *requestError {
	if status == http.StatusOK {
		return nil
	}
	e := &requestError{status: status}
	var parsed struct {
		Error elasticError `json:"error"`
	}
	if json.Unmarshal(answer, &parsed) == nil {
		e.cause = parsed.Error
	}
	e.reason = e.cause.text(status)
	return e
}

// splits tells whether a part of the request may be taken where the whole is not.
// A block of the cluster, whatever its status, meets every part.
func (e *requestError) splits() bool {
	return e.status == statusTooLarge || e.status == http.StatusBadRequest && !faultOfIndex[e.cause.Type]
}

// pauses tells an error that somebody must mend from one that may pass by itself.
func (e *requestError) pauses() bool {
	switch {
	case e.splits() || e.status == 0:
		return false
	case faultOfIndex[e.cause.Type]:
		return true
	default:
		return e.status < 500 && e.status != http.StatusRequestTimeout && e.status != statusTooMany
	}
}

// definite tells an error after which it is sure that nothing was stored.
func (e *requestError) definite() bool {
	return e.status >= 300 && e.status < 500 && e.status != http.StatusRequestTimeout
}
