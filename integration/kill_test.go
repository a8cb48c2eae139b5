package integration

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"
)

// TestKill kills the process under load, again and again: what was answered OK
// is there exactly once afterwards, whatever was sent twice.
func TestKill(t *testing.T) {
	rounds := 5
	if more := os.Getenv("PEBA_TORTURE"); more != "" {
		var err error
		if rounds, err = strconv.Atoi(more); err != nil {
			t.Fatalf("PEBA_TORTURE is %q: allowed is a number of rounds", more)
		}
	}
	const (
		senders = 8
		batch   = 10
	)
	s := newServer(t, "", "")
	random := rand.New(rand.NewPCG(1, 2))

	var mu sync.Mutex
	sent, accepted := map[string]bool{}, map[string]bool{}
	for round := range rounds {
		s.start()
		var group sync.WaitGroup
		for sender := range senders {
			group.Go(func() {
				for n := 0; ; n++ {
					var alerts, sessions []string
					for i := range batch {
						unique := ((round*senders+sender)*100_000+n)*batch + i
						alerts = append(alerts, alertXML("203.0.113.7", unique))
						sessions = append(sessions, fmt.Sprintf(`{"sessionid":"s%d"}`, unique))
					}
					mu.Lock()
					for _, session := range sessions {
						sent[session] = true
					}
					mu.Unlock()
					body := messageXML(communityUser, communityToken, alerts...)
					// Every other message goes out twice, as after a lost answer.
					for range 1 + n%2 {
						got, err := s.try(http.MethodPost, "/ews-0.1/alert/postSimpleMessage", body)
						if err != nil {
							return // the process is dead
						}
						if got.status != http.StatusOK || got.body != okResult {
							t.Errorf("status %d: %s", got.status, got.body)
							return
						}
					}
					mu.Lock()
					for _, session := range sessions {
						accepted[session] = true
					}
					mu.Unlock()
				}
			})
		}
		time.Sleep(200*time.Millisecond + time.Duration(random.IntN(600))*time.Millisecond)
		s.kill()
		group.Wait()
	}

	stored := map[string]int{}
	for _, d := range s.documents() {
		stored[d.AdditionalData]++
	}
	if len(accepted) == 0 {
		t.Fatal("nothing was accepted")
	}
	for session := range accepted {
		if stored[session] == 0 {
			t.Errorf("%s was answered OK and is lost", session)
		}
	}
	for session, times := range stored {
		if times != 1 {
			t.Errorf("%s is stored %d times", session, times)
		}
		if !sent[session] {
			t.Errorf("%s was never sent", session)
		}
	}
	t.Logf("%d rounds: %d alerts sent, %d answered OK, %d stored", rounds, len(sent), len(accepted), len(stored))

	// And it starts again on what the last kill left.
	s.start()
	got := s.request(http.MethodGet, "/alert/retrieveAlertsCount?time=60&out=json", "")
	if want := fmt.Sprintf(`{"AlertCount":%d}`, len(stored)); got.status != http.StatusOK || trim(got.body) != want {
		t.Errorf("after the restart: %d %s, want %s", got.status, got.body, want)
	}
}
