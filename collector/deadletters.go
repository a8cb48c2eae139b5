package collector

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

// deadLettersPath is where the dead letters are. GET lists them, newest first:
// limit=N of them, before=ID. Below it GET …/ID shows one, POST …/ID/requeue has it
// sent again, DELETE …/ID drops it.
const deadLettersPath = "/peba/dead-letters"

// requeueAction is the last part of the path that requeues a letter.
const requeueAction = "requeue"

// Bounds on how many dead letters are listed at once.
const (
	defaultLetters = 100
	mostLetters    = 1000
)

// DeadLetterPage is a part of the list of dead letters.
type DeadLetterPage struct {
	// Total is how many there are, on all pages.
	Total int64 `json:"total"`
	// Letters are those of this page, newest first, without their documents.
	Letters []store.DeadLetter `json:"letters"`
}

func (api *AdminAPI) serveDeadLetters(w http.ResponseWriter, r *http.Request) error {
	app, err := api.running(r)
	if err != nil {
		return err
	}
	return serveDeadLetters(w, r, app.store)
}

// serveDeadLetters answers for the dead letters of a store.
func serveDeadLetters(w http.ResponseWriter, r *http.Request, s store.Store) error {
	letters, ok := s.(store.DeadLetters)
	rest := strings.Trim(strings.TrimPrefix(r.URL.Path, deadLettersPath), "/")
	if !ok && rest == "" && r.Method == http.MethodGet {
		return writeJSON(w, DeadLetterPage{Letters: []store.DeadLetter{}})
	}
	if !ok {
		return caddy.APIError{
			HTTPStatus: http.StatusNotFound,
			Err: errors.New("this store has no dead letters: it rejects what it cannot accept " +
				"before the sensor is answered (`store elasticsearch` keeps them)"),
		}
	}
	if rest == "" {
		return listDeadLetters(w, r, letters)
	}
	text, action, _ := strings.Cut(rest, "/")
	id, err := parseLetterID(text)
	if err != nil {
		return badRequest(err)
	}
	switch action {
	case "":
		return serveDeadLetter(w, r, letters, id)
	case requeueAction:
		if r.Method != http.MethodPost {
			return methodNotAllowed(r, "POST")
		}
		return noContent(w, id, letters.RequeueDeadLetter(r.Context(), id))
	default:
		return caddy.APIError{
			HTTPStatus: http.StatusNotFound,
			Err:        fmt.Errorf("action is %q: allowed is %s", action, requeueAction),
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

// noContent answers for what was done, or not done, with a letter.
func noContent(w http.ResponseWriter, id int64, err error) error {
	if err != nil {
		return letterError(id, err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// letterError tells a letter that does not exist from a store that cannot answer.
func letterError(id int64, err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return caddy.APIError{HTTPStatus: http.StatusNotFound, Err: fmt.Errorf("there is no dead letter %d", id)}
	}
	return apiError(err)
}

func parseLetterID(text string) (int64, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id < 1 {
		return 0, fmt.Errorf("dead letter is %q: allowed is a number of the list, 1 or more", text)
	}
	return id, nil
}

// parsePage reads which part of the list is meant.
func parsePage(query url.Values) (before int64, limit int, err error) {
	limit = defaultLetters
	for name := range query {
		value := query.Get(name)
		switch name {
		case "before":
			if before, err = parseLetterID(value); err != nil {
				return 0, 0, fmt.Errorf("before: %w", err)
			}
		case "limit":
			if limit, err = strconv.Atoi(value); err != nil || limit < 1 || limit > mostLetters {
				return 0, 0, fmt.Errorf("limit is %q: allowed is 1 to %d", value, mostLetters)
			}
		default:
			return 0, 0, fmt.Errorf("no parameter %q: allowed are before and limit", name)
		}
	}
	return before, limit, nil
}
