package spool

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/peba-edge/peba/internal/rings"
)

// appendMany appends frames of so many bytes, in commits of 4096. Nobody else
// may append.
func appendMany(tb testing.TB, s *testSpool, frames, size int) {
	tb.Helper()
	s.append("first") // the writer rests after that
	group := make([]work, groupFrames)
	for n := 1; n < frames; n += len(group) {
		group = group[:min(len(group), frames-n)]
		for i := range group {
			group[i].data = fmt.Appendf(nil, "%0*d", size, n+i)
		}
		must(tb, s.writer.commit(group))
	}
}

// allocated returns what f has allocated, and what of it is still in use.
func allocated(f func()) (all, kept int64) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.GC()
	runtime.ReadMemStats(&after)
	return int64(after.TotalAlloc - before.TotalAlloc), int64(after.HeapAlloc) - int64(before.HeapAlloc)
}

// TestMillionFrames opens a backlog of a million frames, in many segments: Open
// may not read them, nor Stats, and none is kept in memory.
func TestMillionFrames(t *testing.T) {
	rings.Outer(t, "ten seconds")
	const frames = 1_000_000
	dir := t.TempDir()
	s := openTest(t, dir, Options{SegmentSize: 2 << 20})
	_, kept := allocated(func() { appendMany(t, s, frames, 100) })
	if kept > 4<<20 {
		t.Errorf("with a million frames %d bytes more are in use", kept)
	}
	segments := len(s.segments)
	s.close()

	all, kept := allocated(func() { s = openTest(t, dir, Options{}) })
	if all > int64(segments)*64<<10 || kept > 2<<20 {
		t.Errorf("Open of %d segments allocates %d bytes and keeps %d", segments, all, kept)
	}
	if st := s.Stats(); st.Frames != frames || st.Bytes != (frames-1)*100+5 || st.Oldest.IsZero() {
		t.Errorf("stats are %+v, want %d frames", st, frames)
	}
	s.append("fresh")
	s.want(s.take(Fresh, 1000), "fresh")
	seen := 0
	for range 3 {
		f := s.take(Oldest, 100_000)
		seen += len(f)
		must(t, s.Done(f))
	}
	if st := s.Stats(); st.Frames != int64(frames+1-seen) || seen < 2500 {
		t.Errorf("stats are %+v after %d of %d frames were delivered", st, seen, frames+1)
	}
}
