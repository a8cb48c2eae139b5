package sender

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/store"
)

// letterOf makes a dead letter of alert n.
func letterOf(t *testing.T, n int, reason string) letter {
	r := testAlert(n)
	return letter{index: testDay, documentID: r.ID, reason: reason, attempts: n, frame: frameOf(t, r)}
}

func listed(t *testing.T, d *DeadLetters, before int64, n int) []store.DeadLetter {
	t.Helper()
	letters, err := d.ListDeadLetters(t.Context(), before, n)
	if err != nil {
		t.Fatal(err)
	}
	return letters
}

func TestDeadLetters(t *testing.T) {
	dir := t.TempDir()
	d, err := OpenDeadLetters(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	odd := "ü \x1b[31m \x00 \xff\n'"
	for n := 1; n <= 25; n++ {
		if err := d.add(t.Context(), []letter{letterOf(t, n, fmt.Sprint(odd, n)), letterOf(t, 100+n, "no")}); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if d, err = OpenDeadLetters(t.Context(), dir, nil); err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if n, err := d.CountDeadLetters(t.Context()); err != nil || n != 50 {
		t.Errorf("count is %d, %v, want 50", n, err)
	}
	var pages []string
	for before := int64(0); ; {
		page := listed(t, d, before, 7)
		if len(page) == 0 {
			break
		}
		for _, l := range page {
			if l.Document != nil {
				t.Error("the list has documents")
			}
			pages = append(pages, l.DocumentID)
		}
		before = page[len(page)-1].ID
	}
	if len(pages) != 50 || pages[0] != testID(125) || pages[49] != testID(1) || len(slices.Compact(slices.Sorted(slices.Values(pages)))) != 50 {
		t.Errorf("the pages have %d letters: %v", len(pages), pages)
	}
	first := listed(t, d, 2, 7)[0]
	one, err := d.DeadLetter(t.Context(), first.ID)
	if err != nil {
		t.Fatal(err)
	}
	if one.Reason != odd+"1" || one.Index != testDay || one.Attempts != 1 || one.Time.IsZero() ||
		!strings.HasPrefix(string(one.Document), `{"peerIdent":"cowrie-01",`) {
		t.Errorf("the letter is %+v\n%s", one, one.Document)
	}
	if err := d.DropDeadLetter(t.Context(), first.ID); err != nil {
		t.Fatal(err)
	}
	for name, err := range map[string]error{
		"show":    func() error { _, err := d.DeadLetter(t.Context(), first.ID); return err }(),
		"drop":    d.DropDeadLetter(t.Context(), first.ID),
		"requeue": d.RequeueDeadLetter(t.Context(), first.ID),
	} {
		if !errors.Is(err, store.ErrNotFound) {
			t.Errorf("%s: error is %v, want ErrNotFound", name, err)
		}
	}
	if n, err := d.CountDeadLetters(t.Context()); err != nil || n != 49 {
		t.Errorf("count is %d, %v, want 49", n, err)
	}
	if info, err := os.Stat(filepath.Join(dir, deadLettersFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info.Mode(), err)
	}
}

// TestDeadLetterOnce keeps one letter a document, under a new id each time.
func TestDeadLetterOnce(t *testing.T) {
	d := newDeadLetters(t, nil)
	for i := range 3 {
		if err := d.add(t.Context(), []letter{letterOf(t, 1, fmt.Sprint("reason ", i))}); err != nil {
			t.Fatal(err)
		}
	}
	letters := listed(t, d, 0, 10)
	if len(letters) != 1 || letters[0].Reason != "reason 2" || letters[0].ID != 3 {
		t.Errorf("the letters are %+v", letters)
	}
}

// TestRequeueFails keeps the letter when the spool does not take it, and the later
// one when the document is refused again while it is being requeued.
func TestRequeueFails(t *testing.T) {
	full := errors.New("spool full")
	var d *DeadLetters
	requeue := func(context.Context, []byte) error { return full }
	d = newDeadLetters(t, func(ctx context.Context, frame []byte) error { return requeue(ctx, frame) })
	if err := d.add(t.Context(), []letter{letterOf(t, 1, "first")}); err != nil {
		t.Fatal(err)
	}
	if err := d.RequeueDeadLetter(t.Context(), 1); !errors.Is(err, full) {
		t.Errorf("error is %v, want %v", err, full)
	}
	if letters := listed(t, d, 0, 10); len(letters) != 1 {
		t.Fatalf("the letters are %+v", letters)
	}
	requeue = func(_ context.Context, frame []byte) error {
		alerts, err := decodeFrame(frame)
		if err != nil || len(alerts) != 1 || alerts[0].id != testID(1) {
			t.Errorf("the frame has %+v, %v", alerts, err)
		}
		return d.add(t.Context(), []letter{letterOf(t, 1, "second")})
	}
	if err := d.RequeueDeadLetter(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if letters := listed(t, d, 0, 10); len(letters) != 1 || letters[0].Reason != "second" {
		t.Errorf("the letters are %+v", letters)
	}
}

func TestOpenDeadLettersFails(t *testing.T) {
	dir := t.TempDir()
	d, err := OpenDeadLetters(t.Context(), dir, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.conn.Exec(t.Context(), "PRAGMA user_version = 7"); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenDeadLetters(t.Context(), dir, nil); err == nil || !strings.Contains(err.Error(), "its version is 7") {
		t.Errorf("error is %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, deadLettersFile), []byte(strings.Repeat("no database", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenDeadLetters(t.Context(), dir, nil); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("error is %v", err)
	}
	if _, err := OpenDeadLetters(t.Context(), filepath.Join(dir, "nowhere"), nil); err == nil {
		t.Error("a folder that does not exist is no error")
	}
}

// TestDeadLettersInterrupted ends the context of who writes letters at every
// moment of it, as a reload does. The next letter is taken all the same.
func TestDeadLettersInterrupted(t *testing.T) {
	d := newDeadLetters(t, nil)
	started := time.Now()
	must(t, d.add(t.Context(), []letter{letterOf(t, 0, "no")}))
	span := max(time.Since(started), time.Millisecond)
	for n := range 300 {
		ctx, cancel := context.WithTimeout(t.Context(), span*time.Duration(n)/200)
		err := d.add(ctx, []letter{letterOf(t, 1, "no")})
		cancel()
		if err != nil && !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("after %d letters: %v", n, err)
		}
	}
	must(t, d.add(t.Context(), []letter{letterOf(t, 2, "no")}))
	if n, err := d.CountDeadLetters(t.Context()); err != nil || n < 2 || n > 3 {
		t.Errorf("there are %d letters, %v", n, err)
	}
}

// TestDeadLettersFileReplaced keeps all letters when somebody deletes, moves or
// replaces the file while it is open.
func TestDeadLettersFileReplaced(t *testing.T) {
	for name, harm := range map[string]func(path string) error{
		"deleted": func(path string) error {
			return errors.Join(os.Remove(path), os.Remove(path+"-wal"), os.Remove(path+"-shm"))
		},
		"moved":       func(path string) error { return os.Rename(path, path+".moved") },
		"log deleted": func(path string) error { return os.Remove(path + "-wal") },
		"replaced": func(path string) error {
			return errors.Join(os.Remove(path), os.WriteFile(path, []byte("a backup"), 0o600))
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			d, err := OpenDeadLetters(t.Context(), dir, nil)
			must(t, err)
			must(t, d.add(t.Context(), []letter{letterOf(t, 1, "no")}))
			must(t, harm(d.path))
			must(t, d.add(t.Context(), []letter{letterOf(t, 2, "no")}))
			must(t, d.add(t.Context(), []letter{letterOf(t, 3, "no")}))
			must(t, d.Close())
			d, err = OpenDeadLetters(t.Context(), dir, nil)
			must(t, err)
			defer d.Close()
			if n := len(listed(t, d, 0, 10)); n != 3 {
				t.Errorf("%d letters are left, expected 3", n)
			}
		})
	}
}
