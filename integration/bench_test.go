package integration

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/peba-edge/peba/cache/cachetest"
	"github.com/peba-edge/peba/integration/edgetest"
	"github.com/peba-edge/peba/simulate"
)

// BenchmarkIngest sends messages of 100 alerts from 16 clients over HTTP. Its
// metrics are alerts/s answered OK (and so durable) on the cores shared with
// the clients, and the resident memory of the server.
func BenchmarkIngest(b *testing.B) {
	const clients, batch = 16, 100
	s := startServer(b, "", "")
	client := benchClient(clients)
	var alerts atomic.Int64
	next := make(chan int)
	var group sync.WaitGroup
	b.ResetTimer()
	start := time.Now()
	for c := range clients {
		group.Go(func() {
			fleet := simulate.NewFleet(uint64(c), 50)
			for range next {
				body := fleet.Message(time.Now(), edgetest.CommunityUser, edgetest.CommunityToken, batch)
				if !postOK(b, client, s.URL, body) {
					return
				}
				alerts.Add(batch)
			}
		})
	}
	for n := range b.N {
		next <- n
	}
	close(next)
	group.Wait()
	elapsed := time.Since(start)
	b.StopTimer()
	b.ReportMetric(float64(alerts.Load())/elapsed.Seconds(), "alerts/s")
	b.ReportMetric(float64(s.ResidentMemory())/(1<<20), "MB-resident")
}

// BenchmarkBacklog has a million alerts wait in the spool, for no node of the
// cluster answers. Its metrics are the resident memory of the server at the end
// and at its worst, after a restart with the backlog too, and how long that start
// takes. The goal is below 250 MB.
func BenchmarkBacklog(b *testing.B) {
	const clients, batch, alerts = 16, 100, 1_000_000
	for b.Loop() {
		s := newServer(b, "store elasticsearch http://"+edgetest.FreeAddress(b), "")
		s.StartUntil(http.StatusServiceUnavailable)
		client := benchClient(clients)
		var left atomic.Int64
		left.Store(alerts / batch)
		var group sync.WaitGroup
		start := time.Now()
		for c := range clients {
			group.Go(func() {
				fleet := simulate.NewFleet(uint64(c), 50)
				for left.Add(-1) >= 0 {
					body := fleet.Message(time.Now(), edgetest.CommunityUser, edgetest.CommunityToken, batch)
					if !postOK(b, client, s.URL, body) {
						return
					}
				}
			})
		}
		group.Wait()
		b.ReportMetric(alerts/time.Since(start).Seconds(), "alerts/s")
		if n := s.Waiting(); n != alerts/batch {
			b.Errorf("%d messages wait, want %d", n, alerts/batch)
		}
		b.ReportMetric(float64(s.ResidentMemory())/1e6, "MB-resident")
		b.ReportMetric(float64(s.Memory("VmHWM:"))/1e6, "MB-most")
		s.Stop()
		start = time.Now()
		s.StartUntil(http.StatusServiceUnavailable)
		b.ReportMetric(time.Since(start).Seconds(), "s-start")
		if n := s.Waiting(); n != alerts/batch {
			b.Errorf("after a restart %d messages wait, want %d", n, alerts/batch)
		}
		b.ReportMetric(float64(s.Memory("VmHWM:"))/1e6, "MB-restarted")
		s.Stop()
	}
	b.ReportMetric(0, "ns/op")
}

// postOK sends a message and tells whether it was answered OK.
func postOK(b *testing.B, client *http.Client, url string, body []byte) bool {
	resp, err := client.Post(url+edgetest.PostPath, "text/xml", bytes.NewReader(body))
	if err != nil {
		b.Error(err)
		return false
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil || string(answer) != edgetest.OKResult {
		b.Errorf("%d %s %v", resp.StatusCode, answer, err)
		return false
	}
	return true
}

// BenchmarkCachedGET asks a question whose answer is cached, and Caddy's own respond
// for the same body at a site of its own, in turns. The metrics are the server's time on
// the processor for a request of each, and their ratio. The goal is at most 1.35.
func BenchmarkCachedGET(b *testing.B) {
	b.Run("memory", func(b *testing.B) { benchmarkCachedGET(b, "memory") })
	b.Run("memcached", func(b *testing.B) {
		benchmarkCachedGET(b, "memcached "+cachetest.StartMemcached(b).Address)
	})
}

func benchmarkCachedGET(b *testing.B, cacheOption string) {
	s := startServer(b, "cache "+cacheOption+"\n\t\trefresh 1s retrieveAlertStats", "")
	s.Post(edgetest.MessageXML(edgetest.CommunityUser, edgetest.CommunityToken, edgetest.AlertXML("9.9.9.9", 1)))
	const path = "/alert/retrieveAlertStats"
	body := s.Request(http.MethodGet, path, "").Body
	s.Stop()
	config, err := os.ReadFile(s.Config)
	if err != nil {
		b.Fatal(err)
	}
	plain := "http://" + edgetest.FreeAddress(b)
	s.WriteConfig(string(config) + fmt.Sprintf("\n%s {\n\theader Content-Type application/json\n\trespond `%s`\n}\n", plain, body))
	s.Start()

	// In turns, so that whatever else this machine does hits both alike.
	const rounds = 10
	var cached, respond time.Duration
	each := b.N/rounds + 1
	b.ResetTimer()
	for range rounds {
		start := s.cpuTime()
		getMany(b, plain+path, each)
		between := s.cpuTime()
		getMany(b, s.URL+path, each)
		respond += between - start
		cached += s.cpuTime() - between
	}
	b.StopTimer()
	perRequest := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(rounds*each) }
	b.ReportMetric(perRequest(respond), "µs-respond")
	b.ReportMetric(perRequest(cached), "µs-cached")
	b.ReportMetric(float64(cached)/float64(respond), "x-respond")
}

// getMany sends n GETs from a few clients.
func getMany(b *testing.B, url string, n int) {
	const clients = 8
	client := benchClient(clients)
	defer client.CloseIdleConnections()
	var left atomic.Int64
	left.Store(int64(n))
	var group sync.WaitGroup
	for range clients {
		group.Go(func() {
			for left.Add(-1) >= 0 {
				resp, err := client.Get(url)
				if err != nil {
					b.Error(err)
					return
				}
				_, err = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
				if err != nil || resp.StatusCode != http.StatusOK {
					b.Errorf("%d %v", resp.StatusCode, err)
					return
				}
			}
		})
	}
	group.Wait()
}

func benchClient(connections int) *http.Client {
	return &http.Client{Transport: &http.Transport{
		MaxIdleConns: connections, MaxIdleConnsPerHost: connections, DisableCompression: true,
	}}
}
