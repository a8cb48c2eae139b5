package storetest

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// testFields stores documents in which every field has a text of its own, is
// strange, is long, or is empty.
func testFields(s *subject) {
	strange := "ü€𝄞 \u202eright\u202c e\u0301 \ufeff\ufffd \x01\x1b[31m\t\r\n \"'<>&\\ %00 %s {{}} $1 ' OR 1=1 --"
	records := []alert.Record{
		filled(1, func(field string) string { return "text of " + field }),
		filled(2, func(field string) string { return strange + field }),
		filled(3, func(string) string { return "" }),
		filled(4, func(string) string { return "0" }),
		filled(5, func(string) string { return "-" }),
		filled(6, func(string) string { return " 22 " }),
		filled(7, func(string) string { return "007" }),
		filled(8, func(string) string { return "+7" }),
		filled(9, func(string) string { return "99999999999999999999" }),
		filled(10, func(string) string { return "65535" }),
		filled(11, func(string) string { return "{}" }),
		filled(12, func(string) string { return "2026-11-24 12:00:00" }),
	}
	records[1].SourceEntryIP, records[1].TargetEntryIP = "2001:db8::1", "::1"
	records[2].SourceEntryIP, records[2].TargetEntryIP = "2001:db8:1:2:3:4:5:6", "255.255.255.255"
	records[3].OriginalRequestString = strings.Repeat("/ü?a=%41", 40<<10/9)
	records[4].AdditionalData = `{"input":"` + strings.Repeat("uname -a; ", 4000) + `"}`
	records[5].CreateTime = alert.At(time.Unix(0, 0))
	records[6].CreateTime = alert.At(time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC))
	s.put(records...)

	stored := s.all()
	for _, r := range records {
		got, ok := stored[r.ID]
		if !ok {
			s.Errorf("alert %s is not there", r.ID)
			continue
		}
		sameDocument(s, got, r.Document)
	}
	if len(stored) != len(records) {
		s.Errorf("%d alerts are there, want %d", len(stored), len(records))
	}
}

// filled returns an alert whose text fields, but for addresses, are what text
// returns for their names.
func filled(id int, text func(field string) string) alert.Record {
	r := plain(id, id)
	v := reflect.ValueOf(&r.Document).Elem()
	for i := range v.NumField() {
		field := v.Type().Field(i)
		switch field.Name {
		case "ID", "SourceEntryIP", "TargetEntryIP", "ExternalIP", "InternalIP":
		default:
			if field.Type.Kind().String() == "string" {
				v.Field(i).SetString(text(field.Name))
			}
		}
	}
	r.VulnID = text("VulnID")
	r.ClientDomain = id%2 == 0
	return r
}

// sameDocument tells the fields in which two documents differ.
func sameDocument(s *subject, got, want alert.Document) {
	s.Helper()
	g, w := reflect.ValueOf(got), reflect.ValueOf(want)
	for i := range g.NumField() {
		if a, b := g.Field(i).Interface(), w.Field(i).Interface(); !reflect.DeepEqual(a, b) {
			s.Errorf("alert %s: %s is %.100q, want %.100q", want.ID, g.Type().Field(i).Name, a, b)
		}
	}
}

// testIDs stores alerts whose ids are not 32 hex digits, as other programs
// made them, and ids that are nearly the same.
func testIDs(s *subject) {
	ids := []string{
		"abcdef0123456789abcdef0123456789", "ABCDEF0123456789ABCDEF0123456789", "abcdef0123456789abcdef012345678",
		"abcdef0123456789abcdef0123456789ab", "ab", "AB", "aB", "a", "0", "00", "0000", "AVx7-_oLp2q9", "no hex",
	}
	var records []alert.Record
	for i, id := range ids {
		r := plain(i, i)
		r.ID = id
		records = append(records, r)
	}
	s.put(records...)
	s.put(records...)
	stored := s.all()
	for _, id := range ids {
		if _, ok := stored[id]; !ok {
			s.Errorf("alert %q is not there", id)
		}
	}
	if len(stored) != len(ids) {
		s.Errorf("%d alerts are there, want %d", len(stored), len(ids))
	}
}

// testEmpty asks a store that nothing was put into, or nothing but no alerts.
func testEmpty(s *subject) {
	s.must(s.Ping(context.Background()))
	s.put()
	everything := store.Filter{Domain: store.Both}
	if n := s.count(everything); n != 0 {
		s.Errorf("Count is %d", n)
	}
	if docs := s.newest(everything, 10); len(docs) != 0 {
		s.Errorf("Newest is %v", docs)
	}
	for _, g := range []store.Grouping{{}, {Bucket: time.Hour}, {By: []store.Dimension{store.PeerType}, Top: 3}} {
		if groups := s.group(everything, g); len(groups) != 0 {
			s.Errorf("Group by %+v is %v", g, groups)
		}
	}
	if cves, err := store.List[store.CVE](context.Background(), s, store.Listing{}); err != nil || len(cves) != 0 {
		s.Errorf("CVEs are %v, %v", cves, err)
	}
	if series, err := store.List[store.Statistic](context.Background(), s, store.Listing{From: time.Time{}, To: base}); err != nil || len(series) != 0 {
		s.Errorf("Statistics are %v, %v", series, err)
	}
}

// state is all that can be seen of alerts and what hangs on them.
type state struct {
	Alerts   map[string]alert.Document
	Groups   []store.Group
	Payloads []store.Payload
	CVEs     []store.CVE
	Notified int
}

func (s *subject) state() state {
	s.Helper()
	st := state{
		Alerts: s.all(),
		Groups: s.group(store.Filter{Domain: store.Both}, store.Grouping{By: []store.Dimension{store.SourceIP, store.PeerType}, Bucket: time.Hour}),
	}
	for n := 0; n < 12; n += 3 { // one of each fuzzy hash
		p, err := store.Get[store.Payload](context.Background(), s, oddPayload(n).FuzzyHash)
		if err == nil {
			st.Payloads = append(st.Payloads, p)
		}
	}
	var err error
	st.CVEs, err = store.List[store.CVE](context.Background(), s, store.Listing{})
	s.must(err)
	s.mu.Lock()
	st.Notified = len(s.notified)
	s.mu.Unlock()
	return st
}

// testSentAgain sends messages again, as they were and as a sensor's second try
// looks, and sees no change.
func testSentAgain(s *subject) {
	odd := NewOdd(11)
	var messages [][]alert.Record
	for range 20 {
		messages = append(messages, odd.Message())
		s.put(messages[len(messages)-1]...)
	}
	before := s.state()
	if len(before.Payloads) == 0 || len(before.CVEs) == 0 || before.Notified == 0 {
		s.Fatalf("too little to compare: %d payloads, %d CVEs, %d notified", len(before.Payloads), len(before.CVEs), before.Notified)
	}
	for range 3 {
		for _, message := range messages {
			s.put(message...)
			for i := range message {
				message[i].RecievedTime = alert.At(message[i].RecievedTime.Add(time.Hour))
				message[i].SourceEntryAS = "AS1 other"
			}
			s.put(message...)
		}
	}
	if after := s.state(); !reflect.DeepEqual(before, after) {
		s.Errorf("sending again has changed the store:\nbefore %+v\nafter  %+v", before, after)
	}
}

// testTwiceInOnePut has the same alert several times in one Put.
func testTwiceInOnePut(s *subject) {
	r := plain(1, 0)
	r.VulnID = "CVE-2021-44228"
	r.Payload = oddPayload(1)
	s.put(r, plain(2, 0), r, r)
	if n := s.count(store.Filter{}); n != 2 {
		s.Errorf("Count is %d, want 2", n)
	}
	s.wantCounted(2, 2)
	p, err := store.Get[store.Payload](context.Background(), s, r.Payload.Hash)
	s.must(err)
	if p.MD5Count != 1 || p.FuzzyHashCount != 0 {
		s.Errorf("payload counts are %d and %d, want 1 and 0", p.MD5Count, p.FuzzyHashCount)
	}
	if len(s.notified) != 1 {
		s.Errorf("NewCVE was called %d times, want 1", len(s.notified))
	}
}

// testPutsAtOnce puts the same alerts from several goroutines at once.
func testPutsAtOnce(s *subject) {
	const alerts, senders = 200, 8
	var records []alert.Record
	for i := range alerts {
		r := plain(i, i)
		if i%4 == 0 {
			r.VulnID = fmt.Sprintf("CVE-2026-%04d", i%40)
			r.Payload = oddPayload(i % 12)
		}
		records = append(records, r)
	}
	var wg sync.WaitGroup
	for sender := range senders {
		wg.Go(func() {
			for i := 0; i < alerts; i += 10 {
				at := (i + sender*20) % alerts // all of them, from different starts
				if err := s.Put(context.Background(), records[at:at+10]); err != nil {
					s.Error(err)
				}
			}
		})
	}
	wg.Wait()
	s.settle()
	if n := s.count(store.Filter{}); n != alerts {
		s.Errorf("Count is %d, want %d", n, alerts)
	}
	s.wantCounted(alerts, alerts*senders-alerts)
	var seen int64
	for _, p := range s.state().Payloads {
		seen += p.MD5Count + p.FuzzyHashCount
	}
	if seen != alerts/4 {
		s.Errorf("payloads were counted %d times, want %d", seen, alerts/4)
	}
	if len(s.notified) != 10 {
		s.Errorf("NewCVE was called %d times, want 10", len(s.notified))
	}
}
