package integration

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/peba-edge/peba/integration/edgetest"
	"github.com/peba-edge/peba/simulate"
)

// BenchmarkStream has clients listen while sensors send 50 alerts a second, all
// of which are shown. An iteration is a second of that. Its metrics are the cores
// that the server takes, with and without clients, for everything it does; what a
// stream takes of its memory, in KB; and how many of the events that were sent out
// came in time.
func BenchmarkStream(b *testing.B) {
	for _, clients := range []int{1000, 5000} {
		b.Run(fmt.Sprint(clients), func(b *testing.B) { benchmarkStream(b, clients, 50, "event: alert") })
	}
}

// BenchmarkQuietStream has clients listen after a last alert: for five minutes they get
// a count of zero each second.
func BenchmarkQuietStream(b *testing.B) {
	for _, clients := range []int{1000, 5000} {
		b.Run(fmt.Sprint(clients), func(b *testing.B) { benchmarkStream(b, clients, 0, "event: count") })
	}
}

func benchmarkStream(b *testing.B, clients, rate int, event string) {
	s := startServer(b, "max_streams 10000 10000", "")
	fleet := simulate.NewFleet(1, 50)
	post := func(alerts int) {
		body := fleet.Message(time.Now(), edgetest.CommunityUser, edgetest.CommunityToken, alerts)
		resp, err := http.Post(s.URL+"/ews-0.1/alert/postSimpleMessage", "text/xml", bytes.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		resp.Body.Close()
	}
	second := func() {
		next := time.Now().Add(time.Second)
		for range 5 {
			if rate > 0 {
				post(rate / 5)
			}
			time.Sleep(time.Until(next) / 5)
		}
		time.Sleep(time.Until(next))
	}
	post(1)
	cores := func(seconds int) float64 {
		before, start := s.cpuTime(), time.Now()
		for range seconds {
			second()
		}
		return (s.cpuTime() - before).Seconds() / time.Since(start).Seconds()
	}
	alone := cores(5)
	memory := s.ResidentMemory()

	var events atomic.Int64
	address := strings.TrimPrefix(s.URL, "http://")
	for range clients {
		conn, err := net.Dial("tcp", address)
		if err != nil {
			b.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, "GET /alert/stream HTTP/1.1\r\nHost: "+address+"\r\n\r\n"); err != nil {
			b.Fatal(err)
		}
		go func() {
			room := make([]byte, 32<<10)
			for {
				n, err := conn.Read(room)
				events.Add(int64(bytes.Count(room[:n], []byte(event))))
				if err != nil {
					return
				}
			}
		}()
	}
	second() // until all are there
	second()
	b.ResetTimer()
	before := events.Load()
	with := cores(b.N)
	b.StopTimer()
	b.ReportMetric(alone, "cores-alone")
	b.ReportMetric(with, "cores")
	b.ReportMetric(float64(s.ResidentMemory()-memory)/1024/float64(clients), "KB/stream")
	b.ReportMetric(float64(events.Load()-before)/float64(b.N*max(rate, 1)*clients), "events")
}

// cpuTime is how long the server has kept cores busy.
func (s *server) cpuTime() time.Duration {
	s.t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.PID()))
	if err != nil {
		s.t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(rest)
	const userTime, systemTime, tick = 11, 12, time.Second / 100 // what proc(5) counts in
	var sum time.Duration
	for _, field := range []int{userTime, systemTime} {
		ticks, err := strconv.ParseInt(fields[field], 10, 64)
		if err != nil {
			s.t.Fatal(err)
		}
		sum += time.Duration(ticks) * tick
	}
	return sum
}
