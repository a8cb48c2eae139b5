package command

import (
	"bytes"
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

	"github.com/peba-edge/peba/app"
	"github.com/peba-edge/peba/store"
)

// lettersStore is a store of nothing but dead letters, newest first.
type lettersStore struct {
	store.Store
	letters  []store.DeadLetter
	requeued []int64
	down     error
}

// newLettersStore returns a store with n letters, as attackers would write them.
func newLettersStore(n int64) *lettersStore {
	s := &lettersStore{}
	for id := n; id > 0; id-- {
		s.letters = append(s.letters, store.DeadLetter{
			ID: id, Time: time.Date(2026, 11, 24, 12, 0, int(id%60), 0, time.UTC),
			Index: "ews-2026.11.24-1", DocumentID: fmt.Sprintf("a%d", id), Attempts: 3,
			Reason:   fmt.Sprintf("reason %d \x1b[31mred\u202e", id),
			Document: json.RawMessage("{\"password\":\"ü\u009b31m𝄞\x7f\\u001b[31m\",\"n\":\"" + fmt.Sprint(id) + "\"}"),
		})
	}
	return s
}

func (s *lettersStore) CountDeadLetters(context.Context) (int64, error) {
	return int64(len(s.letters)), s.down
}

func (s *lettersStore) ListDeadLetters(_ context.Context, before int64, n int) ([]store.DeadLetter, error) {
	page := []store.DeadLetter{}
	for _, l := range s.letters {
		if (before == 0 || l.ID < before) && len(page) < n {
			l.Document = nil
			page = append(page, l)
		}
	}
	return page, s.down
}

func (s *lettersStore) DeadLetter(_ context.Context, id int64) (store.DeadLetter, error) {
	for _, l := range s.letters {
		if l.ID == id {
			return l, s.down
		}
	}
	return store.DeadLetter{}, fmt.Errorf("dead letter %d: %w", id, store.ErrNotFound)
}

func (s *lettersStore) RequeueDeadLetter(ctx context.Context, id int64) error {
	if err := s.DropDeadLetter(ctx, id); err != nil {
		return err
	}
	s.requeued = append(s.requeued, id)
	return nil
}

func (s *lettersStore) DropDeadLetter(ctx context.Context, id int64) error {
	if _, err := s.DeadLetter(ctx, id); err != nil {
		return err
	}
	var rest []store.DeadLetter
	for _, l := range s.letters {
		if l.ID != id {
			rest = append(rest, l)
		}
	}
	s.letters = rest
	return nil
}

// serveLetters serves the dead letters of s as Caddy's admin API does.
func serveLetters(t *testing.T, s store.Store) (address string) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := app.ServeDeadLetters(w, r, s)
		if err == nil {
			return
		}
		status := http.StatusInternalServerError
		var known caddy.APIError
		if errors.As(err, &known) {
			status = known.HTTPStatus
			err = known.Err
		}
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]string{"error": err.Error()})
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

// runLetters runs `caddy peba dead-letters …`.
func runLetters(address string, args ...string) (string, error) {
	cmd := deadLettersCommand()
	var out bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs(append([]string{"--address", address}, args...))
	err := cmd.Execute()
	return out.String(), err
}

// wantHarmless fails when something reaches a terminal that is more than text.
func wantHarmless(t *testing.T, out string) {
	t.Helper()
	for _, r := range out {
		if r != '\n' && (r < ' ' || r > '~') && r != '…' && r != 'ü' {
			t.Errorf("the output has the character %q:\n%s", r, out)
			return
		}
	}
}

func TestDeadLettersCommand(t *testing.T) {
	s := newLettersStore(5)
	address := serveLetters(t, s)
	run := func(want string, args ...string) {
		t.Helper()
		out, err := runLetters(address, args...)
		if err != nil {
			t.Fatalf("dead-letters %v: %v\n%s", args, err, out)
		}
		wantHarmless(t, out)
		if !strings.Contains(out, want) {
			t.Errorf("dead-letters %v: the output lacks %q:\n%s", args, want, out)
		}
	}
	run(`5   2026-11-24T12:00:05Z  ews-2026.11.24-1  a5     3         "reason 5 \x1b[31mred\u202e"`, "list")
	run("2 of 5; older ones: --before 4\n", "list", "--limit", "2")
	run("\n2   2026-11-24T12:00:02Z", "list", "--limit", "2", "--before", "3")
	run(`reason:    "reason 3 \x1b[31mred\u202e"`, "show", "3")
	run("document:\n{\n  \"password\": \"\\u00fc\\u009b31m\\ud834\\udd1e\\u007f\\u001b[31m\",\n  \"n\": \"3\"\n}\n", "show", "3")
	run("requeued 2 dead letters\n", "requeue", "3", "5")
	run("dropped 1 dead letters\n", "drop", "1")
	if fmt.Sprint(s.requeued) != "[3 5]" || len(s.letters) != 2 {
		t.Errorf("requeued are %v, left %+v", s.requeued, s.letters)
	}
	s.letters[0].Document = nil
	run("document:  cannot be read\n", "show", "4")
	run("requeued 2 dead letters\n", "requeue", "--all")
	run("There are no dead letters.\n", "list")
	run("dropped 0 dead letters\n", "drop", "--all")
}

// TestRequeueAll requeues more letters than one page has, oldest first.
func TestRequeueAll(t *testing.T) {
	s := newLettersStore(2*app.MaxLetters + 1)
	if out, err := runLetters(serveLetters(t, s), "requeue", "--all"); err != nil || out != fmt.Sprintf("requeued %d dead letters\n", 2*app.MaxLetters+1) {
		t.Errorf("%v\n%s", err, out)
	}
	if len(s.letters) > 0 || s.requeued[0] != 1 || s.requeued[2*app.MaxLetters] != 2*app.MaxLetters+1 {
		t.Errorf("%d are left, the first requeued is %d", len(s.letters), s.requeued[0])
	}
}

func TestDeadLettersCommandErrors(t *testing.T) {
	address := serveLetters(t, newLettersStore(3))
	none := serveLetters(t, struct{ store.Store }{})
	for _, test := range []struct {
		address, args, want string
	}{
		{address, "show 9", "there is no dead letter 9"},
		{address, "drop 9", "there is no dead letter 9"},
		{address, "requeue 1 9 2", "after 1 of 3"},
		{address, "show x\x1b[31m", `dead letter: got "x\x1b[31m", must be a number`},
		{address, "show", "accepts 1 arg"},
		{address, "drop", "give either"},
		{address, "drop 1 --all", "give either"},
		{address, "drop 0", "dead letter: got"},
		{address, "list --limit 0", "must be 1 to 1000"},
		{address, "frob", "unknown command"},
		{none, "show 1", "this store has no dead letters"},
		{none, "requeue 1", "this store has no dead letters"},
	} {
		out, err := runLetters(test.address, strings.Fields(test.args)...)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%q: error is %v, want one that says %q\n%s", test.args, err, test.want, out)
		}
	}
}

func TestDeadLettersOfAStoreThatIsDown(t *testing.T) {
	s := newLettersStore(3)
	s.down = fmt.Errorf("dead letters: %w", store.ErrUnavailable)
	if _, err := runLetters(serveLetters(t, s), "list"); err == nil || !strings.Contains(err.Error(), "store unavailable") {
		t.Errorf("error is %v", err)
	}
}

// TestListOfStoreWithoutDeadLetters asks a store that never has any.
func TestListOfStoreWithoutDeadLetters(t *testing.T) {
	none := serveLetters(t, struct{ store.Store }{})
	for args, want := range map[string]string{
		"list":          "There are no dead letters.\n",
		"list --json":   "{\n  \"total\": 0,\n  \"letters\": []\n}\n",
		"requeue --all": "requeued 0 dead letters\n",
	} {
		if out, err := runLetters(none, strings.Fields(args)...); err != nil || out != want {
			t.Errorf("%s: %v, %q, want %q", args, err, out, want)
		}
	}
}
