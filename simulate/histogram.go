package simulate

import (
	"math"
	"math/bits"
	"time"
)

// histogram counts durations in buckets that are a 64th of their value wide, so
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

// quantile returns a duration that the part q of all are at most as long as, or
// 0 when there is none.
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

// bucketOf: values below 2^subBits have a bucket each; above, the highest bit
// chooses a row and the subBits below it a bucket in it.
func bucketOf(v uint64) int {
	row := max(bits.Len64(v)-subBits-1, 0)
	return row<<subBits + int(v>>row)
}

// topOf returns the largest value of a bucket.
func topOf(bucket int) time.Duration {
	row := max(bucket>>subBits-1, 0)
	return time.Duration((uint64(bucket-row<<subBits)+1)<<row - 1)
}
