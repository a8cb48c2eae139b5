package integration

import (
	"fmt"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// torture is how many times more a test does when PEBA_TORTURE says so.
func torture(t *testing.T) int {
	t.Helper()
	text := os.Getenv("PEBA_TORTURE")
	if text == "" {
		return 1
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("PEBA_TORTURE is %q: allowed is a number of rounds", text)
	}
	return n
}

const (
	loadSenders = 3
	loadBatch   = 10
	loadPause   = 40 * time.Millisecond
	postPath    = "/ews-0.1/alert/postSimpleMessage"
)

// load is sensors that send, and what became of it. They send a message again
// until it is answered, as the real ones do, and every third one once more after
// that. Each goes to all servers at once.
type load struct {
	t       *testing.T
	servers []*server

	mu             sync.Mutex
	sent, accepted map[string]bool // by additionalData

	unique atomic.Int64
	// mayRefuse says that sensors may be told to come again.
	mayRefuse atomic.Bool

	ending chan struct{}
	ended  sync.Once
	group  sync.WaitGroup
}

// startLoad starts the sensors; end ends them.
func startLoad(t *testing.T, servers ...*server) *load {
	l := &load{t: t, servers: servers, sent: map[string]bool{}, accepted: map[string]bool{}, ending: make(chan struct{})}
	for range loadSenders {
		l.group.Go(func() {
			for n := 0; l.goesOn(loadPause); n++ {
				l.message(1 + n%3/2)
			}
		})
	}
	t.Cleanup(l.end)
	return l
}

// end ends the sensors. What was not answered by then may be stored or not.
func (l *load) end() {
	l.ended.Do(func() { close(l.ending) })
	l.group.Wait()
}

// goesOn waits, and tells whether the sensors are to go on.
func (l *load) goesOn(pause time.Duration) bool {
	select {
	case <-l.ending:
		return false
	case <-time.After(pause):
		return true
	}
}

// message sends a new message so many times.
func (l *load) message(times int) {
	var alerts, sessions []string
	for range loadBatch {
		unique := int(l.unique.Add(1))
		alerts = append(alerts, alertXML("203.0.113.7", unique))
		sessions = append(sessions, fmt.Sprintf(`{"sessionid":"s%d"}`, unique))
	}
	l.note(l.sent, sessions)
	body := messageXML(communityUser, communityToken, alerts...)
	for range times {
		var group sync.WaitGroup
		var taken atomic.Int64
		for _, s := range l.servers {
			group.Go(func() {
				if l.deliver(s, body) {
					taken.Add(1)
				}
			})
		}
		group.Wait()
		if taken.Load() > 0 {
			l.note(l.accepted, sessions)
		}
	}
}

// deliver sends a message until it is answered; false: not before the end.
func (l *load) deliver(s *server, body string) bool {
	for {
		got, err := s.try(http.MethodPost, postPath, body)
		comeAgain := err == nil && got.status == http.StatusServiceUnavailable && got.header.Get("Retry-After") != ""
		if err == nil && (!comeAgain || !l.mayRefuse.Load()) {
			if got.status != http.StatusOK || got.body != okResult {
				l.t.Errorf("a sensor was answered %d %s", got.status, got.body)
			}
			return got.status == http.StatusOK
		}
		if !l.goesOn(loadPause) { // the server is dead, or has said so
			return false
		}
	}
}

func (l *load) note(where map[string]bool, sessions []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, session := range sessions {
		where[session] = true
	}
}

// counts returns how many alerts were sent so far, and how many of them were
// answered OK.
func (l *load) counts() (sent, accepted int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.sent), len(l.accepted)
}

// more waits until so many more alerts were answered OK.
func (l *load) more(n int) {
	l.t.Helper()
	_, before := l.counts()
	eventually(l.t, fmt.Sprintf("%d more alerts are answered OK", n), func() bool {
		_, now := l.counts()
		return now >= before+n
	})
}

// check fails the test unless all that was answered OK is stored, once, and
// nothing is that was not sent.
func (l *load) check(stored map[string]int) {
	l.t.Helper()
	lost, doubled, unknown := 0, 0, 0
	for session := range l.accepted {
		if stored[session] == 0 {
			lost++
		}
	}
	for session, times := range stored {
		if times != 1 {
			doubled++
		}
		if !l.sent[session] {
			unknown++
		}
	}
	if lost+doubled+unknown > 0 || len(l.accepted) == 0 {
		l.t.Errorf("of %d alerts answered OK %d are lost; of %d stored %d are there more than once, and %d were never sent",
			len(l.accepted), lost, len(stored), doubled, unknown)
	}
	l.t.Logf("%d alerts sent, %d answered OK, %d stored", len(l.sent), len(l.accepted), len(stored))
}
