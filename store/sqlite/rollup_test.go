package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/internal/rings"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/memory"
	"github.com/peba-edge/peba/store/storetest"
)

// rolled is what roll-ups are asked: windows, some of whole hours, over all
// that they count by.
func rolled(rng *rand.Rand, start time.Time) (store.Filter, store.Grouping) {
	k := kinds[rng.IntN(len(kinds))]
	f := store.Filter{Domain: store.Domain(rng.IntN(3)), Time: k.time, Web: k.web}
	moment := func() time.Time {
		at := start.Add(time.Duration(rng.IntN(6*24*3600))*time.Second - 24*time.Hour)
		return at.Truncate([]time.Duration{time.Second, 10 * time.Minute, time.Hour, 24 * time.Hour}[rng.IntN(4)])
	}
	if rng.IntN(3) > 0 {
		f.From = moment()
	}
	if rng.IntN(3) > 0 {
		f.To = moment()
	}
	if slices.Contains(k.by, store.PeerType) && rng.IntN(3) == 0 {
		f.PeerType = []string{"Webpage", "SSH/console(cowrie)", "none"}[rng.IntN(3)]
	}
	hours := []int{0, 0, 1, 2, 6, 7, 12, 24, 48, 7 * 24}
	g := store.Grouping{
		Bucket: time.Duration(hours[rng.IntN(len(hours))]) * time.Hour,
		Top:    []int{0, 0, 1, 2, 3, 10}[rng.IntN(6)],
	}
	if rng.IntN(3) == 0 {
		g.By = k.by
		return f, g
	}
	for range rng.IntN(3) {
		g.By = append(g.By, k.by[rng.IntN(len(k.by))])
	}
	return f, g
}

// recount answers a question from the alerts alone.
func recount(t *testing.T, s *handle, f store.Filter, g store.Grouping) []store.Group {
	t.Helper()
	var found []keyed
	must(t, s.db.snapshot(t.Context(), func(tx *sql.Tx) (err error) {
		found, err = groupAlerts(t.Context(), tx, f, g)
		return err
	}))
	return ranked(found, g)
}

// same asks the store and compares the answer.
func same(t *testing.T, what string, s, reference store.Store, f store.Filter, g store.Grouping) {
	t.Helper()
	got, err := s.Group(t.Context(), f, g)
	must(t, err)
	want, err := reference.Group(t.Context(), f, g)
	must(t, err)
	sameGroups(t, what, got, want, f, g)
}

func sameGroups(t *testing.T, what string, got, want []store.Group, f store.Filter, g store.Grouping) {
	t.Helper()
	if len(got) == 0 && len(want) == 0 || reflect.DeepEqual(got, want) {
		return
	}
	t.Fatalf("%s: %+v by %+v:\ngot  %v\nwant %v", what, f, g, got, want)
}

// TestRollupsAreARecount puts random alerts, with some sent again, late ones
// and early ones, in messages that share transactions and some that fail, and
// asks at random: the answer by roll-ups is that of the alerts and of the model.
func TestRollupsAreARecount(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			if seed > 0 {
				rings.Outer(t, "four seconds")
			}
			s := openTest(t, emptyPath(t), store.Options{})
			reference := memory.New(store.Options{})
			odd, rng := storetest.NewOdd(seed), rand.New(rand.NewPCG(seed, 7))
			for range 25 {
				for range 1 + rng.IntN(8) {
					message := odd.Message()
					must(t, s.Put(t.Context(), message))
					must(t, reference.Put(t.Context(), message))
				}
				if rng.IntN(3) == 0 { // rolled back after its alerts were counted
					failing(t, s, odd.Start())
				}
				if rng.IntN(4) == 0 { // as when very much has come
					must(t, s.db.do(t.Context(), &job{work: func(w *writer) error { return w.insert.tally.fold() }}))
				}
				for range 40 {
					f, g := rolled(rng, odd.Start())
					if _, ok := rollupFor(f, g); !ok && (f.To.IsZero() || f.From.IsZero()) {
						t.Fatalf("no roll-up answers %+v by %+v", f, g)
					}
					same(t, "the model", s, reference, f, g)
					got, err := s.Group(t.Context(), f, g)
					must(t, err)
					sameGroups(t, "the alerts", got, recount(t, s, f, g), f, g)
				}
			}
		})
	}
}

// failing puts alerts in a transaction that is rolled back.
func failing(t *testing.T, s *handle, at time.Time) {
	t.Helper()
	message := storetest.NewTraffic(9, 3).Message(at.Add(time.Hour), 20)
	err := s.db.do(t.Context(), &job{work: func(w *writer) error {
		if _, err := w.insert.records(message); err != nil {
			return err
		}
		return context.Canceled
	}})
	if err == nil {
		t.Fatal("the transaction is not rolled back")
	}
}

// TestArrivalsAreARecount asks in steps of five minutes, and more, from and to
// whole ones.
func TestArrivalsAreARecount(t *testing.T) {
	s := openTest(t, emptyPath(t), store.Options{})
	odd, rng := storetest.NewOdd(5), rand.New(rand.NewPCG(5, 7))
	step := arrivalSeconds * time.Second
	var asked int
	for range 30 {
		for range 5 {
			must(t, s.Put(t.Context(), odd.Message()))
		}
		failing(t, s, odd.Start())
		for range 20 {
			from := odd.Start().Add(time.Duration(rng.IntN(2000)-500) * step).Truncate(step)
			f := store.Filter{Domain: store.Domain(rng.IntN(3)), From: from, To: from.Add(time.Duration(1+rng.IntN(1000)) * step)}
			g := store.Grouping{Bucket: time.Duration([]int{1, 3, 5}[rng.IntN(3)]) * step, Top: rng.IntN(2)}
			if _, rolled := rollupFor(f, g); rolled || !byArrival(f, g) {
				t.Fatalf("not answered by arrivals: %+v by %+v", f, g)
			}
			got, err := s.Group(t.Context(), f, g)
			must(t, err)
			sameGroups(t, "the alerts", got, recount(t, s, f, g), f, g)
			asked += len(got)
		}
	}
	if asked < 1000 {
		t.Errorf("only %d groups in all", asked)
	}
}

// TestRollupsOutliveAlerts retires in the middle of an hour. What is asked of
// received time from then on is a recount; whole hours before it, and all of
// created time, are as if nothing had been retired.
func TestRollupsOutliveAlerts(t *testing.T) {
	s := openTest(t, emptyPath(t), store.Options{})
	all, left := memory.New(store.Options{}), memory.New(store.Options{})
	odd, rng := storetest.NewOdd(11), rand.New(rand.NewPCG(11, 7))
	var limit time.Time
	for round := range 12 {
		for range 20 {
			message := odd.Message()
			// What was retired and comes again is new, for all but the model of all.
			message = slices.DeleteFunc(message, func(r alert.Record) bool { return r.RecievedTime.Before(limit) })
			must(t, s.Put(t.Context(), fresh(t, all, message)))
			must(t, left.Put(t.Context(), fresh(t, all, message)))
			must(t, all.Put(t.Context(), message))
		}
		limit = odd.Start().Add(time.Duration(round) * 5 * 3001 * time.Second)
		must(t, s.Retire(t.Context(), limit))
		must(t, left.Retire(t.Context(), limit))
		for range 60 {
			f, g := rolled(rng, odd.Start())
			if _, ok := rollupFor(f, g); !ok {
				continue
			}
			switch {
			case f.Time == store.Received && (f.From.IsZero() || !f.From.Before(limit)):
				same(t, "alerts that are left", s, left, f, g)
			default:
				f.From, f.To = f.From.Truncate(time.Hour), f.To.Truncate(time.Hour)
				if f.Time == store.Created && f.From.IsZero() { // absurd clocks are forgotten
					f.From = odd.Start().AddDate(0, 0, -20).Truncate(time.Hour)
				}
				if f.Time == store.Received && f.From.IsZero() || !f.To.IsZero() && !f.From.Before(f.To) {
					continue
				}
				same(t, "all alerts ever", s, all, f, g)
			}
		}
	}
}

// fresh returns the records that a store does not have.
func fresh(t *testing.T, s store.Store, records []alert.Record) []alert.Record {
	t.Helper()
	docs, err := s.Newest(t.Context(), store.Filter{Domain: store.Both}, 1<<20)
	must(t, err)
	known := make(map[string]bool)
	for _, d := range docs {
		known[d.ID] = true
	}
	var kept []alert.Record
	for _, r := range records {
		if !known[r.ID] {
			known[r.ID] = true
			kept = append(kept, r)
		}
	}
	return kept
}

// TestRollupsAreDropped retires day by day for more than a year.
func TestRollupsAreDropped(t *testing.T) {
	s := openTest(t, emptyPath(t), store.Options{})
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	traffic := storetest.NewHistory(3)
	for week := range 70 {
		at := start.AddDate(0, 0, 7*week)
		message := traffic.Message(at.Add(5*time.Hour), 50)
		for i := range message {
			message[i].PeerType, message[i].ClientDomain = "Webpage", true
			message[i].OriginalRequestString = fmt.Sprint("/", week, "/", i)
			message[i].CreateTime = message[i].RecievedTime
		}
		must(t, s.Put(t.Context(), message))
		must(t, s.db.do(t.Context(), &job{work: func(w *writer) error { return errors.Join(w.insert.tally.flush(), w.insert.tally.fold()) }}))
		must(t, s.Retire(t.Context(), at.AddDate(0, 0, -28)))
	}
	end := start.AddDate(0, 0, 7*69)
	limit := end.AddDate(0, 0, -28)
	fine, coarse := limit.AddDate(0, 0, -28), limit.AddDate(0, -keepMonths, 0)
	for query, want := range map[string]int64{
		fmt.Sprint("SELECT count(*) FROM rollups WHERE width < 144 AND start < ", fine.Unix()/slotSeconds):                 0,
		fmt.Sprint("SELECT count(*) FROM rollups WHERE kind >= 7 AND start < ", fine.Unix()/slotSeconds):                   0,
		fmt.Sprint("SELECT count(*) FROM rollups WHERE start + 144 < ", coarse.Unix()/slotSeconds):                         0,
		fmt.Sprint("SELECT count(*) FROM rollups WHERE kind = 0 AND width = 144 AND start >= ", coarse.Unix()/slotSeconds): 61,
		fmt.Sprint("SELECT count(*) FROM arrivals WHERE start < ", limit.Unix()):                                           0,
		"SELECT count(*) FROM arrivals":                             5,
		"SELECT count(*) > 14 * 50 FROM rollup_keys WHERE kind = 8": 0,
	} {
		if n := numberOf(t, s, query); n != want {
			t.Errorf("%s: %d, want %d", query, n, want)
		}
	}
	n, err := s.Count(t.Context(), store.Filter{From: coarse.AddDate(0, 0, 7).Truncate(24 * time.Hour)})
	must(t, err)
	if n < 59*50 {
		t.Errorf("%d alerts of 13 months are counted, want at least %d", n, 59*50)
	}
}
