package edgetest

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Traffic is how a ledger's sensors send. Each default is for a field that is zero.
type Traffic struct {
	// Senders is how many send at once. Default: 3.
	Senders int
	// Batch is the number of alerts in a message. Default: 10.
	Batch int
	// Pause is how long a sensor waits between messages. Default: 40 ms.
	Pause time.Duration
	// Alert returns the alert of this number as XML. It must be one of AlertXML but
	// for its times. Default: AlertXML from 203.0.113.7.
	Alert func(n int) string
	// Client sends the messages to URL. Default: a connection for each message, to
	// the address of the server.
	Client *http.Client
	URL    string
}

// Ledger is sensors that send, and what they were answered. They send a message
// again until it is answered OK, as real ones do, and every third one once more
// after that. Each message goes to all servers at once.
type Ledger struct {
	t       testing.TB
	servers []*Server
	traffic Traffic
	// MayRefuse is set while sensors may be answered 503 with Retry-After.
	MayRefuse atomic.Bool

	mu       sync.Mutex
	answered []time.Time // by message: when it was first answered OK; zero: it was not
	refused  int         // 503 with Retry-After
	failed   int         // no answer
	ending   chan struct{}
	ended    sync.Once
	group    sync.WaitGroup
}

// StartLedger starts the sensors; End ends them.
func StartLedger(t testing.TB, traffic Traffic, servers ...*Server) *Ledger {
	if traffic.Senders == 0 {
		traffic.Senders = 3
	}
	if traffic.Batch == 0 {
		traffic.Batch = 10
	}
	if traffic.Pause == 0 {
		traffic.Pause = 40 * time.Millisecond
	}
	if traffic.Alert == nil {
		traffic.Alert = func(n int) string { return AlertXML("203.0.113.7", n) }
	}
	if traffic.Client == nil {
		traffic.Client = newClient()
	}
	l := &Ledger{t: t, servers: servers, traffic: traffic}
	t.Cleanup(l.End)
	l.Resume()
	return l
}

// Resume starts the sensors again, after End.
func (l *Ledger) Resume() {
	l.ending, l.ended = make(chan struct{}), sync.Once{}
	for range l.traffic.Senders {
		l.group.Go(func() {
			for n := 0; l.goesOn(l.traffic.Pause); n++ {
				l.message(1 + n%3/2)
			}
		})
	}
}

// End ends the sensors. What was not answered by then may be stored or not.
func (l *Ledger) End() {
	l.ended.Do(func() { close(l.ending) })
	l.group.Wait()
}

// goesOn waits, and reports whether the sensors are to go on.
func (l *Ledger) goesOn(pause time.Duration) bool {
	select {
	case <-l.ending:
		return false
	case <-time.After(pause):
		return true
	}
}

// body returns the message of this number.
func (l *Ledger) body(message int) string {
	var alerts []string
	for i := range l.traffic.Batch {
		alerts = append(alerts, l.traffic.Alert(message*l.traffic.Batch+i))
	}
	return MessageXML(CommunityUser, CommunityToken, alerts...)
}

// message sends a new message so many times.
func (l *Ledger) message(times int) {
	l.mu.Lock()
	number := len(l.answered)
	l.answered = append(l.answered, time.Time{})
	l.mu.Unlock()
	for range times {
		l.send(number)
	}
}

// send sends a message to all servers.
func (l *Ledger) send(number int) {
	if l.ToAll(l.body(number)) == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.answered[number].IsZero() {
		l.answered[number] = time.Now()
	}
}

// ToAll sends a message of the test's own to all servers at once, and returns how
// many of them answered OK.
func (l *Ledger) ToAll(body string) int {
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
	return int(taken.Load())
}

// deliver sends a message until it is answered; false: not before the end.
func (l *Ledger) deliver(s *Server, body string) bool {
	url := l.traffic.URL
	if url == "" {
		url = s.URL
	}
	for {
		got, err := try(l.traffic.Client, http.MethodPost, url+PostPath, body, "Content-Type", "text/xml", "Charset", "UTF-8")
		again := err == nil && got.Status == http.StatusServiceUnavailable && got.Header.Get("Retry-After") != ""
		if err == nil && (!again || !l.MayRefuse.Load()) {
			ok := got.Status == http.StatusOK && got.Body == OKResult
			if !ok {
				l.t.Errorf("a sensor was answered %d %s", got.Status, got.Body)
			}
			return ok
		}
		l.mu.Lock()
		if again {
			l.refused++
		} else {
			l.failed++
		}
		l.mu.Unlock()
		if !l.goesOn(l.traffic.Pause) { // the server is dead, or has said so
			return false
		}
	}
}

// Resend sends every message again that was ever sent, answered or not, until it
// is answered OK. The sensors must have ended.
func (l *Ledger) Resend() {
	l.ending, l.ended = make(chan struct{}), sync.Once{}
	defer l.End()
	numbers := make(chan int)
	for range l.traffic.Senders {
		l.group.Go(func() {
			for number := range numbers {
				l.send(number)
			}
		})
	}
	for number := range l.answered {
		numbers <- number
	}
	close(numbers)
	l.group.Wait()
}

// Counts is a ledger's state. Numbers are of alerts where nothing else is said.
type Counts struct {
	// Sent is how many were sent so far, Acknowledged how many of them were answered OK.
	Sent, Acknowledged int
	// Refused is how many messages were answered 503 with Retry-After, Failed how
	// many had no answer.
	Refused, Failed int
	// Last is when a message was answered OK for the first time, most recently.
	Last time.Time
}

// Counts returns the present state.
func (l *Ledger) Counts() Counts {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := Counts{Sent: len(l.answered) * l.traffic.Batch, Refused: l.refused, Failed: l.failed}
	for _, at := range l.answered {
		if at.IsZero() {
			continue
		}
		c.Acknowledged += l.traffic.Batch
		if at.After(c.Last) {
			c.Last = at
		}
	}
	return c
}

// More waits until so many more alerts were answered OK.
func (l *Ledger) More(n int) {
	l.t.Helper()
	want := l.Counts().Acknowledged + n
	Eventually(l.t, fmt.Sprintf("%d more alerts are answered OK", n), func() bool { return l.Counts().Acknowledged >= want })
}

// Balance compares what was answered OK with what is stored, in alerts.
type Balance struct {
	Sent, Acknowledged, Stored int
	// Lost were answered OK and are not stored.
	Lost int
	// LastLost is when the last of them was answered OK.
	LastLost time.Time
	// Duplicated are stored more than once.
	Duplicated int
	// Unknown are stored and were never sent.
	Unknown int
}

// Balance counts. stored is how often each session is stored (Session).
func (l *Ledger) Balance(stored map[string]int) Balance {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := Balance{Sent: len(l.answered) * l.traffic.Batch, Stored: len(stored)}
	known := make(map[string]bool, b.Sent)
	for message, at := range l.answered {
		for i := range l.traffic.Batch {
			session := Session(message*l.traffic.Batch + i)
			known[session] = true
			if at.IsZero() {
				continue
			}
			b.Acknowledged++
			if stored[session] == 0 {
				b.Lost++
				if at.After(b.LastLost) {
					b.LastLost = at
				}
			}
		}
	}
	for session, times := range stored {
		if times > 1 {
			b.Duplicated++
		}
		if !known[session] {
			b.Unknown++
		}
	}
	return b
}

// Check fails the test unless all that was answered OK is stored, once, and
// nothing is that was not sent.
func (l *Ledger) Check(stored map[string]int) {
	l.t.Helper()
	b := l.Balance(stored)
	if b.Lost+b.Duplicated+b.Unknown > 0 || b.Acknowledged == 0 {
		l.t.Errorf("not all that was answered OK is stored once: %+v", b)
	}
	l.t.Logf("%+v", b)
}
