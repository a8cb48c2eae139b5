package esclient

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/caddyserver/caddy/v2"

	"github.com/peba-edge/peba/esclient/estest"
	"github.com/peba-edge/peba/store"
)

// TestUsersOutage loses the cluster and starts anew while it is away.
func TestUsersOutage(t *testing.T) {
	server := estest.StartServer(t)
	ctx := t.Context()
	m := newModule(t, server.URL())
	first, err := m.open(ctx, store.Options{})
	must(t, err)
	mia, bob := store.User{Name: "mia", Hash: "x"}, store.User{Name: "bob", Hash: "y", GetOnly: true}
	must(t, first.PutRecords(ctx, mia))
	must(t, first.PutRecords(ctx, bob))
	must(t, store.Delete[store.User](ctx, first, "bob"))
	// Another edge adds one.
	write(t, first, m.Index.Users, userID("eve"), store.User{Name: "eve", Hash: "z"})
	first.refreshMirror(ctx)

	file := filepath.Join(m.Spool.Path, mirrorFile)
	info, err := os.Stat(file)
	must(t, err)
	if info.Mode().Perm() != 0o600 {
		t.Errorf("%s has mode %v, want 0600", file, info.Mode())
	}
	server.Nodes[0].Kill()
	known := func(s *esStore) {
		t.Helper()
		for name, hash := range map[string]string{"mia": "x", "eve": "z"} {
			if u, err := store.Get[store.User](ctx, s, name); err != nil || u.Hash != hash {
				t.Errorf("user %s is %+v, %v", name, u, err)
			}
		}
		// A name that is not known may have come meanwhile: so it is not said to be unknown.
		if _, err := store.Get[store.User](ctx, s, "bob"); !errors.Is(err, store.ErrUnavailable) || errors.Is(err, store.ErrNotFound) {
			t.Errorf("bob: %v, want ErrUnavailable", err)
		}
		if _, err := store.List[store.User](ctx, s, store.Listing{}); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("list: %v, want ErrUnavailable", err)
		}
		if err := s.PutRecords(ctx, bob); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("put: %v, want ErrUnavailable", err)
		}
	}
	known(first)
	must(t, first.Close())
	again, err := m.open(ctx, store.Options{})
	must(t, err)
	known(again)
	if err := again.Ping(ctx); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("ping: %v, want ErrUnavailable", err)
	}
	server.Nodes[0].Start(t)
	server.Wait(t, "green")
	must(t, again.Ping(ctx))
	must(t, again.PutRecords(ctx, bob))
	if all, err := store.List[store.User](ctx, again, store.Listing{}); err != nil || len(all) != 3 {
		t.Errorf("users are %+v, %v", all, err)
	}
	must(t, again.Close())
}

// TestUsersOfHangingCluster asks one that takes requests and never answers: who is
// known need not wait for the request's time-out.
func TestUsersOfHangingCluster(t *testing.T) {
	hangs := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only then is it noticed that the client goes
		<-r.Context().Done()
	}))
	defer hangs.Close()
	m := newModule(t, hangs.URL)
	m.Timeout = caddy.Duration(maxTimeout)
	copied, err := openMirror(m.Spool.Path, m.logger)
	must(t, err)
	copied.put(store.User{Name: "mia", Hash: "x"})
	s := bareStore(t, m)
	s.mirror = copied
	if u, err := store.Get[store.User](t.Context(), s, "mia"); err != nil || u.Hash != "x" {
		t.Errorf("mia is %+v, %v", u, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := store.Get[store.User](ctx, s, "mia"); !errors.Is(err, context.Canceled) {
		t.Errorf("when nobody waits any more: %v", err)
	}
}

func TestMirrorFile(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "new")
	m := newModule(t, "http://127.0.0.1:9")
	open := func() *mirror {
		t.Helper()
		copied, err := openMirror(folder, m.logger)
		must(t, err)
		return copied
	}
	a := open()
	before := a.version()
	a.put(store.User{Name: "mia"})
	if a.replace(nil, before) {
		t.Error("a list from before a change undid it")
	}
	must(t, a.save())
	if _, ok := open().user("mia"); !ok {
		t.Error("mia was not kept")
	}
	if !a.replace([]store.User{{Name: "eve"}}, a.version()) || a.replace([]store.User{{Name: "eve"}}, a.version()) {
		t.Error("replacing told a change where there was none, or none where there was one")
	}
	must(t, a.save())
	text, err := os.ReadFile(filepath.Join(folder, mirrorFile))
	must(t, err)
	var users []store.User
	must(t, json.Unmarshal(text, &users))
	if len(users) != 1 || users[0].Name != "eve" {
		t.Errorf("the file holds %s", text)
	}
	must(t, os.WriteFile(filepath.Join(folder, mirrorFile), []byte("[{"), 0o600))
	if _, ok := open().user("eve"); ok {
		t.Error("a damaged file was read")
	}
	left, err := os.ReadDir(folder)
	if err != nil || len(left) != 1 {
		t.Errorf("files are %v, %v, want one", left, err)
	}
}
