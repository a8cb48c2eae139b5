package spool

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestOrder(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir, Options{})
	s.append("a", "b", "c", "d")
	s.want(s.take(Oldest, 3), "a", "b", "c")
	d := s.take(Fresh, 100)
	s.want(d, "d")
	if !s.nothing(Oldest) || !s.nothing(Fresh) {
		t.Error("frames are out to two takers")
	}
	s.Return(d)
	s.Return(d) // not out any more
	s.want(s.take(Oldest, 0), "!d")
}

func TestReopen(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir, Options{})
	s.append("a", "b", "c", "d", "e")
	f := s.take(Oldest, 4)
	must(t, s.Done(f[1:2]))
	must(t, s.Done(f[3:]))
	s.Return(f[2:3])
	s.close()

	s = openTest(t, dir, Options{})
	if st := s.Stats(); st.Frames != 3 || st.Bytes != 3 {
		t.Errorf("stats are %+v, want 3 frames of 3 bytes", st)
	}
	if !s.nothing(Fresh) {
		t.Error("what was found at Open is fresh")
	}
	s.append("f")
	s.want(s.take(Fresh, 100), "f")
	s.want(s.drain(), "!a", "!c", "!e")
	s.close()

	s = openTest(t, dir, Options{})
	f = s.take(Oldest, 100)
	s.want(f, "!f")
	must(t, s.Done(f))
	s.close()
	if names := filesIn(t, dir); len(names) > 0 {
		t.Errorf("all is done and %v are left", names)
	}

	s = openTest(t, dir, Options{})
	s.append("g")
	if g := s.take(Oldest, 100)[0]; g.ID <= f[0].ID || g.Tried {
		t.Errorf("frame after all were done is %+v, the last before was %d", g, f[0].ID)
	}
}

func TestDoneOfWhatIsNotOut(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{})
	s.append("a")
	f := s.take(Oldest, 1)
	err := s.Done([]Frame{{ID: 17}, f[0]})
	if err == nil || !strings.Contains(err.Error(), "frame 17 is not in flight") {
		t.Errorf("error is %v", err)
	}
	if st := s.Stats(); st.Frames != 0 || st.Bytes != 0 || !st.Oldest.IsZero() {
		t.Errorf("stats are %+v, want none", st)
	}
	if err := s.Done(f); err == nil {
		t.Error("a frame can be done twice")
	}
}

// TestLanes forms a backlog.
func TestLanes(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{})
	big := strings.Repeat("x", 1<<20)
	for i := range 6 {
		s.append(fmt.Sprint(i) + big)
	}
	initials := func(frames []Frame) (all string) {
		for _, f := range frames {
			all += string(f.Data[:1])
		}
		return all
	}
	fresh := s.take(Fresh, 10<<20)
	if got := initials(fresh); got != "4" && got != "5" && got != "45" {
		t.Errorf("fresh after 6 MiB are %q", got)
	}
	s.Return(fresh)
	s.append("a", "b")
	fresh = s.take(Fresh, 10<<20)
	if got := initials(fresh); !strings.HasSuffix(got, "ab") || strings.ContainsAny(got, "0123") {
		t.Errorf("fresh are %q, want the last in their order", got)
	}
	must(t, s.Done(fresh))
	if !s.nothing(Fresh) {
		t.Error("the fresh lane serves the backlog")
	}
	old := s.take(Oldest, 3<<20+3)
	if got := initials(old); got != "012" {
		t.Errorf("oldest are %q, want 012", got)
	}
	must(t, s.Done(old))
	s.append("c")
	s.drain()
	s.append("d")
	s.want(s.take(Fresh, 10), "d")
	s.append("e")
	s.want(s.take(Oldest, 10), "e")
}

// TestTakeWaits has a taker before there is a frame, and one whose context ends.
func TestTakeWaits(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{})
	got := make(chan []Frame)
	for _, lane := range []Lane{Oldest, Fresh} {
		go func() {
			f, err := s.Take(t.Context(), lane, 1)
			if err != nil {
				t.Error(err)
			}
			got <- f
		}()
	}
	s.append("a", "b")
	one, other := <-got, <-got
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error)
	go func() {
		_, err := s.Take(ctx, Oldest, 100)
		result <- err
	}()
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want %v", err, context.Canceled)
	}
	if err := s.WaitEmpty(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("WaitEmpty: error is %v, want %v", err, context.Canceled)
	}
	go func() { result <- s.WaitEmpty(t.Context()) }()
	must(t, s.Done(append(one, other...)))
	must(t, <-result)
}

func TestClosed(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{})
	s.append("a")
	out := s.take(Oldest, 1)
	results := make(chan error)
	go func() { _, err := s.Take(t.Context(), Fresh, 1); results <- err }()
	go func() { results <- s.WaitEmpty(t.Context()) }()
	s.close()
	for range 2 {
		if err := <-results; !errors.Is(err, ErrClosed) {
			t.Errorf("error is %v, want %v", err, ErrClosed)
		}
	}
	if err := s.Append(t.Context(), []byte("b")); !errors.Is(err, ErrClosed) {
		t.Errorf("Append: error is %v, want %v", err, ErrClosed)
	}
	if err := s.Done(out); !errors.Is(err, ErrClosed) {
		t.Errorf("Done: error is %v, want %v", err, ErrClosed)
	}
	s.Return(out)
	s.close()
}

func TestStats(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir, Options{})
	before := time.Now().Truncate(time.Microsecond)
	s.append("a")
	between := time.Now()
	time.Sleep(time.Millisecond)
	s.append("bcd")
	check := func(frames, bytes int64, isFirst bool) {
		t.Helper()
		st := s.Stats()
		if st.Frames != frames || st.Bytes != bytes || st.Disk < bytes {
			t.Errorf("stats are %+v, want %d frames of %d bytes", st, frames, bytes)
		}
		if st.Oldest.Before(before) || st.Oldest.Before(between) != isFirst {
			t.Errorf("oldest is of %v; appended was at %v and after %v", st.Oldest, before, between)
		}
	}
	check(2, 4, true)
	a := s.take(Oldest, 1)
	check(2, 4, true)
	must(t, s.Done(a))
	check(1, 3, false)
	s.close()
	s = openTest(t, dir, Options{})
	check(1, 3, false)
}
