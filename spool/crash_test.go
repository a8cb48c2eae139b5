package spool

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
)

// firstNumber is the environment variable with the first number that the
// helper process appends.
const firstNumber = "PEBA_SPOOL_TEST_FIRST"

// workForEver is the helper process: four appenders print "a NUMBER" when a
// frame is accepted, and two takers "d NUMBER" before they say that it is done.
func workForEver(dir string) {
	ctx := context.Background()
	s, err := Open(ctx, dir, Options{SegmentSize: 4 * minSegment})
	if err != nil {
		fmt.Println(err)
		return
	}
	first, _ := strconv.ParseInt(os.Getenv(firstNumber), 10, 64)
	var next atomic.Int64
	next.Store(first)
	failed := make(chan error)
	for range 4 {
		go func() {
			for {
				n := next.Add(1)
				if err := s.Append(ctx, fmt.Appendf(nil, "%d %s", n, strings.Repeat("x", int(n%7)*1500))); err != nil {
					failed <- err
				}
				fmt.Println("a", n) // one write, straight to the pipe
			}
		}()
	}
	for lane := range Lane(2) {
		go func() {
			for round := 0; ; round++ {
				frames, err := s.Take(ctx, lane, 10_000)
				if err != nil {
					failed <- err
				}
				if round%2 == 0 {
					s.Return(frames)
					continue
				}
				for _, f := range frames {
					fmt.Println("d", numberOf(f))
				}
				if err := s.Done(frames); err != nil {
					failed <- err
				}
			}
		}()
	}
	fmt.Println(<-failed)
}

func numberOf(f Frame) int64 {
	n, _ := strconv.ParseInt(strings.Fields(string(f.Data))[0], 10, 64)
	return n
}

// TestKilledAtWork kills a process that appends and delivers at any moment,
// again and again in the same folder. What was accepted was delivered or waits,
// once, and what may have been delivered says so.
func TestKilledAtWork(t *testing.T) {
	rounds := 5
	if more := os.Getenv("PEBA_TORTURE"); more != "" {
		var err error
		if rounds, err = strconv.Atoi(more); err != nil {
			t.Fatalf("PEBA_TORTURE: got %q, must be a number of rounds", more)
		}
	}
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(1, 1))
	accepted, delivered := map[int64]bool{}, map[int64]bool{}
	for round := range rounds {
		runAndKill(t, dir, int64(round)*1_000_000, 50+random.IntN(400), accepted, delivered)
	}
	s := openTest(t, dir, Options{})
	waiting := map[int64]bool{}
	for _, f := range s.drain() {
		n := numberOf(f)
		if waiting[n] {
			t.Errorf("frame %d waits twice", n)
		}
		waiting[n] = true
		if !f.Tried {
			t.Errorf("frame %d does not say that it may have been tried", n)
		}
	}
	for n := range accepted {
		if !waiting[n] && !delivered[n] {
			t.Errorf("frame %d was accepted and is lost", n)
		}
	}
	if len(accepted) < 50*rounds || len(delivered) == 0 {
		t.Errorf("%d frames were accepted and %d delivered: the test has tested nothing", len(accepted), len(delivered))
	}
}

// runAndKill runs the helper until it has accepted so many frames, and kills it.
func runAndKill(t *testing.T, dir string, first int64, frames int, accepted, delivered map[int64]bool) {
	t.Helper()
	cmd := child(t, "work", dir)
	cmd.Env = append(cmd.Env, fmt.Sprint(firstNumber, "=", first))
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	lines := bufio.NewReader(stdout)
	for n := 0; ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			break // killed, and all read
		}
		what, number, _ := strings.Cut(strings.TrimSpace(line), " ")
		id, err := strconv.ParseInt(number, 10, 64)
		switch {
		case err == nil && what == "a":
			accepted[id] = true
			if n++; n == frames {
				must(t, cmd.Process.Kill())
			}
		case err == nil && what == "d":
			delivered[id] = true
		default:
			_ = cmd.Process.Kill()
			t.Errorf("the helper says %q", line)
		}
	}
	_ = cmd.Wait() // says that it was killed
}

// child starts this binary as a helper process.
func child(t *testing.T, task, dir string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	must(t, err)
	cmd := exec.Command(self, dir)
	cmd.Env = append(os.Environ(), childTask+"="+task)
	cmd.Stderr = os.Stderr
	return cmd
}

func TestSecondProcessIsTurnedAway(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir, Options{})
	said, err := child(t, "open", dir).Output()
	must(t, err)
	if !strings.Contains(string(said), "another process has it open") || !strings.Contains(string(said), dir) {
		t.Errorf("the second process says %q", said)
	}
	s.append("a")
}
