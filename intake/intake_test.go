package intake

import (
	"context"
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"
)

func source(n byte) netip.Prefix { return netip.PrefixFrom(netip.AddrFrom4([4]byte{192, 0, 2, n}), 32) }

const patience = 20 * time.Second

// enter enters and admits a body of total bytes.
func enter(t *testing.T, g *Gate, n byte, total int64) (*Body, error) {
	t.Helper()
	b, err := g.Enter(source(n))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Admit(t.Context(), total, patience); err != nil {
		b.Leave()
		return nil, err
	}
	return b, nil
}

func wantUsage(t *testing.T, g *Gate, want Usage) {
	t.Helper()
	if got := g.Usage(); got != want {
		t.Errorf("counted are %+v, want %+v", got, want)
	}
}

func TestUsage(t *testing.T) {
	g := NewGate()
	b, err := g.Enter(source(1))
	if err != nil {
		t.Fatal(err)
	}
	for i, step := range []struct {
		do   func() error
		want Usage
	}{
		{func() error { return nil }, Usage{Entry: MinCharge}},
		{func() error { return b.Grow(100) }, Usage{Entry: MinCharge}},
		{func() error { return b.Grow(MaxUnverified) }, Usage{Entry: MaxUnverified}},
		{func() error { return b.Admit(t.Context(), 10, 0) }, Usage{Small: MinCharge}},
		{func() error { return b.Grow(MaxSmall) }, Usage{Small: MaxSmall}},
		{func() error { return b.Grow(MaxSmall + 1) }, Usage{Large: MaxSmall + 1}},
		{func() error { b.Shrink(); return nil }, Usage{Large: MinCharge}},
		{func() error { b.Leave(); b.Leave(); return nil }, Usage{}},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		wantUsage(t, g, step.want)
	}
}

// TestUnverified bounds what is read of one body before it is admitted.
func TestUnverified(t *testing.T) {
	g := NewGate()
	b, err := g.Enter(source(1))
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Grow(MaxUnverified + 1); !errors.Is(err, ErrUnverified) {
		t.Errorf("error %v, want ErrUnverified", err)
	}
	b.Leave()
	wantUsage(t, g, Usage{})
}

// TestShares has one source take what it can of each room: it must leave room for
// others, and they for more.
func TestShares(t *testing.T) {
	for name, test := range map[string]struct {
		total int64 // 0 for bodies that are not admitted
		most  int
		rest  int // for a second source
	}{
		"entering": {0, entryRoom / MinCharge / 2, entryRoom / MinCharge / 4},
		"small":    {MaxSmall, 48, 12},
		"large":    {4 << 20, 24, 6},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := NewGate()
				take := func(n byte) (err error) {
					if test.total == 0 {
						_, err = g.Enter(source(n))
					} else {
						_, err = enter(t, g, n, test.total)
					}
					return err
				}
				for n, want := range []int{test.most, test.rest} {
					took := 0
					for take(byte(n)) == nil {
						took++
					}
					if took != want {
						t.Errorf("source %d took %d, want %d", n, took, want)
					}
				}
				if err := take(3); err != nil {
					t.Errorf("a third source: %v", err)
				}
			})
		})
	}
}

// TestFit makes room for one body of the largest size, whatever that is.
func TestFit(t *testing.T) {
	g := NewGate()
	const huge = 1 << 30
	g.Fit(huge)
	g.Fit(1) // another handler's
	if _, err := enter(t, g, 1, huge); err != nil {
		t.Error(err)
	}
}

func TestWaiting(t *testing.T) {
	const third = largeRoom / 3
	for name, test := range map[string]struct {
		after time.Duration // the first body leaves, or the request ends
		leave bool
		want  error
	}{
		"until there is room": {after: patience - 1, leave: true},
		"too long":            {after: patience + 1, leave: true, want: ErrCrowded},
		"and gone":            {after: 1, want: context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := NewGate()
				first, err := enter(t, g, 1, 2*third)
				if err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				time.AfterFunc(test.after, func() {
					if test.leave {
						first.Leave()
					} else {
						cancel()
					}
				})
				b, err := g.Enter(source(2))
				if err != nil {
					t.Fatal(err)
				}
				if err := b.Admit(ctx, 2*third, patience); !errors.Is(err, test.want) {
					t.Errorf("error %v, want %v", err, test.want)
				}
				small, err := enter(t, g, 2, MaxSmall)
				if err != nil {
					t.Error("a small body meanwhile:", err)
				}
				small.Leave()
				b.Leave()
				time.Sleep(2 * patience)
				first.Leave()
				if len(g.waiting) > 0 {
					t.Errorf("%d still wait", len(g.waiting))
				}
				wantUsage(t, g, Usage{})
			})
		})
	}
}

// TestFairWaiting does not let a body that cannot be admitted hold up others.
func TestFairWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewGate()
		hog, err := enter(t, g, 1, largeRoom/2)
		if err != nil {
			t.Fatal(err)
		}
		result := make(chan error)
		go func() { _, err := enter(t, g, 1, largeRoom/2); result <- err }()
		synctest.Wait()
		if _, err := enter(t, g, 2, 13<<20); err != nil {
			t.Error("another source:", err)
		}
		if err := <-result; !errors.Is(err, ErrCrowded) {
			t.Errorf("error %v, want ErrCrowded", err)
		}
		hog.Leave()
	})
}
