package query

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/memory"
)

// brokenReader is a store that is down.
type brokenReader struct{ store.Reader }

func (brokenReader) Newest(context.Context, store.Filter, int, ...string) ([]alert.Document, error) {
	return nil, store.ErrUnavailable
}

func (brokenReader) Count(context.Context, store.Filter) (int64, error) {
	return 0, store.ErrUnavailable
}

func (brokenReader) Group(context.Context, store.Filter, store.Grouping) ([]store.Group, error) {
	return nil, store.ErrUnavailable
}

func (brokenReader) ListRecords(context.Context, store.Kind, store.Listing, func(store.Record) error) error {
	return store.ErrUnavailable
}

func TestDatasetFillsGaps(t *testing.T) {
	tests := []struct {
		name, query string
		created     []string
		want        string
	}{
		{"between the first and the last day", "days=7",
			[]string{"2026-11-20 23:59:59", "2026-11-18 00:00:00", "2026-11-20 00:00:00"},
			`{"2026-11-18 00:00:00":1,"2026-11-19 00:00:00":0,"2026-11-20 00:00:00":2}`},
		{"from a month ago, and in the future", "",
			[]string{"2026-10-22 23:59:59", "2026-11-22 01:00:00", "2026-11-24 01:00:00"},
			`{"2026-11-22 00:00:00":1,"2026-11-23 00:00:00":0,"2026-11-24 00:00:00":1}`},
		{"not between a clock that is absurd and others", "days=99999999999",
			[]string{"0002-01-01 00:00:00", "1999-12-30 00:00:00", "2000-01-02 00:00:00"},
			`{"0002-01-01 00:00:00":1,"1999-12-30 00:00:00":1,"2000-01-01 00:00:00":0,"2000-01-02 00:00:00":1}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var docs []alert.Document
			for _, c := range tt.created {
				docs = append(docs, created(t, c))
			}
			want := `[{"datasetAlertsPerMonth":` + tt.want + "}]\n"
			if got := answer(t, filled(t, docs...), "datasetAlertsPerMonth", tt.query); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestTops(t *testing.T) {
	var docs []alert.Document
	add := func(n int, request, port, when string, community bool) {
		for range n {
			d := received(t, when)
			d.OriginalRequestString, d.TargetEntryPort, d.ClientDomain = request, port, community
			docs = append(docs, d)
		}
	}
	add(5, "", "22", "2026-11-23 23:00:00", true)
	add(2, "/b", "80", "2026-11-23 23:46:05", true)
	add(1, "/b", "80", "2026-11-22 23:46:05", true)
	add(3, "/a", "81", "2026-11-23 00:59:59", true)
	add(4, "/old", "82", "2026-11-22 23:46:04", true)
	add(9, "/private", "83", "2026-11-23 12:00:00", false)
	ssh := received(t, asked)
	ssh.PeerType, ssh.OriginalRequestString, ssh.TargetEntryPort = "SSH/console(cowrie)", "/a", "22"
	wordpot := received(t, asked)
	wordpot.PeerType, wordpot.OriginalRequestString, wordpot.TargetEntryPort = "Web(wordpot)", "/a", "81"
	for range 20 {
		add(1, "", "None", asked, true)
		add(1, "", "0", asked, true)
	}
	s := filled(t, append(docs, ssh, wordpot)...)

	tests := []struct {
		query string
		ranks string // key:total, in order
		slots int
	}{
		{"type=urls", "/a:4 /b:3", 25},
		{"type=urls&topx=1", "/a:4", 25},
		{"type=urls&ci=0", "/private:9", 25},
		{"type=urls&ci=-1&topx=2", "/private:9 /a:4", 25},
		{"type=urls&days=7", "/a:4 /old:4 /b:3", 28},
		{"type=urls&days=28", "/a:4 /old:4 /b:3", 28},
		{"type=destports", "22:6 81:4 80:3", 25},
		{"type=destports&topx=1", "22:6", 25},
	}
	for _, tt := range tests {
		t.Run(tt.query, func(t *testing.T) {
			body := answer(t, s, "tops", tt.query)
			var ranks []string
			decoder := json.NewDecoder(strings.NewReader(body))
			if _, err := decoder.Token(); err != nil {
				t.Fatal(err)
			}
			for decoder.More() {
				key, err := decoder.Token()
				if err != nil {
					t.Fatal(err)
				}
				var line map[string]int
				if err := decoder.Decode(&line); err != nil {
					t.Fatal(err)
				}
				sum := -line["total"]
				for _, n := range line {
					sum += n
				}
				if sum != line["total"] || len(line) != 1+tt.slots {
					t.Errorf("%s: %d in %d buckets, total %d", key, sum, len(line)-1, line["total"])
				}
				ranks = append(ranks, fmt.Sprintf("%s:%d", key, line["total"]))
			}
			if got := strings.Join(ranks, " "); got != tt.ranks {
				t.Errorf("got %s, want %s", got, tt.ranks)
			}
		})
	}

	body := answer(t, s, "tops", "type=urls&topx=2&days=7")
	const start = `,"/old":{"total":4,"2026-11-17 00:00:00":0,"2026-11-17 06:00:00":0,`
	const end = `"2026-11-22 18:00:00":4,"2026-11-23 00:00:00":0,"2026-11-23 06:00:00":0,"2026-11-23 12:00:00":0,"2026-11-23 18:00:00":0}}` + "\n"
	if !strings.Contains(body, start) || !strings.HasSuffix(body, end) {
		t.Errorf("got  %s\nwant …%s…%s", body, start, end)
	}
}

func TestTopCountriesMerge(t *testing.T) {
	var docs []alert.Document
	for name, n := range map[string]int{"The Netherlands": 3, "Netherlands": 2} {
		for range n {
			d := received(t, "2026-11-01 00:00:00")
			d.Country, d.CountryName = "NL", name
			docs = append(docs, d)
		}
	}
	for range 4 {
		docs = append(docs, received(t, asked)) // US
	}
	docs = append(docs, received(t, "2026-10-31 23:59:59"), received(t, "2026-11-23 23:46:06"))
	const want = `"attacksPerCountry":[{"code":"NL","country":"The Netherlands","count":5},{"code":"US","country":"United States","count":4}]`
	if got := answer(t, filled(t, docs...), "topCountriesAttacks", ""); !strings.Contains(got, want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestTpotStats(t *testing.T) {
	var docs []alert.Document
	add := func(hostname, target, ident, peerType string) {
		d := received(t, "2026-11-23 12:00:00")
		d.Hostname, d.TargetEntryIP, d.PeerIdent, d.PeerType = hostname, target, ident, peerType
		docs = append(docs, d)
	}
	add("bluemoon", "1.1.1.1", "cowrie-1", "SSH/console(cowrie)")
	add("bluemoon", "2.2.2.2", "cowrie-1", "SSH/console(cowrie)") // one host, one daemon
	add("bluemoon", "2.2.2.2", "cowrie-2", "SSH/console(cowrie)") // a second daemon of the type
	add("bluemoon", "2.2.2.2", "tanner-1", "Webpage")
	add("undefined", "2.2.2.2", "cowrie-1", "SSH/console(cowrie)") // hosts by their addresses
	add("undefined", "3.3.3.3", "cowrie-1", "SSH/console(cowrie)")
	add("2.2.2.2", "3.3.3.3", "cowrie-1", "SSH/console(cowrie)") // a name that looks like an address
	private := received(t, "2026-11-23 12:00:00")
	private.ClientDomain = false
	docs = append(docs, private, received(t, "2026-11-22 23:59:59"))
	const want = `{"communityHoneypots":{"totalNumberAlerts":7,"totalNumberHoneypots":4,"totalNumberDaemons":6,` +
		`"numberAlertsPerType":{"SSH/console(cowrie)":6,"Webpage":1},"numberHoneypotsPerType":{"SSH/console(cowrie)":4,"Webpage":1}},` +
		`"UTCtimeFrom":"2026-11-23 00:00:00","UTCtimeTo":"2026-11-23 23:59:59"}` + "\n"
	for _, raw := range []string{"", "day=20261123", "day=20261123&ci=-1"} {
		if got := answer(t, filled(t, docs...), "TpotStats", raw); got != want {
			t.Errorf("%q:\ngot  %s\nwant %s", raw, got, want)
		}
	}
}

// A sensor is its uuid, whatever host names come with it or do not.
func TestTpotStatsByUUID(t *testing.T) {
	var docs []alert.Document
	add := func(uuid, hostname, target, ident, peerType string) {
		d := received(t, "2026-11-23 12:00:00")
		d.SensorUUID, d.Hostname, d.TargetEntryIP, d.PeerIdent, d.PeerType = uuid, hostname, target, ident, peerType
		docs = append(docs, d)
	}
	add("u1", "tpot", "1.1.1.1", "cowrie", "SSH/console(cowrie)")
	add("u1", "undefined", "1.1.1.1", "h0neytr4p", "Web(h0neytr4p)")
	add("u1", "victim.example", "2.2.2.2", "h0neytr4p", "Web(h0neytr4p)")
	add("u2", "tpot", "3.3.3.3", "cowrie", "SSH/console(cowrie)") // a clone keeps its name
	add("", "tpot", "1.1.1.1", "cowrie", "SSH/console(cowrie)")   // before it sent its uuid
	add("", "old", "4.4.4.4", "cowrie", "SSH/console(cowrie)")
	add("", "undefined", "1.1.1.1", "cowrie", "SSH/console(cowrie)")
	const want = `{"communityHoneypots":{"totalNumberAlerts":7,"totalNumberHoneypots":4,"totalNumberDaemons":5,` +
		`"numberAlertsPerType":{"SSH/console(cowrie)":5,"Web(h0neytr4p)":2},"numberHoneypotsPerType":{"SSH/console(cowrie)":4,"Web(h0neytr4p)":1}},`
	if got := answer(t, filled(t, docs...), "TpotStats", ""); !strings.HasPrefix(got, want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// An alert of next year does not make the axis a year long.
func TestFutureAlertsAreClipped(t *testing.T) {
	var docs []alert.Document
	for _, created := range []string{"2026-11-22 10:00:00", "2026-11-24 23:46:05", "2026-11-24 23:46:06", "2027-06-01 00:00:00"} {
		d := received(t, asked)
		d.CreateTime = alert.At(at(t, created))
		docs = append(docs, d)
	}
	s := filled(t, docs...)
	const perDay = `[{"datasetAlertsPerMonth":{"2026-11-22 00:00:00":1,"2026-11-23 00:00:00":0,"2026-11-24 00:00:00":1}}]` + "\n"
	if got := answer(t, s, "datasetAlertsPerMonth", ""); got != perDay {
		t.Errorf("got  %s\nwant %s", got, perDay)
	}
	const types = `[{"datasetAlertsPerMonth":{"2026-11-22 00:00:00":{"Webpage":1},"2026-11-24 00:00:00":{"Webpage":1}}}]` + "\n"
	if got := answer(t, s, "datasetAlertTypesPerMonth", ""); got != types {
		t.Errorf("got  %s\nwant %s", got, types)
	}
}

func TestGetStats(t *testing.T) {
	s := memory.New(store.Options{})
	for hour := range 3 {
		from := at(t, "2026-11-22 22:00:00").Add(time.Duration(hour) * time.Hour)
		err := s.PutRecords(t.Context(), store.Statistic{From: from, To: from.Add(time.Hour - time.Second), Values: map[string]float64{
			"comm_totalRatio": 10.5 + float64(hour), "comm_ratio_Webpage": 12, "comm_ratio_RDP(rdpy)": math.NaN(), "comm_totalAlerts_Webpage": 1,
		}})
		if err != nil {
			t.Fatal(err)
		}
	}
	hour := func(from, to, values string) string {
		return fmt.Sprintf(`"2026-11-%s":{"UTCtimeFrom":"2026-11-%s","UTCtimeTo":"2026-11-%s",%s}`, from, from, to, values)
	}
	tests := []struct{ query, want string }{
		{"", hour("23 00:00:00", "23 00:59:59", `"comm_totalRatio":12.5`)},
		{"gte=2026-11-22+23:00:00&lt=2026-11-22+23:00:00&values=Webpage,x",
			hour("22 23:00:00", "22 23:59:59", `"comm_totalRatio":11.5,"comm_ratio_Webpage":12`)},
		{"gte=2026-11-22+22:00:01&value=Webpage,RDP(rdpy)&values=Webpage",
			hour("22 23:00:00", "22 23:59:59", `"comm_totalRatio":11.5,"comm_ratio_Webpage":12`) + "," +
				hour("23 00:00:00", "23 00:59:59", `"comm_totalRatio":12.5,"comm_ratio_Webpage":12`)},
		{"gte=2026-11-23+23:00:00&lt=2026-11-01+00:00:00", ""},
	}
	for _, tt := range tests {
		if got := answer(t, s, "getStats", tt.query); got != "{"+tt.want+"}\n" {
			t.Errorf("%s:\ngot  %s\nwant {%s}", tt.query, got, tt.want)
		}
	}
}
