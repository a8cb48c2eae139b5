package esclient

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/peba-edge/peba/store"
)

// statusError is an answer that says that a request failed.
type statusError struct {
	request string // method and path
	status  int
	kind    string // Elasticsearch's name for it, such as index_not_found_exception
	reason  string
}

// maxReason bounds what is shown of a reason: it may quote what an attacker wrote.
const maxReason = 300

// newStatusError reads the reason from an answer, the deepest there is: the
// outer ones say "all shards failed".
func newStatusError(method, path string, status int, answer []byte) error {
	type cause struct {
		Type   string `json:"type"`
		Reason string `json:"reason"`
	}
	var failure struct {
		Error json.RawMessage `json:"error"`
	}
	var detail struct {
		cause
		RootCause    []cause `json:"root_cause"`
		CausedBy     cause   `json:"caused_by"`
		FailedShards []struct {
			Reason cause `json:"reason"`
		} `json:"failed_shards"`
	}
	e := &statusError{request: method + " " + shortPath(path), status: status}
	if json.Unmarshal(answer, &failure) == nil && json.Unmarshal(failure.Error, &detail) == nil {
		found := detail.cause
		if len(detail.RootCause) > 0 {
			found = detail.RootCause[0]
		}
		if len(detail.FailedShards) > 0 {
			found = detail.FailedShards[0].Reason
		}
		if detail.CausedBy.Type != "" {
			found = detail.CausedBy
		}
		e.kind, e.reason = found.Type, found.Reason
	} else {
		e.reason = string(answer)
	}
	e.reason = strings.ToValidUTF8(e.reason[:min(maxReason, len(e.reason))], "")
	return e
}

// Error tells the request, the status and the reason.
func (e *statusError) Error() string {
	return fmt.Sprintf("elasticsearch: %s: status %d, %s %q", e.request, e.status, e.kind, e.reason)
}

// Unwrap returns store.ErrUnavailable for what may pass: too many requests, a
// cluster that is not whole, blocked indices, and credentials, which an operator
// must mend while sensors go on sending.
func (e *statusError) Unwrap() error {
	switch {
	case e.status >= http.StatusInternalServerError,
		e.status == http.StatusTooManyRequests,
		e.status == http.StatusRequestTimeout,
		e.status == http.StatusUnauthorized,
		e.status == http.StatusForbidden:
		return store.ErrUnavailable
	}
	return nil
}

// isStatus tells whether err is an answer of that status.
func isStatus(err error, status int) bool {
	var e *statusError
	return errors.As(err, &e) && e.status == status
}

// isKind tells whether err is an answer of that kind.
func isKind(err error, kind string) bool {
	var e *statusError
	return errors.As(err, &e) && e.kind == kind
}
