package query

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/memory"
)

func TestStatistic(t *testing.T) {
	st := memory.New(store.Options{})
	hour := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	n := 0
	put := func(received time.Time, peerType, ident, hostname, target string, community bool) {
		t.Helper()
		n++
		d := alert.Document{
			ID: fmt.Sprintf("%032x", n), PeerType: peerType, PeerIdent: ident, Hostname: hostname, TargetEntryIP: target,
			CreateTime: alert.At(received), RecievedTime: alert.At(received), ClientDomain: community,
		}
		if err := st.Put(context.Background(), []alert.Record{{Document: d}}); err != nil {
			t.Fatal(err)
		}
	}
	// One host by name with two daemons, two by address.
	put(hour, "Webpage", "tanner-1", "a", "192.0.2.1", true)
	put(hour.Add(time.Hour-time.Second), "Webpage", "tanner-1", "a", "192.0.2.2", true)
	put(hour.Add(time.Minute), "SSH/console(cowrie)", "cowrie-1", "a", "192.0.2.1", true)
	put(hour.Add(time.Minute), "Webpage", "tanner-1", "undefined", "192.0.2.3", true)
	put(hour.Add(time.Minute), "Webpage", "tanner-1", "undefined", "192.0.2.4", true)
	// Neither this hour's nor the community's.
	put(hour.Add(-time.Second), "Webpage", "tanner-1", "b", "192.0.2.1", true)
	put(hour.Add(time.Hour), "Webpage", "tanner-1", "b", "192.0.2.1", true)
	put(hour.Add(time.Minute), "Webpage", "tanner-1", "b", "192.0.2.1", false)

	got, err := Statistic(t.Context(), st, hour)
	if err != nil {
		t.Fatal(err)
	}
	if !got.From.Equal(hour) || !got.To.Equal(hour.Add(59*time.Minute+59*time.Second)) {
		t.Errorf("from %v to %v", got.From, got.To)
	}
	want := map[string]float64{
		"comm_totalNumberAlerts": 5, "comm_totalNumberHoneypots": 3, "comm_totalNumberDaemons": 4, "comm_totalRatio": 1.25,
		"comm_totalAlerts_Webpage": 4, "comm_totalHPs_Webpage": 3, "comm_ratio_Webpage": 1.333,
		"comm_totalAlerts_SSH/console(cowrie)": 1, "comm_totalHPs_SSH/console(cowrie)": 1, "comm_ratio_SSH/console(cowrie)": 1,
	}
	if len(got.Values) != len(want) {
		t.Errorf("values %v", got.Values)
	}
	for name, v := range want {
		if got.Values[name] != v {
			t.Errorf("%s is %v, want %v", name, got.Values[name], v)
		}
	}

	empty, err := Statistic(t.Context(), st, hour.Add(-24*time.Hour))
	if err != nil || empty.Values["comm_totalRatio"] != 0 || len(empty.Values) != 4 {
		t.Errorf("an empty hour: %v, %v", empty.Values, err)
	}
}

func TestMissingHours(t *testing.T) {
	st := memory.New(store.Options{})
	hour := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	missing := func(earliest, end time.Time) string {
		t.Helper()
		hours, err := MissingHours(t.Context(), st, earliest, end)
		if err != nil {
			t.Fatal(err)
		}
		var text string
		for _, h := range hours {
			text += h.Format("15 ")
		}
		return text
	}
	if got := missing(hour.Add(-time.Hour), hour.Add(5*time.Hour)); got != "" {
		t.Errorf("an empty store misses %q", got)
	}
	for i, at := range []time.Time{hour.Add(30 * time.Minute), hour.Add(3 * time.Hour)} {
		d := alert.Document{ID: fmt.Sprintf("%032x", i), ClientDomain: true, RecievedTime: alert.At(at), CreateTime: alert.At(at)}
		if err := st.Put(t.Context(), []alert.Record{{Document: d}}); err != nil {
			t.Fatal(err)
		}
	}
	if got := missing(hour.Add(-24*time.Hour), hour.Add(4*time.Hour+time.Minute)); got != "10 11 12 13 " {
		t.Errorf("missing %q, want every hour since the first alert that is over", got)
	}
	if err := st.PutRecords(t.Context(), store.Statistic{From: hour.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if got := missing(hour.Add(-24*time.Hour), hour.Add(4*time.Hour-time.Second)); got != "10 12 " {
		t.Errorf("missing %q, want those that are over and have no record", got)
	}
	if got := missing(hour.Add(time.Hour), hour.Add(4*time.Hour)); got != "13 " {
		t.Errorf("missing %q, want none before the first alert since the earliest hour", got)
	}
}
