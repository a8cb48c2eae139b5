package feed

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"go.uber.org/zap"

	"github.com/gaissmai/bart"

	"github.com/peba-edge/peba/geo"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/memory"
)

// busySources has ten million alerts of 400,000 sources in three days: from each as many
// as in a power law, on 50 sensors with 10 types.
func busySources(at time.Time) (s *Sources, alerts int) {
	s = NewSources()
	s.reset(time.Hour)
	rng := rand.New(rand.NewPCG(7, 8))
	for i := 0; alerts < 10_000_000; i = (i + 1) % 400_000 {
		addr := netip.AddrFrom4([4]byte{9, byte(i >> 16), byte(i >> 8), byte(i)})
		// One source in four attacks often.
		bursts := 1
		if i%4 == 0 {
			bursts = 1 + rng.IntN(24)
		}
		for range bursts {
			received := at.Add(-time.Duration(rng.Int64N(int64(72 * time.Hour))))
			n := 1 + rng.IntN(8)
			alerts += n
			sensor := rng.IntN(50)
			s.add(addr, store.BucketStart(received, time.Hour).Unix(), count{
				origin: s.origins.id(origin{domain: store.Community, peerType: fmt.Sprint("type-", sensor%10), sensor: fmt.Sprint("sensor-", sensor), interaction: "attempt"}),
				alerts: uint32(n), first: uint32(received.Unix()), last: uint32(received.Unix()),
			})
		}
	}
	return s, alerts
}

// BenchmarkStep computes a feed of 100,000 members from ten million alerts in memory, as
// at each time of the grid.
func BenchmarkStep(b *testing.B) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	sources, alerts := busySources(start)
	runtime.GC()
	runtime.ReadMemStats(&after)
	counts := 0
	for _, c := range sources.byAddr {
		counts += len(c)
	}
	b.Logf("%d alerts of %d sources in %d counts: %d MB", alerts, len(sources.byAddr), counts, (after.HeapAlloc-before.HeapAlloc)>>20)
	def := Default("bench")
	def.Limit, def.MinSensors = 100_000, 2
	f := &running{def: &def, state: newState(), recorder: newRecorder(memory.New(store.Options{}), "bench", time.Minute, zap.NewNop()), files: &exclusions{logger: zap.NewNop()}}
	f.files.build()
	none := new(bart.Lite)
	at := start
	b.ResetTimer()
	for b.Loop() {
		at = at.Add(time.Minute)
		found := def.cut(sources.candidates(&def, at, none, func(netip.Addr) geo.Place { return geo.Place{} }), f.lists)
		if err := f.step(b.Context(), at, none, found, true); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	snapshot := f.snapshot.Load()
	packed, err := encode(f.state.base())
	if err != nil {
		b.Fatal(err)
	}
	runtime.GC()
	runtime.ReadMemStats(&before)
	b.Logf("%d members; base of %d KB; heap %d MB", len(snapshot.Members), len(packed)>>10, before.HeapAlloc>>20)
}
