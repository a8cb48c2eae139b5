package sqlite

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/storetest"
)

// payloadOf returns a payload of the given bytes that is like no other.
func payloadOf(n uint64, data []byte) *alert.Payload {
	hash := fmt.Sprintf("%032x", n)
	return &alert.Payload{Hash: hash, FuzzyHash: hash, MIMEType: "application/octet-stream", Data: data}
}

// putDay puts alerts of one day, one in five with a payload of its own, from the
// hosts that host names.
func putDay(t *testing.T, s store.Store, day, alerts int, host func(day, n int) string) {
	t.Helper()
	start := time.Date(2026, 11, day, 0, 0, 0, 0, time.UTC)
	traffic := storetest.NewTraffic(uint64(day), 20)
	for sent := 0; sent < alerts; sent += 500 {
		m := traffic.Message(start.Add(time.Hour), 500)
		for i := range m {
			m[i].Hostname = host(day, sent+i)
			m[i].Payload = nil
			if i%5 == 0 {
				m[i].Payload = payloadOf(uint64(day*1_000_000+sent+i), make([]byte, 5000))
			}
		}
		must(t, s.Put(t.Context(), m))
	}
}

func ownHost(day, n int) string { return fmt.Sprintf("host %d %d", day, n) }

func oneHost(int, int) string { return "host" }

func numberOf(t *testing.T, s *handle, query string) (n int64) {
	t.Helper()
	must(t, s.db.readers.QueryRow(query).Scan(&n))
	return n
}

// TestRetireInSteps deletes more than a step takes, and leaves nothing behind
// that only deleted alerts referred to.
func TestRetireInSteps(t *testing.T) {
	const alerts = 2*retireRows + 500
	s := openTest(t, emptyPath(t), store.Options{})
	putDay(t, s, 10, alerts, ownHost)
	putDay(t, s, 11, 500, ownHost)
	must(t, s.Retire(t.Context(), time.Date(2026, 11, 11, 0, 0, 0, 0, time.UTC)))
	for query, want := range map[string]int64{
		"SELECT count(*) FROM alerts":       500,
		"SELECT count(*) FROM sensors":      500,
		"SELECT count(*) FROM payloads":     100,
		"SELECT count(*) FROM payload_data": 100,
		"SELECT count(*) FROM places WHERE id NOT IN (SELECT source_place FROM alerts UNION SELECT target_place FROM alerts)": 0,
	} {
		if n := numberOf(t, s, query); n != want {
			t.Errorf("%s: %d, want %d", query, n, want)
		}
	}
	putDay(t, s, 10, 500, ownHost) // dictionary rows that are gone are made anew
	if n := numberOf(t, s, "SELECT count(*) FROM alerts JOIN sensors ON sensors.id = sensor WHERE hostname LIKE 'host 1_ %'"); n != 1000 {
		t.Errorf("%d alerts have their sensor, want 1000", n)
	}
}

// TestRetiredRoomIsUsedAgain sees that a store with a steady stream of alerts
// does not grow, but for roll-ups.
func TestRetiredRoomIsUsedAgain(t *testing.T) {
	s := openTest(t, emptyPath(t), store.Options{})
	var pages int64
	for day := 10; day < 16; day++ {
		putDay(t, s, day, 1000, oneHost)
		must(t, s.Retire(t.Context(), time.Date(2026, 11, day, 0, 0, 0, 0, time.UTC)))
		n := numberOf(t, s, "PRAGMA page_count")
		if day == 11 {
			pages = n // two days, the most that is there at once
		}
		if day > 11 && n > pages*11/10 {
			t.Errorf("after day %d the file has %d pages, after day 11 it had %d", day, n, pages)
		}
	}
}

// TestRetireStopsBetweenSteps ends the context in the first step.
func TestRetireStopsBetweenSteps(t *testing.T) {
	s := openTest(t, emptyPath(t), store.Options{})
	putDay(t, s, 10, 3*retireRows, ownHost)
	release := holdWriter(s)
	ctx, cancel := context.WithCancel(t.Context())
	result, step := make(chan error), make(chan error)
	go func() { result <- s.Retire(ctx, time.Date(2026, 11, 12, 0, 0, 0, 0, time.UTC)) }()
	waitForJobs(s, 1)
	go func() { // in the same group, after the first step
		step <- s.db.do(context.Background(), &job{work: func(*writer) error { cancel(); return nil }})
	}()
	waitForJobs(s, 2)
	release()
	must(t, <-step)
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want %v", err, context.Canceled)
	}
	if n := countAll(t, s); n != 2*retireRows {
		t.Errorf("%d alerts are left, want %d", n, 2*retireRows)
	}
}
