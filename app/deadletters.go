package app

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"

	"github.com/peba-edge/peba/store"
)

// DeadLettersPath is the path of the dead letters. GET lists them, newest first,
// with the parameters limit=N and before=ID. Below it GET …/ID shows one, POST
// …/ID/requeue retries it, DELETE …/ID drops it.
const DeadLettersPath = "/peba/dead-letters"

// RequeueAction is the last part of the path that requeues a letter.
const RequeueAction = "requeue"

// The default and the maximum number of dead letters per list.
const (
	DefaultLetters = 100
	MaxLetters     = 1000
)

// DeadLetterPage is a part of the list of dead letters.
type DeadLetterPage struct {
	// Total is the number on all pages.
	Total int64 `json:"total"`
	// Letters has those of this page, newest first, without their documents.
	Letters []store.DeadLetter `json:"letters"`
}

func (api *AdminAPI) serveDeadLetters(w http.ResponseWriter, r *http.Request) error {
	app, err := api.running(r)
	if err != nil {
		return err
	}
	return ServeDeadLetters(w, r, app.store)
}

// ServeDeadLetters answers requests below DeadLettersPath for one store, which may not
// support dead letters. Errors of the client are a caddy.APIError.
func ServeDeadLetters(w http.ResponseWriter, r *http.Request, s store.Store) error {
	letters, ok := s.(store.DeadLetters)
	rest := strings.Trim(strings.TrimPrefix(r.URL.Path, DeadLettersPath), "/")
	if !ok && rest == "" && r.Method == http.MethodGet {
		return writeJSON(w, DeadLetterPage{Letters: []store.DeadLetter{}})
	}
	if !ok {
		return caddy.APIError{
			HTTPStatus: http.StatusNotFound,
			Err: errors.New("this store has no dead letters: it rejects invalid alerts " +
				"before the sensor is answered (`store elasticsearch` keeps them)"),
		}
	}
	if rest == "" {
		return listDeadLetters(w, r, letters)
	}
	text, action, _ := strings.Cut(rest, "/")
	id, err := ParseLetterID(text)
	if err != nil {
		return badRequest(err)
	}
	switch action {
	case "":
		return serveDeadLetter(w, r, letters, id)
	case RequeueAction:
		if r.Method != http.MethodPost {
			return methodNotAllowed(r, "POST")
		}
		return noContent(w, id, letters.RequeueDeadLetter(r.Context(), id))
	default:
		return caddy.APIError{
			HTTPStatus: http.StatusNotFound,
			Err:        fmt.Errorf("action: got %q, must be %s", action, RequeueAction),
		}
	}
}

func listDeadLetters(w http.ResponseWriter, r *http.Request, letters store.DeadLetters) error {
	if r.Method != http.MethodGet {
		return methodNotAllowed(r, "GET")
	}
	before, limit, err := parsePage(r.URL.Query())
	if err != nil {
		return badRequest(err)
	}
	var page DeadLetterPage
	if page.Total, err = letters.CountDeadLetters(r.Context()); err != nil {
		return apiError(err)
	}
	if page.Letters, err = letters.ListDeadLetters(r.Context(), before, limit); err != nil {
		return apiError(err)
	}
	return writeJSON(w, page)
}

func serveDeadLetter(w http.ResponseWriter, r *http.Request, letters store.DeadLetters, id int64) error {
	switch r.Method {
	case http.MethodGet:
		letter, err := letters.DeadLetter(r.Context(), id)
		if err != nil {
			return letterError(id, err)
		}
		return writeJSON(w, letter)
	case http.MethodDelete:
		return noContent(w, id, letters.DropDeadLetter(r.Context(), id))
	default:
		return methodNotAllowed(r, "GET or DELETE")
	}
}

// noContent answers an action on a letter.
func noContent(w http.ResponseWriter, id int64, err error) error {
	if err != nil {
		return letterError(id, err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// letterError distinguishes an unknown letter from a store that fails.
func letterError(id int64, err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return caddy.APIError{HTTPStatus: http.StatusNotFound, Err: fmt.Errorf("there is no dead letter %d", id)}
	}
	return apiError(err)
}

// ParseLetterID parses the ID of a dead letter, at least 1.
func ParseLetterID(text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, fmt.Errorf("dead letter: got %q, must be a number from the list, at least 1", text)
	}
	return id, nil
}

// parsePage parses the parameters of the list.
func parsePage(query url.Values) (before int64, limit int, err error) {
	limit = DefaultLetters
	for name := range query {
		value := query.Get(name)
		switch name {
		case "before":
			if before, err = ParseLetterID(value); err != nil {
				return 0, 0, fmt.Errorf("before: %w", err)
			}
		case "limit":
			if limit, err = strconv.Atoi(value); err != nil || limit < 1 || limit > MaxLetters {
				return 0, 0, fmt.Errorf("limit: got %q, must be 1 to %d", value, MaxLetters)
			}
		default:
			return 0, 0, fmt.Errorf("unknown parameter %q: must be before or limit", name)
		}
	}
	return before, limit, nil
}
