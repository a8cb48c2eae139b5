package spool

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// messages are frames of messages from one alert to a hundred.
func messages() [][]byte {
	random := rand.New(rand.NewPCG(1, 1))
	all := make([][]byte, 64)
	for i := range all {
		all[i] = make([]byte, 1000+random.IntN(100_000))
		for j := range all[i] {
			all[i][j] = byte(random.Uint32())
		}
	}
	return all
}

// BenchmarkAppend appends and delivers, as one sender or many at once, and
// compares with plain writes of the same sizes to one file, an fsync each.
func BenchmarkAppend(b *testing.B) {
	for _, senders := range []int{1, 16} {
		b.Run(fmt.Sprint("senders=", senders), func(b *testing.B) {
			plain := plainWrites(b)
			s := openTest(b, b.TempDir(), Options{})
			all := messages()
			work := make(chan []byte)
			var group sync.WaitGroup
			b.ResetTimer()
			for range senders {
				group.Go(func() {
					for data := range work {
						if err := s.Append(b.Context(), data); err != nil {
							b.Error(err)
						}
					}
				})
			}
			bytes := 0
			for n := range b.N {
				data := all[n%len(all)]
				bytes += len(data)
				work <- data
			}
			close(work)
			group.Wait()
			b.StopTimer()
			rate := float64(bytes) / b.Elapsed().Seconds()
			b.ReportMetric(rate/1e6, "MB/s")
			b.ReportMetric(rate/plain, "x-plain-fsync")
		})
	}
}

// plainWrites returns bytes a second of as many writes.
func plainWrites(b *testing.B) float64 {
	f, err := os.Create(filepath.Join(b.TempDir(), "plain"))
	must(b, err)
	defer f.Close()
	all := messages()
	bytes, start := 0, time.Now()
	for n := range b.N {
		data := all[n%len(all)]
		bytes += len(data)
		_, err := f.Write(data)
		must(b, err)
		must(b, f.Sync())
	}
	return float64(bytes) / time.Since(start).Seconds()
}

// BenchmarkOpen opens a backlog of a million frames of 1000 bytes.
func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	s := openTest(b, dir, Options{})
	appendMany(b, s, 1_000_000, 1000)
	s.close()
	for b.Loop() {
		s = openTest(b, dir, Options{})
		b.StopTimer()
		s.close()
		b.StartTimer()
	}
}

// BenchmarkDeliver takes a backlog and finishes it; an operation is a frame of
// 50 KB.
func BenchmarkDeliver(b *testing.B) {
	const size, backlog = 50_000, 1000
	s := openTest(b, b.TempDir(), Options{})
	b.SetBytes(size)
	data := make([]byte, size)
	for left := b.N; left > 0; left -= backlog {
		b.StopTimer()
		var senders sync.WaitGroup
		for range min(backlog, left) {
			senders.Go(func() {
				if err := s.Append(b.Context(), data); err != nil {
					b.Error(err)
				}
			})
		}
		senders.Wait()
		b.StartTimer()
		s.drain()
	}
}
