package simulate

import (
	"testing"
	"time"
)

// BenchmarkMessage makes messages of 100 alerts; its metric is alerts/s on one core.
func BenchmarkMessage(b *testing.B) {
	const batch = 100
	fleet := NewFleet(1, 50)
	now := time.Now()
	size := 0
	b.ReportAllocs()
	for b.Loop() {
		size += len(fleet.Message(now, "community", "token", batch))
	}
	b.SetBytes(int64(size / b.N))
	b.ReportMetric(float64(b.N*batch)/b.Elapsed().Seconds(), "alerts/s")
}
