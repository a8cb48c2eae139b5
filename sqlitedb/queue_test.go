package sqlitedb

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
)

func TestGroupsHaveLimits(t *testing.T) {
	const limitRows, limitBytes = 4096, 8 << 20
	tests := []struct {
		name        string
		rows, bytes int
		want        []int // jobs in each group
	}{
		{"all that wait", 100, 1, []int{10}},
		{"rows", limitRows / 4, 1, []int{4, 4, 2}},
		{"bytes", 1, limitBytes/3 + 1, []int{3, 3, 3, 1}},
		{"one that is too long", limitRows * 2, 1, []int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			q := NewQueue[int](limitRows, limitBytes)
			for range 10 {
				q.jobs <- &job[int]{rows: test.rows, bytes: test.bytes}
			}
			var got []int
			for q.Len() > 0 {
				got = append(got, len(q.gather(<-q.jobs)))
			}
			if fmt.Sprint(got) != fmt.Sprint(test.want) {
				t.Errorf("groups have %v jobs, want %v", got, test.want)
			}
		})
	}
}

// TestQueue holds the goroutine with a first job and lets others gather: a bad
// one fails alone, one whose caller gave up is not done at all.
func TestQueue(t *testing.T) {
	held, free, served := make(chan bool), make(chan bool), make(chan bool)
	bad := errors.New("bad")
	var committed []string
	q := NewQueue[string](100, 100)
	go func() {
		defer close(served)
		q.Serve(func(group []string) error {
			for _, work := range group {
				switch work {
				case "hold":
					close(held)
					<-free
				case "bad":
					return bad
				}
			}
			committed = append(committed, group...)
			return nil
		}, func() {})
	}()
	do := func(ctx context.Context, work string) chan error {
		result, before := make(chan error, 1), q.Len()
		go func() { result <- q.Do(ctx, work, 1, 1) }()
		if work == "hold" {
			<-held
			return result
		}
		for q.Len() == before {
			runtime.Gosched()
		}
		return result
	}
	hold := do(t.Context(), "hold")
	one := do(t.Context(), "one")
	ctx, cancel := context.WithCancel(t.Context())
	leaver := do(ctx, "leaver")
	wrong := do(t.Context(), "bad")
	two := do(t.Context(), "two")
	cancel()
	if err := <-leaver; !errors.Is(err, context.Canceled) {
		t.Errorf("a caller that gives up gets %v, want %v", err, context.Canceled)
	}
	if err := q.Do(ctx, "late", 1, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("a caller whose context has ended gets %v, want %v", err, context.Canceled)
	}
	close(free)
	for name, r := range map[string]struct{ got, want error }{
		"hold": {<-hold, nil}, "one": {<-one, nil}, "bad": {<-wrong, bad}, "two": {<-two, nil},
	} {
		if !errors.Is(r.got, r.want) {
			t.Errorf("%s: error is %v, want %v", name, r.got, r.want)
		}
	}
	q.Close()
	<-served
	if got, want := fmt.Sprint(committed), "[hold one two]"; got != want {
		t.Errorf("committed are %s, want %s", got, want)
	}
}
