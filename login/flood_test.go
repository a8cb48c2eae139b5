package login

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"testing"

	"github.com/peba-edge/peba/store"
)

// TestFloodFromOneAddress sends 400 wrong log-ins at once from one address. Few are
// verified, and the others are told to retry while those still wait for their turn.
func TestFloodFromOneAddress(t *testing.T) {
	l, users := newLogins(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	rejected := make(chan struct{}, 400)
	for i := range 400 {
		group.Go(func() {
			_, err := l.Authenticate(ctx, Credentials{fmt.Sprint("user", i), "wrong"}, home, ForReading)
			var wrong *Error
			if errors.As(err, &wrong) && wrong.RetryAfter > 0 {
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
	l, users := newLogins(t, nil)
	users.users["soc"] = store.User{Name: "soc", Hash: hashOf(t, l, "the token")}
	if _, err := logIn(t, l, "the token"); err != nil {
		t.Fatal(err)
	}
	// No stranger's hash ends while the test runs.
	l.hasher.strangers <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	var group sync.WaitGroup
	busy := make(chan struct{}, 1000)
	for i := range 1000 {
		group.Go(func() {
			from := netip.AddrFrom4([4]byte{198, 18, byte(i >> 8), byte(i)})
			if _, err := l.Authenticate(ctx, Credentials{"soc", "wrong"}, from, ForReading); errors.Is(err, ErrBusy) {
				busy <- struct{}{}
			}
		})
	}
	for range 1000 - maxStrangersPending {
		<-busy
	}
	l.Forget() // so that the token is verified again
	if _, err := logIn(t, l, "the token"); err != nil {
		t.Errorf("a user's log-in from home: %v", err)
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
	l, _ := newLogins(t, &Credentials{"fleet", "the fleet's token"})
	for range maxStrangersPending {
		if _, err := l.hasher.admit(stranger); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.Authenticate(t.Context(), Credentials{"fleet", "the fleet's token"}, home, ForIngest); err != nil {
		t.Errorf("a sensor of the community: %v", err)
	}
	if l.known.standing(home) != stranger {
		t.Error("the community's log-in made a source a known one")
	}
	if _, err := l.Authenticate(t.Context(), Credentials{"fleet", "wrong"}, home, ForIngest); !errors.Is(err, ErrBusy) {
		t.Errorf("a wrong log-in when the line is full: %v", err)
	}
}

// TestCommunityOutlastsUserChange changes a user while somebody guesses at the address of a
// sensor, which has logged in before: the sensor does not wait.
func TestCommunityOutlastsUserChange(t *testing.T) {
	l, _ := newLogins(t, &Credentials{"fleet", "the fleet's token"})
	if _, err := l.identify(t.Context(), Credentials{"fleet", "the fleet's token"}, home); err != nil {
		t.Fatal(err)
	}
	turn, err := l.throttle.enter(t.Context(), home) // of one who guesses
	if err != nil {
		t.Fatal(err)
	}
	l.Forget()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if who, err := l.identify(ctx, Credentials{"fleet", "the fleet's token"}, home); err != nil || !who.Community {
		t.Errorf("the sensor is %+v, error %v", who, err)
	}
	turn.leave(true)
}

// TestKnownSourcesOutlive has new log-ins know a user's source from earlier ones, as after a
// reload.
func TestKnownSourcesOutlive(t *testing.T) {
	l, users := newLogins(t, nil)
	users.users["soc"] = store.User{Name: "soc", Hash: hashOf(t, l, "the token")}
	if _, err := logIn(t, l, "the token"); err != nil {
		t.Fatal(err)
	}
	l.Close()
	if l.known.standing(home) != known || l.known.standing(netip.MustParseAddr("192.0.2.2")) != stranger {
		t.Error("a user's source is forgotten, or another one known")
	}
}
