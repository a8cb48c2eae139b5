package login

import (
	"context"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/peba-edge/peba/store"
)

var home = netip.MustParseAddr("192.0.2.1")

// memoryUsers keeps users in memory, and counts how often one is looked up.
type memoryUsers struct {
	lookups atomic.Int32
	mu      sync.Mutex
	users   map[string]store.User
	down    bool // no look-up is answered
}

func (m *memoryUsers) User(_ context.Context, name string) (store.User, error) {
	m.lookups.Add(1)
	m.mu.Lock()
	defer m.mu.Unlock()
	u, ok := m.users[name]
	switch {
	case m.down:
		return store.User{}, store.ErrUnavailable
	case !ok:
		return store.User{}, store.ErrNotFound
	}
	return u, nil
}

// newLogins returns log-ins of no users, and of the community unless it is nil.
func newLogins(t *testing.T, community *Credentials) (*Logins, *memoryUsers) {
	t.Helper()
	known, err := NewKnownSources()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(known.Close)
	users := &memoryUsers{users: make(map[string]store.User)}
	l, err := New(users, community, known)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l, users
}

func hashOf(t *testing.T, l *Logins, token string) string {
	t.Helper()
	hash, err := l.Hash(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

// logIn logs soc in to read.
func logIn(t *testing.T, l *Logins, token string) (Principal, error) {
	t.Helper()
	return l.Authenticate(t.Context(), Credentials{"soc", token}, home, ForReading)
}

// TestPurposes has everybody log in for everything.
func TestPurposes(t *testing.T) {
	l, users := newLogins(t, &Credentials{"fleet", "the fleet's token"})
	hash := hashOf(t, l, "the token")
	for _, u := range []store.User{{Name: "both"}, {Name: "reads", GetOnly: true}, {Name: "sees less", Community: true}} {
		u.Hash = hash
		users.users[u.Name] = u
	}
	for _, test := range []struct {
		c       Credentials
		why     Purpose
		want    Principal
		refused string
	}{
		{Credentials{"fleet", "the fleet's token"}, ForIngest, Principal{Name: "fleet", Community: true}, ""},
		{Credentials{"fleet", "the fleet's token"}, ForReading, Principal{}, reasonWrong},
		{Credentials{"fleet", "the token"}, ForIngest, Principal{}, reasonWrong},
		{Credentials{"both", "the token"}, ForIngest, Principal{Name: "both"}, ""},
		{Credentials{"both", "the token"}, ForReading, Principal{Name: "both"}, ""},
		{Credentials{"both", "the fleet's token"}, ForReading, Principal{}, reasonWrong},
		{Credentials{"reads", "the token"}, ForIngest, Principal{}, reasonReadOnly},
		{Credentials{"reads", "the token"}, ForReading, Principal{Name: "reads", ReadOnly: true}, ""},
		{Credentials{"sees less", "the token"}, ForReading, Principal{Name: "sees less", CommunityOnly: true}, ""},
		{Credentials{"nobody", "the token"}, ForReading, Principal{}, reasonWrong},
		{Credentials{"", "the token"}, ForReading, Principal{}, reasonMissing},
		{Credentials{"both", ""}, ForIngest, Principal{}, reasonMissing},
	} {
		who, err := l.Authenticate(t.Context(), test.c, home, test.why)
		if who != test.want || (err == nil) != (test.refused == "") || err != nil && err.Error() != test.refused {
			t.Errorf("%+v for %d: %+v, %v; want %+v, %q", test.c, test.why, who, err, test.want, test.refused)
		}
	}
}

// TestRememberedLogIns changes a user's token: the old one is worth nothing at once.
func TestRememberedLogIns(t *testing.T) {
	l, users := newLogins(t, nil)
	setToken := func(token string) {
		t.Helper()
		users.users["soc"] = store.User{Name: "soc", Hash: hashOf(t, l, token)}
		l.Forget()
	}
	setToken("first")
	for range 2 {
		if _, err := logIn(t, l, "first"); err != nil {
			t.Fatal(err)
		}
	}
	if n := users.lookups.Load(); n != 1 {
		t.Errorf("the second log-in was not remembered: %d look-ups", n)
	}
	setToken("second")
	if _, err := logIn(t, l, "first"); err == nil {
		t.Error("the old token still lets in")
	}
	if _, err := logIn(t, l, "second"); err != nil {
		t.Error(err)
	}
}

// TestRecheckedLogIns changes users in the store only, as another edge does: what is
// remembered is compared with them again after a while.
func TestRecheckedLogIns(t *testing.T) {
	l, users := newLogins(t, nil)
	l.recheck = 0
	user := store.User{Name: "soc", Hash: hashOf(t, l, "the token")}
	users.users["soc"] = user
	if who, err := logIn(t, l, "the token"); err != nil || who.CommunityOnly {
		t.Fatalf("%+v, %v", who, err)
	}
	user.Community = true
	users.users["soc"] = user
	if who, err := logIn(t, l, "the token"); err != nil || !who.CommunityOnly {
		t.Errorf("a user who may see less now: %+v, %v", who, err)
	}

	users.down = true
	if _, err := logIn(t, l, "the token"); err != nil {
		t.Errorf("while nobody can be looked up, who was right still is: %v", err)
	}
	users.down = false
	delete(users.users, "soc")
	if _, err := logIn(t, l, "the token"); err == nil {
		t.Error("a user who was removed is let in")
	}
	users.down = true
	if _, err := logIn(t, l, "the token"); err == nil {
		t.Error("a user who was removed is let in when nobody can be looked up any more")
	}
}
