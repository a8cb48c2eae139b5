package simulate

import (
	"math"
	"math/bits"
	"time"
)

// histogram counts durations in buckets with a width of 1/64 of their value, so
// that its memory does not grow with the run.
type histogram struct {
	buckets [(64 - subBits) << subBits]int
	count   int
	max     time.Duration
}

const subBits = 6

func (h *histogram) add(d time.Duration) {
	d = max(d, 0)
	h.buckets[bucketOf(uint64(d))]++
	h.count++
	h.max = max(h.max, d)
}

// quantile returns the q-quantile of the durations, rounded up to a bucket, or
// 0 if there are none.
func (h *histogram) quantile(q float64) time.Duration {
	left := int(math.Ceil(q * float64(h.count)))
	for i, n := range h.buckets {
		left -= n
		if n > 0 && left <= 0 {
			return min(topOf(i), h.max)
		}
	}
	return h.max
}

// bucketOf returns the bucket of a value. Values below 2^subBits have a bucket
// each. Above, the highest bit selects a row and the next subBits a bucket in
// it.
func bucketOf(v uint64) int {
	row := max(bits.Len64(v)-subBits-1, 0)
	return row<<subBits + int(v>>row)
}

// topOf returns the largest value of a bucket.
func topOf(bucket int) time.Duration {
	row := max(bucket>>subBits-1, 0)
	return time.Duration((uint64(bucket-row<<subBits)+1)<<row - 1)
}
