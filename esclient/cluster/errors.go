package cluster

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/peba-edge/peba/store"
)

// How Elasticsearch names some errors.
const (
	// KindNoIndex says that an index does not exist, KindExists that one is there already.
	KindNoIndex = "index_not_found_exception"
	KindExists  = "resource_already_exists_exception"
)

const (
	// MaxReason bounds what is shown of an error, in bytes: it may quote what an
	// attacker wrote.
	MaxReason = 2048
	// maxExcerpt bounds what is shown of an answer that does not speak as Elasticsearch.
	maxExcerpt = 300
)

// Cause is why something failed, as Elasticsearch words it.
type Cause struct {
	Type   string // such as index_not_found_exception; empty if it has none
	Reason string
	// CausedBy is what is behind it, nil if nothing: the outer one may say just "all
	// shards failed".
	CausedBy *Cause
}

// UnmarshalJSON reads the member "error" of an answer, or of an item of a bulk
// request: an object, or just a text, as some are.
func (c *Cause) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &c.Reason)
	}
	var read struct {
		Type         string `json:"type"`
		Reason       string `json:"reason"`
		CausedBy     *Cause `json:"caused_by"`
		FailedShards []struct {
			Reason *Cause `json:"reason"`
		} `json:"failed_shards"`
		RootCause []Cause `json:"root_cause"`
	}
	if err := json.Unmarshal(b, &read); err != nil {
		return err
	}
	*c = Cause{Type: read.Type, Reason: read.Reason, CausedBy: read.CausedBy}
	switch {
	case c.CausedBy != nil:
	case len(read.FailedShards) > 0:
		c.CausedBy = read.FailedShards[0].Reason
	case len(read.RootCause) > 0 && read.RootCause[0] != *c: // mostly it names itself
		c.CausedBy = &read.RootCause[0]
	}
	return nil
}

// Text is the cause in words, with the status that came with it.
func (c *Cause) Text(status int) string {
	text := fmt.Sprintf("status %d", status)
	for ; c != nil; c = c.CausedBy {
		for _, part := range []string{c.Type, c.Reason} {
			if part != "" {
				text += ": " + part
			}
		}
	}
	return CutText(text)
}

// CutText makes a reason fit for the log: printable, and cut to MaxReason bytes, not
// within a character. It may quote what an attacker wrote.
func CutText(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return utf8.RuneError
	}, text)
	n := MaxReason
	if len(text) <= n {
		return text
	}
	for n > 0 && !utf8.RuneStart(text[n]) {
		n--
	}
	return text[:n] + "…"
}

// Error is an answer that says that a whole request failed.
type Error struct {
	Request string // method and path
	Status  int
	Cause   Cause
}

// NewError reads why a request failed from its answer.
func NewError(method, path string, status int, answer []byte) *Error {
	e := &Error{Request: method + " " + shortPath(path), Status: status}
	var body struct {
		Error Cause `json:"error"`
	}
	if json.Unmarshal(answer, &body) == nil && body.Error != (Cause{}) {
		e.Cause = body.Error
	} else { // a proxy's page, say
		e.Cause.Reason = string(answer[:min(maxExcerpt, len(answer))])
	}
	return e
}

// Error tells the request, the status and the reason.
func (e *Error) Error() string {
	return fmt.Sprintf("elasticsearch: %s: %s", e.Request, e.Cause.Text(e.Status))
}

// Unwrap returns store.ErrUnavailable for what may pass: too many requests, a
// cluster that is not whole, blocked indices, and credentials, which an operator
// must fix while sensors go on sending.
func (e *Error) Unwrap() error {
	switch {
	case e.Status >= http.StatusInternalServerError,
		e.Status == http.StatusTooManyRequests,
		e.Status == http.StatusRequestTimeout,
		e.Status == http.StatusUnauthorized,
		e.Status == http.StatusForbidden:
		return store.ErrUnavailable
	}
	return nil
}

// IsStatus tells whether err is an answer of that status.
func IsStatus(err error, status int) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == status
}

// IsKind tells whether err is an answer that names that type of error as its cause,
// or as something behind that.
func IsKind(err error, kind string) bool {
	var e *Error
	if !errors.As(err, &e) {
		return false
	}
	for c := &e.Cause; c != nil; c = c.CausedBy {
		if c.Type == kind {
			return true
		}
	}
	return false
}
