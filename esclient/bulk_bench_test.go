package esclient

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/storetest"
)

const (
	benchDocuments   = 100_000
	benchConcurrency = defaultSenders + 1 // requests at once, the sender's and the bare loop's
	benchRequest     = 1 << 20            // of the bare loop, in bytes
	benchMessage     = 100                // alerts a message
	benchSensors     = 8                  // messages at once
)

// BenchmarkDrain brings the same documents to the same real server: with a bare
// loop over _bulk, and by Put, that is through the spool, until the spool is
// empty. It reports the ratio of documents a second. The goal is 0.8.
//
// They take turns, each goes first as often as the other, and an index is deleted
// as soon as it is measured: merging one is not to slow down the next. The ratio
// is the median of the turns.
func BenchmarkDrain(b *testing.B) {
	acceptAndDrain(b, benchRecords(0)) // the server's code is compiled while it runs
	bareLoop(b, benchRecords(1))
	var bare, sent time.Duration
	var ratios []float64
	for b.Loop() {
		for range 8 {
			records := benchRecords(uint64(2 + len(ratios)))
			var plain, ours time.Duration
			if len(ratios)%2 == 0 {
				plain, ours = bareLoop(b, records), acceptAndDrain(b, records)
			} else {
				ours, plain = acceptAndDrain(b, records), bareLoop(b, records)
			}
			bare, sent = bare+plain, sent+ours
			ratios = append(ratios, plain.Seconds()/ours.Seconds())
		}
	}
	slices.Sort(ratios)
	total := float64(len(ratios) * benchDocuments)
	b.ReportMetric(0, "ns/op") // an operation is both
	b.ReportMetric(total/bare.Seconds(), "bare-docs/s")
	b.ReportMetric(total/sent.Seconds(), "docs/s")
	b.ReportMetric(ratios[len(ratios)/2], "ratio")
	b.Logf("the turns' ratios: %.2f", ratios)
}

// benchDay is when the documents are created and received.
var benchDay = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// drop deletes the index of the documents.
func drop(b *testing.B, s *esStore) {
	b.Helper()
	must(b, s.client.do(b.Context(), http.MethodDelete, "/"+s.names.day(benchDay), nil, nil))
}

// benchRecords makes alerts as sensors send them.
func benchRecords(seed uint64) []alert.Record {
	traffic := storetest.NewTraffic(seed, 200)
	received := benchDay
	records := make([]alert.Record, 0, benchDocuments)
	for len(records) < benchDocuments {
		records = append(records, traffic.Message(received, benchMessage)...)
		received = received.Add(time.Second) // all within the day
	}
	for i := range records {
		records[i].Payload, records[i].VulnID = nil, "" // the bare loop has no such thing
	}
	return records
}

// bareLoop posts the documents as fast as it goes, looking at nothing but the
// status of each request.
func bareLoop(b *testing.B, records []alert.Record) time.Duration {
	b.Helper()
	s := openTest(b, store.Options{})
	defer drop(b, s)
	url, index := server(b).URL()+"/_bulk", s.names.day(benchDay)
	bodies := make(chan []byte, benchDocuments)
	var body []byte
	for i := range records {
		if body = appendCreate(body, index, &records[i].Document); len(body) >= benchRequest || i == len(records)-1 {
			bodies <- body
			body = nil
		}
	}
	close(bodies)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: benchConcurrency, DisableCompression: true}}
	defer client.CloseIdleConnections()
	start := time.Now()
	var workers sync.WaitGroup
	for range benchConcurrency {
		workers.Go(func() {
			for body := range bodies {
				resp, err := client.Post(url, "application/x-ndjson", bytes.NewReader(body))
				if err != nil {
					b.Error(err)
					return
				}
				if answer, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
					b.Errorf("the bare loop got %s, %v: %.500s", resp.Status, err, answer)
				}
				resp.Body.Close()
			}
		})
	}
	workers.Wait()
	return time.Since(start)
}

// acceptAndDrain puts the documents as messages, from several sensors at once, and
// waits until the cluster has them.
func acceptAndDrain(b *testing.B, records []alert.Record) time.Duration {
	b.Helper()
	s := openTest(b, store.Options{})
	defer drop(b, s)
	messages := make(chan []alert.Record, benchDocuments/benchMessage+1)
	for part := range slices.Chunk(records, benchMessage) {
		messages <- part
	}
	close(messages)
	start := time.Now()
	var sensors sync.WaitGroup
	for range benchSensors {
		sensors.Go(func() {
			for message := range messages {
				if err := s.Put(b.Context(), message); err != nil {
					b.Error(err)
				}
			}
		})
	}
	sensors.Wait()
	must(b, s.out.spool.WaitEmpty(b.Context()))
	took := time.Since(start)
	if n := s.out.sender.status().Stored; n != int64(len(records)) {
		b.Errorf("%d documents were stored, want %d", n, len(records))
	}
	return took
}
