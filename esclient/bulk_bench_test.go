package esclient

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/storetest"
)

const (
	benchDocuments   = 100_000
	benchTexts       = 10_000  // of which each stands in ten documents
	benchConcurrency = 3 + 1   // requests at once, the sender's and the bare loop's
	benchRequest     = 1 << 20 // of the bare loop, in bytes
	benchMessage     = 100     // alerts a message
	benchSensors     = 8       // messages at once
)

// BenchmarkDrain brings the same documents to the same real server: with a bare
// loop over _bulk, and by Put, that is through the spool, until the spool is
// empty. It reports the ratio of documents a second. The goal is 0.8.
//
// They take turns, each goes first as often as the other, and an index is deleted
// as soon as it is measured: merging one is not to slow down the next. The ratio
// is the median of the turns.
func BenchmarkDrain(b *testing.B) {
	acceptAndDrain(b, newBenchLoad(0)) // the server's code is compiled while it runs
	bareLoop(b, newBenchLoad(1))
	var bare, sent time.Duration
	var ratios []float64
	for b.Loop() {
		for range 8 {
			load := newBenchLoad(uint64(2 + len(ratios)))
			var plain, ours time.Duration
			if len(ratios)%2 == 0 {
				plain, ours = bareLoop(b, load), acceptAndDrain(b, load)
			} else {
				ours, plain = acceptAndDrain(b, load), bareLoop(b, load)
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
	must(b, s.client.Do(b.Context(), http.MethodDelete, "/"+s.names.Day(benchDay), nil, nil))
}

// benchLoad is alerts as sensors send them. Their texts come ten times, with other
// ids and times, and the ids are one text: an edge has no heap full of alerts, which
// the garbage collector would go through again and again.
type benchLoad struct {
	texts []alert.Record
	ids   string
}

const benchIDBytes = 32

func newBenchLoad(seed uint64) *benchLoad {
	traffic := storetest.NewTraffic(seed, 200)
	l := new(benchLoad)
	for len(l.texts) < benchTexts {
		l.texts = append(l.texts, traffic.Message(benchDay, benchMessage)...)
	}
	for i := range l.texts {
		l.texts[i].Payload, l.texts[i].VulnID = nil, "" // the bare loop has no such thing
	}
	var ids strings.Builder
	for i := range benchDocuments {
		r := l.at(i)
		ids.WriteString(alert.NewID(&r.Document))
	}
	l.ids = ids.String()
	return l
}

// record returns the document of that number.
func (l *benchLoad) record(i int) alert.Record {
	r := l.at(i)
	r.ID = l.ids[i*benchIDBytes : (i+1)*benchIDBytes]
	return r
}

// at returns the same without an id; all are of one day.
func (l *benchLoad) at(i int) alert.Record {
	r := l.texts[i%benchTexts]
	r.CreateTime = alert.At(benchDay.Add(time.Duration(i/benchMessage) * time.Second))
	r.RecievedTime = r.CreateTime
	return r
}

// message returns the message of that number.
func (l *benchLoad) message(i int) []alert.Record {
	records := make([]alert.Record, benchMessage)
	for n := range records {
		records[n] = l.record(i*benchMessage + n)
	}
	return records
}

// bareLoop posts the documents as fast as it goes, looking at nothing but the
// status of each request.
func bareLoop(b *testing.B, load *benchLoad) time.Duration {
	b.Helper()
	s := openTest(b, store.Options{})
	defer drop(b, s)
	url, index := server(b).URL()+"/_bulk", s.names.Day(benchDay)
	must(b, s.client.Do(b.Context(), http.MethodPut, "/"+index, s.indices.Body(index), nil)) // no bulk request creates it
	bodies := make(chan []byte, benchDocuments)
	var body []byte
	for i := range benchDocuments {
		r := load.record(i)
		body = fmt.Appendf(body, "{\"create\":{\"_index\":%q,\"_id\":%q}}\n", index, r.ID)
		if body = append(r.AppendJSON(body), '\n'); len(body) >= benchRequest || i == benchDocuments-1 {
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
func acceptAndDrain(b *testing.B, load *benchLoad) time.Duration {
	b.Helper()
	s := openTest(b, store.Options{})
	defer drop(b, s)
	messages := make(chan int, benchDocuments/benchMessage)
	for i := range benchDocuments / benchMessage {
		messages <- i
	}
	close(messages)
	start := time.Now()
	var sensors sync.WaitGroup
	for range benchSensors {
		sensors.Go(func() {
			for i := range messages {
				if err := s.Put(b.Context(), load.message(i)); err != nil {
					b.Error(err)
				}
			}
		})
	}
	sensors.Wait()
	must(b, s.out.spool.WaitEmpty(b.Context()))
	took := time.Since(start)
	if n := s.out.sender.Status().Stored; n != benchDocuments {
		b.Errorf("%d documents were stored, want %d", n, benchDocuments)
	}
	return took
}
