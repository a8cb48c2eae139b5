package spool

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/internal/rings"
)

// drainAll is the helper process: it opens a backlog, and when it is told to it
// delivers all of it. It says when some of it cannot be read, and at the end how
// many frames were delivered and how many lost.
func drainAll(dir string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 4*time.Minute)
	defer cancel()
	s, err := Open(ctx, dir, Options{})
	if err != nil {
		return err
	}
	fmt.Println("ready")
	if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
		return err
	}
	seen, failed := map[string]bool{}, false
	for st := s.Stats(); st.Frames > 0; st = s.Stats() {
		if st.Unreadable > 0 && !failed {
			failed = true
			fmt.Println("failing")
		}
		turn, stop := context.WithTimeout(ctx, 100*time.Millisecond)
		frames, err := s.Take(turn, Oldest, 100_000)
		stop()
		if err != nil && ctx.Err() != nil {
			return err
		}
		for _, f := range frames {
			seen[string(f.Data)] = true
		}
		if err := s.Done(frames); err != nil {
			return err
		}
	}
	fmt.Printf("delivered %d, lost %d\n", len(seen), s.Stats().Lost)
	return nil
}

// TestReadsFail has the system fail all reads while a backlog is delivered, as a
// disk does that recovers.
func TestReadsFail(t *testing.T) {
	strace := rings.Tool(t, "strace", "sudo apt-get install strace")
	dir := t.TempDir()
	s := openTest(t, dir, Options{SegmentSize: 8 * minSegment})
	const frames = 2000
	appendMany(t, s, frames, 3000)
	s.close()

	helper := child(t, "drain", dir)
	stdin, err := helper.StdinPipe()
	must(t, err)
	stdout, err := helper.StdoutPipe()
	must(t, err)
	must(t, helper.Start())
	defer func() { _ = helper.Process.Kill() }()
	said := bufio.NewReader(stdout)
	wantLine(t, said, "ready")

	// strace injects the errors, and none any more when it is told to end.
	tracer := exec.Command(strace, "-f", "-e", "trace=pread64", "-e", "inject=pread64:error=EIO", "-p", strconv.Itoa(helper.Process.Pid))
	traced, err := tracer.StderrPipe()
	must(t, err)
	must(t, tracer.Start())
	defer func() { _ = tracer.Process.Kill() }()
	lines := bufio.NewReader(traced)
	line, err := lines.ReadString('\n')
	if err != nil || !strings.Contains(line, "attached") {
		t.Fatalf("strace says %q: %v", line, err)
	}
	ended := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, lines)
		ended <- err
	}()
	_, err = io.WriteString(stdin, "go\n")
	must(t, err)
	wantLine(t, said, "failing")
	must(t, tracer.Process.Signal(os.Interrupt))
	must(t, <-ended)
	_ = tracer.Wait() // says that it was interrupted

	wantLine(t, said, fmt.Sprintf("delivered %d, lost 0", frames))
	must(t, helper.Wait())
	for _, name := range filesIn(t, dir) {
		if strings.Contains(name, setAside) {
			t.Errorf("%s is set aside: it is intact", name)
		}
	}
}

func wantLine(t *testing.T, from *bufio.Reader, want string) {
	t.Helper()
	if line, err := from.ReadString('\n'); strings.TrimSpace(line) != want {
		t.Fatalf("the helper says %q (%v), expected %q", line, err, want)
	}
}
