package collector

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/peba-edge/peba/store"
)

// countingUsers counts look-ups of users: each is a token that is verified.
type countingUsers struct {
	store.Users
	lookups atomic.Int32
}

func (u *countingUsers) User(ctx context.Context, name string) (store.User, error) {
	u.lookups.Add(1)
	return u.Users.User(ctx, name)
}

// TestFloodFromOneAddress sends 400 wrong log-ins at once from one address. Few are
// verified, and the others are told to retry while those still wait for their turn.
func TestFloodFromOneAddress(t *testing.T) {
	app := startApp(t, "")
	users := &countingUsers{Users: app.store}
	app.logins.users = users
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	rejected := make(chan struct{}, 400)
	for i := range 400 {
		group.Go(func() {
			_, err := app.LogIn(ctx, fmt.Sprint("user", i), "wrong", netip.MustParseAddr("192.0.2.1"))
			var auth *AuthError
			if errors.As(err, &auth) && auth.RetryAfter > 0 {
				rejected <- struct{}{}
			}
		})
	}
	for range 380 {
		<-rejected
	}
	cancel()
	group.Wait()
	if n := users.lookups.Load(); n < 1 || n > 2*freeFailures {
		t.Errorf("%d of 400 log-ins were verified", n)
	}
}

// TestFloodFromManyAddresses fills the line of those from whom nobody has logged in. It is
// bounded, and a user's own source has a slot that they cannot take.
func TestFloodFromManyAddresses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "peba.db")
	app, err := provisionAt(t, path, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := app.Start(); err != nil {
		t.Fatal(err)
	}
	hash, err := app.logins.hasher.hash(t.Context(), "the token")
	if err != nil {
		t.Fatal(err)
	}
	if err := app.store.PutUser(t.Context(), store.User{Name: "soc", Hash: hash}); err != nil {
		t.Fatal(err)
	}
	home := netip.MustParseAddr("192.0.2.1")
	if _, err := app.LogIn(t.Context(), "soc", "the token", home); err != nil {
		t.Fatal(err)
	}
	// No stranger's hash ends while the test runs.
	app.logins.hasher.strangers <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	busy := make(chan struct{}, 1000)
	for i := range 1000 {
		group.Go(func() {
			if _, err := app.LogIn(ctx, "soc", "wrong", netip.AddrFrom4([4]byte{198, 18, byte(i >> 8), byte(i)})); errors.Is(err, ErrBusy) {
				busy <- struct{}{}
			}
		})
	}
	for range 1000 - strangersPending {
		<-busy
	}
	app.logins.forget() // so that the token is verified again
	if _, err := app.LogIn(t.Context(), "soc", "the token", home); err != nil {
		t.Errorf("a user's log-in from home: %v", err)
	}
	other, err := provisionAt(t, path, "") // a reload
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	if other.logins.acquainted.standing(home) != acquaintance {
		t.Error("a reload turns a user's source into a stranger")
	}
	cancel()
	group.Wait()
	if n := len(busy); n != 0 {
		t.Errorf("%d more log-ins were rejected than there is no room for", n)
	}
}

// TestCommunityDuringAFlood lets the community's sensors in, whose log-in costs no hash,
// also when the line is full.
func TestCommunityDuringAFlood(t *testing.T) {
	app := startApp(t, community)
	for range strangersPending {
		if _, err := app.logins.hasher.admit(stranger); err != nil {
			t.Fatal(err)
		}
	}
	from := netip.MustParseAddr("192.0.2.7")
	if _, err := app.logins.authenticate(t.Context(), credentials{"u", "the token"}, from, forIngest); err != nil {
		t.Errorf("a sensor of the community: %v", err)
	}
	if app.logins.acquainted.standing(from) != stranger {
		t.Error("the community's log-in made a source an acquaintance")
	}
	if _, err := app.logins.authenticate(t.Context(), credentials{"u", "wrong"}, from, forIngest); !errors.Is(err, ErrBusy) {
		t.Errorf("a wrong log-in when the line is full: %v", err)
	}
}

// TestCommunityOutlastsUserChange changes a user while somebody guesses at the address of a
// sensor, which has logged in before: the sensor does not wait.
func TestCommunityOutlastsUserChange(t *testing.T) {
	app := startApp(t, `, "community": {"user": "fleet", "token": "the fleet's token"}`)
	home := netip.MustParseAddr("192.0.2.1")
	if _, err := app.logins.identify(t.Context(), credentials{"fleet", "the fleet's token"}, home); err != nil {
		t.Fatal(err)
	}
	turn, err := app.logins.throttle.enter(t.Context(), home) // of one who guesses
	if err != nil {
		t.Fatal(err)
	}
	app.logins.forget()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if who, err := app.logins.identify(ctx, credentials{"fleet", "the fleet's token"}, home); err != nil || !who.community {
		t.Errorf("the sensor is %+v, error %v", who, err)
	}
	turn.leave(true)
}
