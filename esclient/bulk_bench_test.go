package esclient

import (
	"context"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store/storetest"
)

const (
	benchDocuments   = 200_000
	benchConcurrency = 3
	benchRequest     = 1 << 20 // of the bare loop, in bytes
	benchMessage     = 100     // alerts a frame
)

// benchServer returns the URL of the cluster that BenchmarkDrain fills.
func benchServer(b *testing.B) string {
	return startFakeCluster(b).URL
}

// BenchmarkDrain sends the same documents with a bare loop over _bulk and with
// the sender, to the same server with the same concurrency, and reports the ratio
// of documents a second. The goal is 0.8.
func BenchmarkDrain(b *testing.B) {
	url := benchServer(b)
	var bare, sent time.Duration
	round := 0
	for b.Loop() {
		for range 2 { // in turns: what else runs on the machine meets both
			records := benchRecords(uint64(round))
			round++
			bare += bareLoop(b, url, records, "bare-"+strconv.Itoa(round))
			sent += drain(b, url, records, "sent-"+strconv.Itoa(round))
		}
	}
	total := float64(round * benchDocuments)
	b.ReportMetric(total/bare.Seconds(), "bare-docs/s")
	b.ReportMetric(total/sent.Seconds(), "docs/s")
	b.ReportMetric(bare.Seconds()/sent.Seconds(), "ratio")
}

// benchRecords makes alerts as sensors send them.
func benchRecords(seed uint64) []alert.Record {
	traffic := storetest.NewTraffic(seed, 200)
	received := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	records := make([]alert.Record, 0, benchDocuments)
	for len(records) < benchDocuments {
		records = append(records, traffic.Message(received, benchMessage)...)
		received = received.Add(time.Second)
	}
	for i := range records {
		records[i].Payload, records[i].VulnID = nil, "" // the bare loop has no such thing
	}
	return records
}

// bareLoop posts the documents as fast as it goes, looking at nothing but the
// status of each request.
func bareLoop(b *testing.B, url string, records []alert.Record, index string) time.Duration {
	b.Helper()
	bodies := make(chan []byte, benchDocuments)
	var body []byte
	for i := range records {
		lines, err := bulkLines(opCreate, bulkTarget{Index: index, ID: records[i].ID}, &records[i].Document)
		if err != nil {
			b.Fatal(err)
		}
		if body = append(body, lines...); len(body) >= benchRequest || i == len(records)-1 {
			bodies <- body
			body = nil
		}
	}
	close(bodies)
	start := time.Now()
	var workers sync.WaitGroup
	for range benchConcurrency {
		workers.Go(func() {
			for body := range bodies {
				postBare(b, url, body)
			}
		})
	}
	workers.Wait()
	return time.Since(start)
}

// postBare posts one request, again while the server has too much to do.
func postBare(b *testing.B, url string, body []byte) {
	b.Helper()
	for {
		status, _, err := postTo(context.Background(), url, "/_bulk", body)
		if status == http.StatusTooManyRequests {
			time.Sleep(defaultWait)
			continue
		}
		if err != nil || status != http.StatusOK {
			b.Errorf("the bare loop got %d, %v", status, err)
		}
		return
	}
}

// drain sends the documents as a backlog in a spool, and waits until it is empty.
func drain(b *testing.B, url string, records []alert.Record, index string) time.Duration {
	b.Helper()
	box := newFakeOutbox()
	for at := 0; at < len(records); at += benchMessage {
		frame, err := encodeFrame(records[at:min(at+benchMessage, len(records))], func(*alert.Document) string { return index })
		if err != nil {
			b.Fatal(err)
		}
		box.append(frame)
	}
	dead, err := openDeadLetters(b.Context(), b.TempDir(), nil)
	if err != nil {
		b.Fatal(err)
	}
	defer dead.close()
	var stored atomic.Int64
	s := newSender(box, func(ctx context.Context, path string, body []byte) (int, []byte, error) {
		return postTo(ctx, url, path, body)
	}, dead, senderOptions{senders: benchConcurrency - 1, count: func(what counted, n int) {
		if what == countStored {
			stored.Add(int64(n))
		}
	}})
	ctx, cancel := context.WithCancel(b.Context())
	var running sync.WaitGroup
	start := time.Now()
	running.Go(func() { s.run(ctx) })
	box.waitEmpty(b)
	took := time.Since(start)
	cancel()
	running.Wait()
	if n := stored.Load(); n != int64(len(records)) {
		b.Errorf("%d documents were stored, want %d", n, len(records))
	}
	return took
}
