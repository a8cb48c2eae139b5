package sqlite

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

const crashBatch = 10

// crashMessage is a message by number; its alerts tell which one they are of.
func crashMessage(number uint64) []alert.Record {
	m := message(number, crashBatch)
	for i := range m {
		m[i].ID = fmt.Sprintf("%016x%016x", number, i)
		m[i].Hostname = fmt.Sprint(number)
	}
	return m
}

// putForEver is the helper process: four senders put messages and print their
// numbers when they are acknowledged. It ends at the first error, or prints it
// and goes on; then it prints its own number first.
func putForEver(path string, end bool) {
	if !end {
		fmt.Println(os.Getpid())
	}
	s, err := open(parentless, path, store.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	first, _ := strconv.ParseUint(os.Getenv("PEBA_SQLITE_TEST_FIRST"), 10, 64)
	var mu sync.Mutex
	next := first
	for range 4 {
		go func() {
			for {
				mu.Lock()
				number := next
				next++
				mu.Unlock()
				if err := s.Put(parentless, crashMessage(number)); err != nil {
					fmt.Println(strings.ReplaceAll(err.Error(), "\n", " "))
					if end {
						os.Exit(1)
					}
					continue
				}
				fmt.Println(number) // one write, straight to the pipe
			}
		}()
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
}

// TestKilledWhileWriting kills a writing process at any moment, again and again
// on the same file. All that was acknowledged must be there once, and of the
// rest whole messages or nothing.
func TestKilledWhileWriting(t *testing.T) {
	t.Parallel()
	const kills = 6
	path := emptyPath(t)
	rng := rand.New(rand.NewPCG(1, 1))
	acknowledged := make(map[uint64]bool)
	for kill := range uint64(kills) {
		for _, number := range runAndKill(t, path, kill*1_000_000, 1+rng.IntN(60)) {
			acknowledged[number] = true
		}
	}

	s := openTest(t, path, store.Options{})
	groups, err := s.Group(t.Context(), store.Filter{Domain: store.Both}, store.Grouping{By: []store.Dimension{store.Hostname}})
	must(t, err)
	stored := make(map[uint64]bool)
	for _, g := range groups {
		number, err := strconv.ParseUint(g.Key[0], 10, 64)
		must(t, err)
		stored[number] = true
		if g.Count != crashBatch {
			t.Errorf("of message %d there are %d alerts, want %d", number, g.Count, crashBatch)
		}
	}
	for number := range acknowledged {
		if !stored[number] {
			t.Errorf("message %d was acknowledged and is lost", number)
		}
	}
	if len(acknowledged) < kills {
		t.Errorf("only %d messages were acknowledged: the test has tested nothing", len(acknowledged))
	}
	var sound string
	must(t, s.db.readers.QueryRow("PRAGMA integrity_check").Scan(&sound))
	if sound != "ok" {
		t.Errorf("the file is damaged: %s", sound)
	}
}

// runAndKill runs a writer until it has acknowledged so many messages, kills
// it in the midst of the next, and returns all that it acknowledged.
func runAndKill(t *testing.T, path string, first uint64, messages int) (acknowledged []uint64) {
	t.Helper()
	cmd := child(t, "put", path)
	cmd.Env = append(cmd.Env, fmt.Sprint("PEBA_SQLITE_TEST_FIRST=", first))
	stdin, err := cmd.StdinPipe()
	must(t, err)
	defer stdin.Close()
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	lines := bufio.NewReader(stdout)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			break // killed, and all read; half a line was not acknowledged
		}
		number, err := strconv.ParseUint(strings.TrimSpace(line), 10, 64)
		if err != nil {
			t.Fatalf("the writer says %q", line)
		}
		acknowledged = append(acknowledged, number)
		if len(acknowledged) == messages {
			must(t, cmd.Process.Kill())
		}
	}
	_ = cmd.Wait() // says that it was killed
	return acknowledged
}
