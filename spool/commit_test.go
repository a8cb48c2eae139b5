package spool

import (
	"context"
	"database/sql/driver"
	"errors"
	"strings"
	"testing"
)

var errSync = errors.New("the disk does not say that it has it")

// unsureConn is a connection whose next commit takes effect and fails: so does
// one of which all is written, and then the disk cannot be made to say so.
type unsureConn struct {
	driver.Conn
	failing bool
}

func (c *unsureConn) ExecContext(ctx context.Context, sql string, args []driver.NamedValue) (driver.Result, error) {
	result, err := c.Conn.(driver.ExecerContext).ExecContext(ctx, sql, args)
	if sql == "COMMIT" && c.failing {
		c.failing = false
		return nil, errors.Join(errSync, err)
	}
	return result, err
}

// failCommit makes the next commit of the active segment fail.
func (s *testSpool) failCommit() {
	c := s.writer.conn // the writer rests
	c.Conn = &unsureConn{Conn: c.Conn, failing: true}
}

// TestFailedCommit must not have anything written behind what a failed commit
// may have left.
func TestFailedCommit(t *testing.T) {
	dir := t.TempDir()
	s := openTest(t, dir, Options{})
	s.append("a")
	for range 3 {
		s.failCommit()
		if err := s.Append(t.Context(), []byte("unsure")); !errors.Is(err, errSync) {
			t.Fatalf("error is %v, want %v", err, errSync)
		}
		before := s.active().path
		s.append("b")
		if after := s.active().path; after == before {
			t.Errorf("what comes after a failed commit goes to the same file")
		}
	}
	s.want(s.take(Oldest, 10), "a", "b", "b", "b")
	s.close()

	s = openTest(t, dir, Options{})
	seen := map[string]int{}
	for _, f := range s.drain() {
		seen[string(f.Data)]++
	}
	if seen["a"] != 1 || seen["b"] != 3 {
		t.Errorf("frames are %v, want each that was accepted once", seen)
	}
	if names := strings.Join(filesIn(t, dir), " "); strings.Contains(names, setAside) {
		t.Errorf("files are %s: none is damaged", names)
	}
}

// TestFailedFirstCommit has a clock that is behind the ids, so that a new file
// could get the name of the one that is just being cleared away.
func TestFailedFirstCommit(t *testing.T) {
	s := openTest(t, t.TempDir(), Options{})
	s.writer.next = 1 << 60 // nothing is under way
	s.append("a")
	for range 3 {
		first := s.active()
		must(t, s.Done(s.take(Oldest, 1)))
		s.writer.leave()
		must(t, s.writer.begin())
		s.failCommit()
		if err := s.Append(t.Context(), []byte("unsure")); !errors.Is(err, errSync) {
			t.Fatalf("error is %v, want %v", err, errSync)
		}
		s.append("b")
		s.sealing.Wait()
		if now := s.active(); now.first <= first.last+1 {
			t.Errorf("ids go on at %d after %d: the file that is cleared away has them", now.first, first.last)
		}
	}
	s.want(s.drain(), "b")
}
