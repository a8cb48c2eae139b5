package integration

import (
	"encoding/json"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/peba-edge/peba/integration/edgetest"
)

// sampler asks a server for the number of alerts, over and over. Whatever the
// cluster goes through, an answer is right or there is none:
//
//   - never less than what was once visible on all copies (baseline), for nothing
//     is deleted: a shard that is left out would show here;
//   - never more than was sent;
//   - else 503, or an older answer, marked as stale.
type sampler struct {
	t      *testing.T
	server *server
	load   *edgetest.Ledger

	baseline                   atomic.Int64
	answered, refused, skipped atomic.Int64
	// lastAnswered is when a count computed just then was last answered.
	lastAnswered atomic.Int64

	ending chan struct{}
	ended  sync.Once
	group  sync.WaitGroup
}

func startSampler(t *testing.T, s *server, l *edgetest.Ledger) *sampler {
	p := &sampler{t: t, server: s, load: l, ending: make(chan struct{})}
	p.group.Go(func() {
		for minutes := 60; ; minutes++ { // each is another key of the cache
			select {
			case <-p.ending:
				return
			case <-time.After(50 * time.Millisecond):
				p.sample(minutes)
			}
		}
	})
	t.Cleanup(p.end)
	return p
}

func (p *sampler) sample(minutes int) {
	least := p.baseline.Load()
	got, err := p.server.alertCount(minutes)
	switch {
	case err != nil: // the process is dead
		p.skipped.Add(1)
	case got.Status == http.StatusServiceUnavailable && got.Header.Get("Retry-After") != "":
		p.refused.Add(1)
	case got.Status == http.StatusOK && got.Header.Get("Server-Timing") == `cache;desc="miss"`:
		n, err := number(got)
		most := p.load.Counts().Sent
		if err != nil || int64(n) < least || n > most {
			p.t.Errorf("%d alerts were visible, %d sent, and the edgetest.Answer is %s (%v)", least, most, got.Body, err)
		}
		p.answered.Add(1)
		p.lastAnswered.Store(time.Now().UnixNano())
	default:
		p.t.Errorf("asked for a new count: %d %s %s", got.Status, got.Body, got.Header.Get("Server-Timing"))
	}
}

// raise makes what is visible now, on one copy, the least that an answer may be,
// once it is visible on all of them.
func (p *sampler) raise(e *edgetest.Elastic) {
	p.t.Helper()
	var counted struct {
		Count  int64
		Shards struct{ Failed int } `json:"_shards"`
	}
	status, text := e.Request(http.MethodGet, "/"+e.Prefix+"ews-*/_count", "")
	if status != http.StatusOK {
		return // not all shards can be reached: nothing is known
	}
	if err := json.Unmarshal([]byte(text), &counted); err != nil {
		p.t.Fatal(err)
	}
	if counted.Shards.Failed == 0 && e.Refresh() {
		p.baseline.Store(counted.Count)
	}
}

// answers waits until a count that is asked for from now on is answered.
func (p *sampler) answers() {
	p.t.Helper()
	start := time.Now().Add(time.Second).UnixNano()
	edgetest.Eventually(p.t, "counts are answered", func() bool { return p.lastAnswered.Load() > start })
}

func (p *sampler) end() {
	p.ended.Do(func() {
		close(p.ending)
		p.group.Wait()
		p.t.Logf("counts: %d answered, %d refused, %d not asked", p.answered.Load(), p.refused.Load(), p.skipped.Load())
	})
}
