package query

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// replayed is an answer of replay.
type replayed struct {
	From, To string
	Count    int64
	Alerts   []struct{ ID, DateCreated string }
}

// askReplayed asks for the five minutes from 23:40 on; id is the last number of ids.
func askReplayed(t *testing.T, s store.Store, ci string) (r replayed, ids []string) {
	t.Helper()
	body := answer(t, s, "replay", "from=2026-11-23 23:40:00&ci="+ci)
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	if strings.Contains(body, "8.8.8.8") {
		t.Errorf("a source address: %s", body)
	}
	if !slices.IsSortedFunc(r.Alerts, func(a, b struct{ ID, DateCreated string }) int { return strings.Compare(a.DateCreated, b.DateCreated) }) {
		t.Errorf("not oldest first: %s", body)
	}
	for _, a := range r.Alerts {
		ids = append(ids, strings.TrimLeft(a.ID, "0"))
	}
	return r, ids
}

// What is in the five minutes, of whom, and in what order.
func TestReplay(t *testing.T) {
	private := received(t, "2026-11-23 23:42:00")
	private.ClientDomain = false
	s := filled(t, received(t, "2026-11-23 23:39:59"), received(t, "2026-11-23 23:44:59"), private,
		received(t, "2026-11-23 23:40:00"), received(t, "2026-11-23 23:45:00"))
	for ci, want := range map[string][]string{"1": {"3", "1"}, "0": {"2"}, "-1": {"3", "2", "1"}} {
		r, ids := askReplayed(t, s, ci)
		if r.From != "2026-11-23 23:40:00" || r.To != "2026-11-23 23:45:00" || r.Count != int64(len(want)) || !slices.Equal(ids, want) {
			t.Errorf("ci=%s: %+v, want %v", ci, r, want)
		}
	}
}

// Of many alerts there is an even choice; of very many, one of the last of each
// slice, and no more than that is read.
func TestReplayChooses(t *testing.T) {
	var docs []alert.Document
	for i := range 30 { // in one slice
		docs = append(docs, received(t, fmt.Sprintf("2026-11-23 23:40:1%d", i/3)))
	}
	docs = append(docs, received(t, "2026-11-23 23:40:20"))
	s := filled(t, docs...)
	r, ids := askReplayed(t, s, "1")
	if r.Count != 31 || len(ids) != shownPerSlice+1 || ids[0] != "0" && ids[0] != "" || ids[shownPerSlice] != "1e" {
		t.Errorf("%d alerts, shown %v", r.Count, ids)
	}
	seconds := make(map[string]bool)
	for _, a := range r.Alerts {
		seconds[a.DateCreated] = true
	}
	if len(seconds) != shownPerSlice+1 {
		t.Errorf("alerts of %d seconds are shown, want one of each: %v", len(seconds), r.Alerts)
	}

	for range readWhole {
		docs = append(docs, received(t, "2026-11-23 23:44:30"))
	}
	busy := &countingReader{Reader: filled(t, docs...)}
	in := Input{Reader: busy, Now: at(t, asked), Args: parse(t, question(t, "replay"), "from=2026-11-23 23:40:00"),
		Settings: Settings{Retention: oneDay}}
	body, err := askReplay(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	r = replayed{}
	if err := json.Unmarshal(body, &r); err != nil {
		t.Fatal(err)
	}
	if r.Count != readWhole+31 || len(r.Alerts) != 2*shownPerSlice+1 {
		t.Errorf("%d alerts, %d shown", r.Count, len(r.Alerts))
	}
	slices.Sort(busy.asked)
	if want := []int{readPerSlice, readPerSlice, readPerSlice}; !slices.Equal(busy.asked, want) {
		t.Errorf("so many alerts were asked for: %v, want %v", busy.asked, want)
	}
}

// countingReader notes how many alerts are asked for.
type countingReader struct {
	store.Reader
	mu    sync.Mutex
	asked []int
}

func (r *countingReader) Newest(ctx context.Context, f store.Filter, n int, fields ...string) ([]alert.Document, error) {
	r.mu.Lock()
	r.asked = append(r.asked, n)
	r.mu.Unlock()
	return r.Reader.Newest(ctx, f, n, fields...)
}

// Days are divided into steps, and what is to come is empty, without a question
// to the store.
func TestReplayDay(t *testing.T) {
	s := filled(t, received(t, "2026-11-22 23:59:59"), received(t, "2026-11-23 00:00:00"), received(t, "2026-11-23 00:04:59"),
		received(t, "2026-11-23 00:05:00"), received(t, asked))
	var day struct {
		From, To string
		Step     int
		Alerts   []int64
	}
	if err := json.Unmarshal([]byte(answer(t, s, "replayDay", "")), &day); err != nil {
		t.Fatal(err)
	}
	want := make([]int64, 288)
	want[0], want[1], want[285] = 2, 1, 1
	if day.From != "2026-11-23 00:00:00" || day.To != "2026-11-24 00:00:00" || day.Step != 300 || !slices.Equal(day.Alerts, want) {
		t.Errorf("%+v", day)
	}
}

// The store is asked only about times of which something can be there.
func TestReplayAsksForWhatIsKept(t *testing.T) {
	for _, test := range []struct {
		name, values string
		asks         bool
	}{
		{"replayDay", "day=20261124", false},
		{"replayDay", "day=20261123", true},
		{"replayDay", "day=20261022", false},
		{"replayDay", "day=20261026", true}, // the end of it is kept
		{"replayDay", "day=20261025", false},
		{"replayDay", "day=00001124", false},
		{"replay", "from=2026-11-23 23:50:00", false},
		{"replay", "from=2026-11-23 23:45:00", true},
		{"replay", "from=2026-10-26 23:45:00", true},
		{"replay", "from=2026-10-26 23:40:00", false},
		{"replay", "from=0000-11-23 23:50:00", false},
	} {
		q := question(t, test.name)
		in := Input{Reader: brokenReader{}, Now: at(t, asked), Args: parse(t, q, test.values), Settings: Settings{Retention: 28 * oneDay}}
		if _, err := q.Ask(t.Context(), in); errors.Is(err, store.ErrUnavailable) != test.asks {
			t.Errorf("%s?%s: error is %v, want the store asked: %t", test.name, test.values, err, test.asks)
		}
	}
}
