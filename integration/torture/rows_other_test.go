//go:build linux

package torture

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/peba-edge/peba/cache/cachetest"
	"github.com/peba-edge/peba/integration/edgetest"
)

// otherRows are about duplicates, clocks, the cache, and plain load.
func otherRows() rows {
	return append(forStores([]row{{
		fault: "the same message eleven times, across restarts and midnight", rounds: 3, long: 10, hold: time.Millisecond,
		traffic: edgetest.Traffic{Alert: func(n int) string { return at(n, "2026-11-23 23:59:59", "2026-11-24 00:00:00", 100) }},
		prepare: func(r *run) { r.secondEdge() },
		inject: func(r *run) {
			r.ledger.End()
			for range 11/r.rounds + 1 {
				r.ledger.Resend()
			}
			r.restart()
		},
		recovered: func(r *run) {
			for !r.s.Beats(http.StatusOK) {
				time.Sleep(20 * time.Millisecond)
			}
			r.ledger.Resend()
			r.ledger.Resume()
		},
	}, {
		fault: "createTime 1970 and 2099", hold: time.Second,
		traffic: edgetest.Traffic{Alert: func(n int) string {
			return at(n, "1970-01-01 00:00:00", "2099-12-31 23:59:59", 150)
		}},
	}}, embedded, cluster), cacheRows()...)
}

// loadRows are about plain load, which nothing else may slow down.
func loadRows() rows {
	return rows{{
		fault: "532 alerts a second, a TLS handshake for each message", store: embedded, hold: loadTime(),
		traffic: edgetest.Traffic{Senders: 10, Pause: 120 * time.Millisecond, Client: &http.Client{
			Timeout: 30 * time.Second,
			Transport: &http.Transport{
				DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // Caddy has just made the authority
			},
		}},
		prepare: func(r *run) { r.row.traffic.URL = r.secure() },
		options: func(r *run) string { return "" },
		inject:  func(r *run) { r.mark = r.ledger.Counts().Acknowledged; r.since = time.Now() },
		recovered: func(r *run) {
			n := r.ledger.Counts().Acknowledged - r.mark
			r.note = fmt.Sprintf("%.0f alerts/s for %.0f s", float64(n)/time.Since(r.since).Seconds(), time.Since(r.since).Seconds())
		},
	}}
}

func loadTime() time.Duration {
	if *long {
		return 30 * time.Minute
	}
	return 5 * time.Second
}

// secure has the server listen with TLS too, and returns where.
func (r *run) secure() string {
	r.t.Helper()
	url := "https://" + edgetest.FreeAddress(r.t)
	r.wrap = func(config string) string {
		return strings.Replace(config, "{", "{\n\tskip_install_trust\n\tauto_https disable_redirects", 1) +
			fmt.Sprintf("\n%s {\n\ttls internal\n\tpeba\n}\n", url)
	}
	return url
}

// secondEdge starts another edge of the same cluster, that gets every message too.
func (r *run) secondEdge() {
	r.t.Helper()
	if r.elastic == nil {
		return
	}
	peer := r.binary.New(r.t, "", "")
	peer.WriteConfig(peer.Site(r.elastic.OptionsAt([]string{r.liar.url}), ""))
	peer.Start()
	r.peers = append(r.peers, peer)
}

func cacheRows() rows {
	silence := func([]byte) []byte { return nil }
	garble := func(answer []byte) []byte {
		if len(answer) > 40 {
			answer[len(answer)/2] ^= 0x11
		}
		return answer
	}
	var list rows
	for _, one := range []struct {
		fault string
		begin func(m *cachetest.Memcached, w *wire)
		shows view
	}{
		{"memcached down", func(m *cachetest.Memcached, _ *wire) { m.Stop() }, inHeartbeat | inMetrics},
		{"memcached hangs", func(_ *cachetest.Memcached, w *wire) { w.mangle.Store(&silence) }, inHeartbeat | inMetrics},
		{"memcached lies", func(_ *cachetest.Memcached, w *wire) { w.mangle.Store(&garble) }, inMetrics},
		{"memcached speaks nonsense", func(_ *cachetest.Memcached, w *wire) {
			nonsense := func(answer []byte) []byte { return bytes.Repeat([]byte("?\r\n"), len(answer)) }
			w.mangle.Store(&nonsense)
		}, inMetrics},
	} {
		var memcached *cachetest.Memcached
		var between *wire
		list = append(list, row{
			fault: one.fault, store: embedded, shows: one.shows,
			options: func(r *run) string {
				memcached = cachetest.StartMemcached(r.t)
				between = newWire(r.t, memcached.Address)
				return "cache memcached " + between.address
			},
			inject: func(r *run) {
				r.answers() // is in the cache
				one.begin(memcached, between)
				var group sync.WaitGroup
				for range 4 {
					group.Go(func() {
						for minutes := range 10 {
							r.count(100 + minutes/2) // every other one may be in the cache
						}
					})
				}
				group.Wait()
			},
			recovered: func(*run) {
				between.mangle.Store(nil)
				memcached.Stop()
				memcached.Start()
			},
		})
	}
	return list
}

// count asks how many alerts there are: the answer must be right, or 503.
func (r *run) count(minutes int) {
	got, err := r.s.Try(http.MethodGet, fmt.Sprintf("/alert/retrieveAlertsCount?time=%d&out=json", minutes), "")
	var n int
	if err == nil && got.Status == http.StatusOK {
		_, err = fmt.Sscanf(got.Body, `{"AlertCount":%d}`, &n)
	}
	if most := r.ledger.Counts().Sent; err != nil || got.Status != http.StatusOK || n > most {
		r.t.Errorf("of %d alerts sent the count is %d %s (%v)", most, got.Status, got.Body, err)
	}
}
