package simulate

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestHistogramQuantiles(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var h histogram
	all := make([]time.Duration, 10_000)
	for i := range all {
		all[i] = time.Duration(math.Exp(r.Float64()*20) * 1000)
		h.add(all[i])
	}
	slices.Sort(all)
	for _, q := range []float64{0.01, 0.5, 0.9, 0.99, 1} {
		want := all[int(math.Ceil(q*float64(len(all))))-1]
		if got := h.quantile(q); got < want || float64(got) > float64(want)*(1+1.0/64) {
			t.Errorf("quantile %g is %s, want %s or up to a 64th more", q, got, want)
		}
	}
	if h.max != all[len(all)-1] {
		t.Errorf("max %s, want %s", h.max, all[len(all)-1])
	}
}

func TestHistogramEdges(t *testing.T) {
	var h histogram
	if got := h.quantile(0.5); got != 0 {
		t.Errorf("an empty one gives %s", got)
	}
	for _, d := range []time.Duration{-1, 0, 1, 63, 64, 65, 127, 128, 129, time.Second, math.MaxInt64} {
		bucket := bucketOf(uint64(max(d, 0)))
		if d > 0 && (topOf(bucket) < d || topOf(bucket-1) >= d) {
			t.Errorf("%d is in the bucket of %d to %d", d, topOf(bucket-1)+1, topOf(bucket))
		}
		h.add(d)
	}
	if h.quantile(1) != math.MaxInt64 || h.quantile(0.01) != 0 {
		t.Errorf("from %s to %s", h.quantile(0.01), h.quantile(1))
	}
}
