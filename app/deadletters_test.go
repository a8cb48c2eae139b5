package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"

	"github.com/peba-edge/peba/store"
)

// lettersStore is a store of nothing but dead letters, by their ID.
type lettersStore struct {
	store.Store
	letters map[int64]store.DeadLetter
	down    error
}

func (s *lettersStore) CountDeadLetters(context.Context) (int64, error) {
	return int64(len(s.letters)), s.down
}

func (s *lettersStore) ListDeadLetters(_ context.Context, before int64, n int) ([]store.DeadLetter, error) {
	page := []store.DeadLetter{}
	for id := int64(len(s.letters)); id > 0; id-- {
		if l, ok := s.letters[id]; ok && (before == 0 || id < before) && len(page) < n {
			l.Document = nil
			page = append(page, l)
		}
	}
	return page, s.down
}

func (s *lettersStore) DeadLetter(_ context.Context, id int64) (store.DeadLetter, error) {
	l, ok := s.letters[id]
	if !ok {
		return store.DeadLetter{}, fmt.Errorf("dead letter %d: %w", id, store.ErrNotFound)
	}
	return l, s.down
}

func (s *lettersStore) RequeueDeadLetter(ctx context.Context, id int64) error {
	return s.DropDeadLetter(ctx, id)
}

func (s *lettersStore) DropDeadLetter(ctx context.Context, id int64) error {
	_, err := s.DeadLetter(ctx, id)
	delete(s.letters, id)
	return err
}

func TestDeadLettersAPI(t *testing.T) {
	s := &lettersStore{letters: make(map[int64]store.DeadLetter)}
	for id := range int64(3) {
		s.letters[id+1] = store.DeadLetter{
			ID: id + 1, Time: time.Date(2026, 11, 24, 12, 0, int(id)+1, 0, time.UTC), Index: "ews-2026.11.24-1",
			DocumentID: fmt.Sprint("a", id+1), Reason: "a reason", Document: json.RawMessage(`{"password":"x"}`),
		}
	}
	ask := func(method, path string) (status int, text string) {
		w := httptest.NewRecorder()
		err := ServeDeadLetters(w, httptest.NewRequest(method, DeadLettersPath+path, nil), s)
		var api caddy.APIError
		if errors.As(err, &api) {
			return api.HTTPStatus, api.Err.Error()
		} else if err != nil {
			t.Fatalf("%s %s: %v", method, path, err)
		}
		return w.Code, w.Body.String()
	}
	for _, test := range []struct {
		method, path string
		status       int
		want         string
	}{
		{http.MethodGet, "", 200, `{"total":3,"letters":[{"id":3,"time":"2026-11-24T12:00:03Z","index":"ews-2026.11.24-1","document_id":"a3","reason":`},
		{http.MethodGet, "/", 200, `"total":3`},
		{http.MethodGet, "?before=1", 200, `{"total":3,"letters":[]}`},
		{http.MethodGet, "?after=1", 400, "must be before or limit"},
		{http.MethodGet, "?before=x", 400, "before: dead letter: got"},
		{http.MethodGet, "?limit=1001", 400, "must be 1 to 1000"},
		{http.MethodPost, "", 405, "must be GET"},
		{http.MethodGet, "/2", 200, `"document":{"password":`},
		{http.MethodPut, "/2", 405, "must be GET or DELETE"},
		{http.MethodGet, "/2/requeue", 405, "must be POST"},
		{http.MethodPost, "/2/frob", 404, "must be requeue"},
		{http.MethodPost, "/2/requeue", 204, ""},
		{http.MethodPost, "/2/requeue", 404, "there is no dead letter 2"},
		{http.MethodDelete, "/3", 204, ""},
		{http.MethodDelete, "/-1", 400, "must be a number"},
	} {
		status, text := ask(test.method, test.path)
		if status != test.status || !strings.Contains(text, test.want) {
			t.Errorf("%s %s: %d %s; want %d and %q", test.method, test.path, status, text, test.status, test.want)
		}
	}
	s.down = fmt.Errorf("dead letters: %w", store.ErrUnavailable)
	if status, text := ask(http.MethodGet, ""); status != http.StatusServiceUnavailable {
		t.Errorf("a store that is down: %d %s", status, text)
	}
}
