//go:build linux

package lapi

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/peba-edge/peba/feed"
	"github.com/peba-edge/peba/feed/lapi/lapitest"
)

// key is the bouncers' key.
const key = "key-of-the-test"

// server answers one bouncer from a world in real time.
type server struct {
	mu     sync.Mutex
	world  *world
	cursor time.Time
	saved  time.Time
	// answers has each whole answer's snapshot, until the test takes it.
	answers chan given
}

// given is an answer that the bouncer has.
type given struct {
	snapshot *feed.Snapshot
	at       time.Time
}

// ServeHTTP answers the stream. Some answers break off, and some servers before that were
// restarted: they know an older cursor or none.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.URL.Path != "/crowdsec/v1/decisions/stream" || r.Header.Get("X-Api-Key") != key {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	s.world.at = time.Now()
	s.world.compute()
	startup := r.URL.Query().Get("startup") == "true"
	switch luck := s.world.rand.IntN(30); {
	case luck < 3:
		s.saved = s.cursor
	case luck < 5:
		s.cursor = s.saved
	case luck < 6:
		s.cursor = time.Time{}
	}
	now := s.world.now()
	body, cursor := Stream(s.world.served, now, Poll{Cursor: s.cursor, Startup: startup})
	w.Header().Set("Content-Type", ContentType)
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	if !startup && s.world.rand.IntN(15) == 0 {
		_, _ = w.Write(body[:len(body)/2]) // the client gets a part at most
		panic(http.ErrAbortHandler)
	}
	if _, err := w.Write(body); err != nil {
		return
	}
	s.cursor = cursor
	s.answers <- given{s.world.served, now}
}

// late is how long after a ban's end a bouncer may remove it: durations are rounded up to
// seconds, and count from when it has read them.
const late = 2 * time.Second

// expected checks a bouncer's set at a time: it has the members, but for those whose bans
// ended since the answer.
func (g *given) expected(set map[netip.Addr]bool, at time.Time) error {
	rest := maps.Clone(set)
	for i := range g.snapshot.Members {
		m := &g.snapshot.Members[i]
		if !set[m.Addr] && !endedBetween(g.snapshot.Feed, m, g.at.Add(-late), at) {
			return fmt.Errorf("%s is missing", m.Addr)
		}
		delete(rest, m.Addr)
	}
	for addr := range rest {
		return fmt.Errorf("%s %w", addr, errExtra)
	}
	return nil
}

var errExtra = errors.New("is not a member")

// losses are the releases that a bouncer lost itself.
type losses struct {
	count int
	until time.Time
}

// lost reports whether the bouncer may still have addresses whose release it lost: until their
// bans end.
func (l *losses) lost(t *testing.T, b *lapitest.Bouncer, at time.Time, ban time.Duration) bool {
	if n := b.LostReleases(t); n > l.count {
		t.Logf("the bouncer lost the releases of %d answers", n)
		l.count, l.until = n, at.Add(ban+late)
	}
	return at.Before(l.until)
}

// watch compares the set with each answer. Before the next answer it must equal the feed, and
// stay so. It returns the number of comparisons.
func (s *server) watch(t *testing.T, b *lapitest.Bouncer, every time.Duration, polls int) int {
	var current given
	var wrong error // why the set was never equal since the current answer
	var releases losses
	checks := 0
	silence := time.NewTimer(20 * every)
	for {
		select {
		case next := <-s.answers:
			// After an answer that was lost, bouncers may poll twice at once.
			if wrong != nil && next.at.Sub(current.at) > every/2 {
				t.Errorf("until %s after the answer of %s: %v", next.at.Sub(current.at).Round(time.Millisecond), current.at.Format(time.TimeOnly), wrong)
			}
			if polls--; polls == 0 {
				return checks
			}
			current, wrong = next, errors.New("it was never compared")
			silence.Reset(20 * every)
		case <-time.After(50 * time.Millisecond):
			if current.at.IsZero() {
				continue
			}
		case <-silence.C:
			t.Fatal("the bouncer does not poll")
		}
		set, err := b.Set()
		if err != nil {
			t.Fatal(err)
		}
		at := time.Now()
		if len(s.answers) > 0 {
			continue // the set may be the next answer's already
		}
		checks++
		switch err := current.expected(set, at); {
		case err == nil, errors.Is(err, errExtra) && releases.lost(t, b, at, current.snapshot.Feed.Duration):
			wrong = nil
		case wrong != nil:
			wrong = err
		default:
			t.Errorf("%s after the answer of %s: no longer: %v", at.Sub(current.at).Round(time.Millisecond), current.at.Format(time.TimeOnly), err)
		}
	}
}

// TestBouncers holds that the sets of real bouncers equal the feed after each poll, and that
// nobody is released before the ban ends. It takes under a minute; with PEBA_LAPI_LONG, a
// duration such as 1h, so long, with longer bans.
func TestBouncers(t *testing.T) {
	every, ban, length := 2*time.Second, 10*time.Second, 24*time.Second
	if text := os.Getenv("PEBA_LAPI_LONG"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil {
			t.Fatalf("PEBA_LAPI_LONG: got %q, must be a duration such as 1h", text)
		}
		ban = 150 * time.Second
	}
	for i, kind := range []lapitest.Kind{lapitest.NFTables, lapitest.IPSet, lapitest.Custom} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			network := lapitest.NewNetwork(t)
			listener, err := network.Listen()
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now().Truncate(time.Second)
			s := &server{world: newWorld(uint64(i), start.Add(-time.Minute), ban, time.Second), answers: make(chan given, 1000)}
			http := &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
			go http.Serve(listener) //nolint:errcheck // it ends by Close
			t.Cleanup(func() { http.Close() })
			b := lapitest.Start(t, kind, network, fmt.Sprintf("http://%s/crowdsec/", listener.Addr()), key, every)
			checks := s.watch(t, b, every, int(length/every))
			if checks < int(length/every) {
				t.Errorf("the set was compared %d times only", checks)
			}
			t.Logf("compared %d times", checks)
		})
	}
}
