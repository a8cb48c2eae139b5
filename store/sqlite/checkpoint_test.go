package sqlite

import (
	"database/sql"
	"os"
	"testing"
	"time"

	"github.com/peba-edge/peba/store"
)

const mebibyte = 1 << 20

// TestLogStartsAnew writes many times what the log may hold.
func TestLogStartsAnew(t *testing.T) {
	t.Parallel()
	path := emptyPath(t)
	s := openTest(t, path, store.Options{})
	putMebibytes(t, s, 50)
	if size, most := logSize(t, path), int64(checkpointPages*4096+4*mebibyte); size > most {
		t.Errorf("the log has %d MiB, want at most %d", size/mebibyte, most/mebibyte)
	}
}

// TestLogIsBoundedWithoutAGapBetweenReaders writes while there is a reader at
// every moment, each starting before the one before it ends.
func TestLogIsBoundedWithoutAGapBetweenReaders(t *testing.T) {
	t.Parallel()
	path := emptyPath(t)
	s := openTest(t, path, store.Options{})
	stop, stopped := make(chan bool), make(chan error)
	started := make(chan bool)
	go func() { stopped <- readWithoutGap(s.db.readers, started, stop) }()
	<-started
	putMebibytes(t, s, 64)
	close(stop)
	must(t, <-stopped)
	if size, most := logSize(t, path), int64(48*mebibyte); size > most {
		t.Errorf("the log has %d MiB, want at most %d", size/mebibyte, most/mebibyte)
	}
}

// putMebibytes puts messages with a payload of a mebibyte each.
func putMebibytes(t *testing.T, s store.Store, n uint64) {
	t.Helper()
	data := make([]byte, mebibyte)
	for i := range n {
		m := message(i, 10)
		m[0].Payload = payloadOf(i, data)
		must(t, s.Put(t.Context(), m))
	}
}

func logSize(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path + "-wal")
	must(t, err)
	return info.Size()
}

// readWithoutGap keeps one read transaction open while it starts the next.
func readWithoutGap(readers *sql.DB, started, stop chan bool) error {
	var previous *sql.Tx
	for {
		tx, err := readers.Begin()
		if err != nil {
			return err
		}
		var n int
		if err := tx.QueryRow("SELECT count(*) FROM alerts").Scan(&n); err != nil {
			return err
		}
		if previous == nil {
			close(started)
		} else if err := previous.Rollback(); err != nil {
			return err
		}
		previous = tx
		select {
		case <-stop:
			return previous.Rollback()
		case <-time.After(5 * time.Millisecond): // the time of a query
		}
	}
}
