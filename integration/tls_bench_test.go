package integration

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/peba-edge/peba/integration/edgetest"
	"github.com/peba-edge/peba/simulate"
)

// BenchmarkHandshakes sends messages of ten alerts as ewsposter does, each over a
// connection of its own, with TLS (ECDSA P-256, a full handshake) and without, in
// turns. Its metrics are the server's time on a core for each message, and the
// handshakes that a core could do if it did nothing else.
func BenchmarkHandshakes(b *testing.B) {
	const batch, rounds = 10, 6
	s := newServer(b, "", "")
	config, err := os.ReadFile(s.Config)
	if err != nil {
		b.Fatal(err)
	}
	secure := "https://" + edgetest.FreeAddress(b)
	s.WriteConfig(strings.Replace(string(config), "{", "{\n\tskip_install_trust\n\tauto_https disable_redirects", 1) +
		fmt.Sprintf("\n%s {\n\ttls internal\n\tpeba\n}\n", secure))
	s.Start()
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true, DisableCompression: true,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // Caddy has just made the authority
	}}
	fleet := simulate.NewFleet(1, 50)
	send := func(url string, n int) time.Duration {
		var bodies [][]byte
		for range n {
			bodies = append(bodies, fleet.Message(time.Now(), edgetest.CommunityUser, edgetest.CommunityToken, batch))
		}
		const clients = 8
		var next atomic.Int64
		var group sync.WaitGroup
		before := s.cpuTime()
		for range clients {
			group.Go(func() {
				for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
					if !postOK(b, client, url, bodies[i]) {
						return
					}
				}
			})
		}
		group.Wait()
		return s.cpuTime() - before
	}
	each := max(b.N/rounds, 500) // cpuTime counts hundredths of a second
	send(secure, 20)             // the certificate is made with the first
	var plain, encrypted time.Duration
	b.ResetTimer()
	for range rounds {
		plain += send(s.URL, each)
		encrypted += send(secure, each)
	}
	b.StopTimer()
	messages := float64(rounds * each)
	b.ReportMetric(plain.Seconds()*1000/messages, "ms-plain/message")
	b.ReportMetric(encrypted.Seconds()*1000/messages, "ms-tls/message")
	b.ReportMetric(messages/(encrypted-plain).Seconds(), "handshakes/s/core")
}
