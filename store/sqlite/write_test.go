package sqlite

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/sqlitedb"
	"github.com/peba-edge/peba/store"
)

// onWriter runs f on the writer's connection.
func onWriter(t *testing.T, s *handle, f func(w *writer) error) {
	t.Helper()
	must(t, s.db.do(t.Context(), &job{work: f}))
}

// holdWriter keeps the writer busy until release is called.
func holdWriter(s *handle) (release func()) {
	held, free := make(chan bool), make(chan bool)
	go func() {
		_ = s.db.do(context.Background(), &job{work: func(*writer) error {
			close(held)
			<-free
			return nil
		}})
	}()
	<-held
	return func() { close(free) }
}

// waitForJobs returns when so many jobs wait for the writer, which is held.
func waitForJobs(s *handle, n int) {
	for s.db.writer.queue.Len() < n {
		runtime.Gosched()
	}
}

func TestFullDiskIsUnavailableAndHeals(t *testing.T) {
	s := openTest(t, emptyPath(t), store.Options{})
	must(t, s.Put(t.Context(), message(1, 50)))
	setLimit := func(pages string) {
		onWriter(t, s, func(w *writer) error {
			_, err := w.Number(context.Background(), "PRAGMA max_page_count = "+pages)
			return err
		})
	}
	setLimit("1") // SQLite takes the number of pages there are

	lost := message(2, 1000)
	if err := s.Put(t.Context(), lost); !errors.Is(err, store.ErrUnavailable) || !strings.Contains(err.Error(), s.db.path) {
		t.Errorf("Put: error is %v, want ErrUnavailable and the path", err)
	}
	if err := s.Ping(t.Context()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("Ping: error is %v, want ErrUnavailable", err)
	}
	if n := countAll(t, s); n != 50 {
		t.Errorf("%d alerts are there, want 50", n)
	}
	setLimit("1000000")
	must(t, s.Ping(t.Context()))
	must(t, s.Put(t.Context(), lost))
	sameAsPut(t, s, append(message(1, 50), lost...))
}

// sameAsPut compares all documents with those that were put: ids of dictionary
// rows that were rolled back would show here.
func sameAsPut(t *testing.T, s store.Store, records []alert.Record) {
	t.Helper()
	docs, err := s.Newest(t.Context(), store.Filter{Domain: store.Both}, 1<<20)
	must(t, err)
	want := make(map[string]alert.Document)
	for _, r := range records {
		want[r.ID] = r.Document
	}
	if len(docs) != len(want) {
		t.Errorf("%d alerts are there, want %d", len(docs), len(want))
	}
	for _, d := range docs {
		if d != want[d.ID] {
			t.Errorf("alert is %+v\nwant %+v", d, want[d.ID])
		}
	}
}

// TestBadJobCostsItsNeighboursNothing has three jobs in one group.
func TestBadJobCostsItsNeighboursNothing(t *testing.T) {
	s := openTest(t, emptyPath(t), store.Options{})
	records := message(1, 30)
	putJob := func(part []alert.Record) *job {
		return &job{work: func(w *writer) error {
			_, err := w.insert.records(part)
			return err
		}}
	}
	bad := errors.New("bad")
	jobs := []*job{
		putJob(records[:10]),
		{work: func(w *writer) error {
			if _, err := w.insert.records(records[10:20]); err != nil {
				return err
			}
			return bad
		}},
		putJob(records[20:]),
	}
	release := holdWriter(s)
	results := make([]chan error, len(jobs))
	for i, j := range jobs {
		results[i] = make(chan error, 1)
		go func() { results[i] <- s.db.do(t.Context(), j) }()
	}
	waitForJobs(s, len(jobs))
	release()
	for i, want := range []error{nil, bad, nil} {
		if err := <-results[i]; !errors.Is(err, want) {
			t.Errorf("job %d: error is %v, want %v", i, err, want)
		}
	}
	sameAsPut(t, s, append(records[:10:10], records[20:]...))
}

func TestCallerThatGivesUpStoresNothing(t *testing.T) {
	s := openTest(t, emptyPath(t), store.Options{})
	release := holdWriter(s)
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error)
	go func() { result <- s.Put(ctx, message(1, 10)) }()
	waitForJobs(s, 1)
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want %v", err, context.Canceled)
	}
	release()
	if must(t, s.Ping(t.Context())); countAll(t, s) != 0 {
		t.Error("the alerts of a caller that gave up are there")
	}
}

func TestPutNamesTheRecordWithoutID(t *testing.T) {
	s := openTest(t, emptyPath(t), store.Options{})
	records := message(1, 3)
	records[1].ID = ""
	err := s.Put(t.Context(), records)
	if err == nil || !strings.Contains(err.Error(), "record 2 of 3 has no id") {
		t.Errorf("error is %v", err)
	}
	if n := countAll(t, s); n != 0 {
		t.Errorf("%d alerts are there, want none", n)
	}
}

// TestManySensors has more sensors than a dictionary remembers.
func TestManySensors(t *testing.T) {
	const most = 10
	s := openTest(t, emptyPath(t), store.Options{})
	onWriter(t, s, func(w *writer) error {
		w.insert.sensors.most, w.insert.places.most = most, most
		return nil
	})
	records := message(1, 300)
	for i := range records {
		records[i].Hostname = fmt.Sprint("host ", i%25)
	}
	records[7].Hostname = strings.Repeat("long", dictionaryBytes)
	must(t, s.Put(t.Context(), records))
	onWriter(t, s, func(w *writer) error {
		for key := range w.insert.sensors.ids {
			if key[2] == records[7].Hostname {
				t.Error("the dictionary remembers a long name")
			}
		}
		if n := len(w.insert.sensors.ids); n == 0 || n > most {
			t.Errorf("the dictionary remembers %d sensors, want at most %d", n, most)
		}
		return nil
	})
	sameAsPut(t, s, records)
	if n := numberOf(t, s, "SELECT count(*) FROM sensors"); n != 26 {
		t.Errorf("there are %d sensors, want 26", n)
	}
}

// TestDescribeOnce: while a store is down, each message fails with the error of the
// last one, which must not grow with them.
func TestDescribeOnce(t *testing.T) {
	once := describe("write to", "peba.db", sqlitedb.ErrReplaced)
	if twice := describe("write to", "peba.db", once); twice.Error() != once.Error() || !errors.Is(twice, store.ErrUnavailable) {
		t.Errorf("error is %v, want %v", twice, once)
	}
}
