package esclient

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/esclient/cluster"
	"github.com/peba-edge/peba/esclient/index"
	"github.com/peba-edge/peba/esclient/search/hits"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/memory"
	"github.com/peba-edge/peba/store/storetest"
)

// legacyFields are the fields of the Python service's indices of alerts, as its
// documentation has them: type, and whether it is indexed.
const legacyFields = `additionalData keyword,no client keyword,no clientDomain boolean,yes clientVersion keyword,no
	country keyword,yes countryName keyword,yes createTime date,yes externalIP ip,no hostname keyword,yes internalIP ip,no
	location keyword,no locationDestination keyword,no login keyword,no originalRequestString keyword,yes password keyword,no
	peerIdent keyword,yes peerType keyword,yes rawhttp keyword,no recievedTime date,yes sessionEnd keyword,no
	sessionStart keyword,no sourceEntryAS keyword,yes sourceEntryIp ip,yes sourceEntryPort keyword,no targetCountry keyword,yes
	targetCountryName keyword,yes targetEntryAS keyword,no targetEntryIp ip,yes targetEntryPort keyword,no targetport keyword,no
	username keyword,no vulnid keyword,no`

// legacyMapping is the mapping of those fields but the ones left out.
func legacyMapping(without ...string) object {
	properties := object{}
	words := strings.Fields(legacyFields)
	for i := 0; i < len(words); i += 2 {
		kind, indexed, _ := strings.Cut(words[i+1], ",")
		field := object{"type": kind, "index": indexed == "yes"}
		if kind == "date" {
			field["format"] = "yyyy-MM-dd HH:mm:ss||yyyy-MM-dd||epoch_millis"
		}
		if kind == "keyword" {
			field["ignore_above"] = 256
		}
		properties[words[i]] = field
	}
	for _, name := range without {
		delete(properties, name)
	}
	return object{"mappings": object{"dynamic": false, "properties": properties}}
}

// write stores a document as another program would.
func write(tb testing.TB, s *esStore, index, id string, doc any) {
	tb.Helper()
	path := "/" + index + "/_doc"
	if id != "" {
		path += "/" + pathID(id)
	}
	must(tb, s.client.Do(context.Background(), http.MethodPost, path+"?refresh=true", doc, nil))
}

// TestLegacyAlerts has alerts in indices of the Python service's mapping, some
// without fields that are grouped by, beside ours, and compares with the model.
func TestLegacyAlerts(t *testing.T) {
	s := openTest(t, store.Options{})
	ctx := t.Context()
	reference := memory.New(store.Options{})
	old := []string{s.names.Alerts + "-2018.04.24-1", s.names.Alerts + "-2018.04.25-1", s.names.Alerts + "-2018.04.26-1", s.names.Alerts + "-2018.04.27-1"}
	for i, without := range [][]string{nil, {"location", "targetEntryPort"}, {"originalRequestString", "hostname", "targetEntryIp"}} {
		must(t, s.client.Do(ctx, http.MethodPut, "/"+old[i], legacyMapping(without...), nil))
	}
	// One is ours, with documents of an older version: they lack what was added since.
	must(t, s.client.Do(ctx, http.MethodPut, "/"+old[3], s.indices.Body(old[3]), nil))
	odd := storetest.NewOdd(7)
	for range 20 {
		records := odd.Message()
		for i := range records {
			r := &records[i]
			switch r.OriginalRequestString {
			case "/admin":
				r.OriginalRequestString = strings.Repeat("/admin", 2000) // no index takes it
			case "/Admin":
				r.OriginalRequestString = strings.Repeat("/Admin", 100) // ours takes it
			}
			if r.ID[1]%2 == 0 {
				must(t, s.Put(ctx, records[i:i+1]))
				continue
			}
			r.SensorUUID = "" // the Python service stored none
			err := s.client.Do(ctx, http.MethodPost, "/"+old[int(r.ID[0])%4]+"/_create/"+r.ID, r.Document, nil)
			if err != nil && !cluster.IsStatus(err, http.StatusConflict) { // sent again
				t.Fatal(err)
			}
		}
		must(t, reference.Put(ctx, records))
	}
	// What the Python service stored for others to read is not an alert.
	must(t, s.client.Do(ctx, http.MethodPut, "/"+s.names.Alerts+"-notifications", nil, nil))
	write(t, s, s.names.Alerts+"-notifications", "", object{"as": "AS1", "email": "x", "createTime": "2018-04-24 10:00:00", "clientDomain": true})
	settle(t, s)
	compareWithModel(t, s, reference)
}

// compareWithModel groups by each dimension, with and without buckets and top.
func compareWithModel(t *testing.T, s *esStore, reference store.Store) {
	t.Helper()
	ctx := t.Context()
	for by := range index.Dimensions {
		for _, g := range []store.Grouping{
			{By: []store.Dimension{by}},
			{By: []store.Dimension{by}, Top: 2},
			{By: []store.Dimension{by}, Top: 2, Bucket: 6 * time.Hour},
			{By: []store.Dimension{by}, Bucket: 24 * time.Hour},
			{By: []store.Dimension{by, store.Request}},
			{By: []store.Dimension{by, store.Interaction, store.ExternalIP}, Times: true},
		} {
			for _, f := range []store.Filter{{Domain: store.Both}, {Time: store.Created, From: time.Unix(0, 0)}} {
				want, err := reference.Group(ctx, f, g)
				must(t, err)
				got, err := s.Group(ctx, f, g)
				must(t, err)
				if !reflect.DeepEqual(got, want) {
					t.Errorf("groups of %+v by %+v:\ngot  %.600q\nwant %.600q", f, g, fmt.Sprint(got), fmt.Sprint(want))
				}
			}
		}
	}
}

// TestForeignDocument reads a document whose values have other types.
func TestForeignDocument(t *testing.T) {
	d, err := hits.Decode("5f4dcc3b5aa765d61d8327deb882cf99", json.RawMessage(`{"createTime":1524571949000,"recievedTime":"2018-04-24",
		"clientDomain":"true","targetEntryPort":22,"username":null,"additionalData":{"a":[1]},"peerIdent":"x","unknown":{}}`))
	must(t, err)
	want := alert.Document{
		ID: "5f4dcc3b5aa765d61d8327deb882cf99", PeerIdent: "x", ClientDomain: true, TargetEntryPort: "22", AdditionalData: `{"a":[1]}`,
		CreateTime:   alert.At(time.Date(2018, 4, 24, 12, 12, 29, 0, time.UTC)),
		RecievedTime: alert.At(time.Date(2018, 4, 24, 0, 0, 0, 0, time.UTC)),
	}
	if d != want {
		t.Errorf("got  %+v\nwant %+v", d, want)
	}
	if _, err := hits.Decode("x", json.RawMessage(`[]`)); err == nil {
		t.Error("an array was read as a document")
	}
}

// TestLegacyUsers has users in an index that Elasticsearch mapped by itself.
func TestLegacyUsers(t *testing.T) {
	m := newModule(t, server(t).URL())
	c := clientOf(t, m)
	defer c.Close()
	must(t, c.Do(t.Context(), http.MethodPut, "/"+m.Index.Users, nil, nil))
	s := openModule(t, m, store.Options{})
	sha512 := strings.Repeat("0123456789abcdef", 8)
	write(t, s, s.names.Users, "", object{"peerName": "Mia Müller-Lüdenscheidt", "token": sha512, "getOnly": false, "community": "true", "email": "m@example.org"})
	write(t, s, s.names.Users, "", object{"peerName": "mia", "token": "5f4dcc3b5aa765d61d8327deb882cf99"})
	ctx := t.Context()

	want := store.User{Name: "Mia Müller-Lüdenscheidt", Hash: sha512, Community: true, Email: "m@example.org"}
	if u, err := store.Get[store.User](ctx, s, want.Name); err != nil || u != want {
		t.Errorf("got %+v, %v, want %+v", u, err, want)
	}
	if u, err := store.Get[store.User](ctx, s, "mia"); err != nil || u.Hash != "5f4dcc3b5aa765d61d8327deb882cf99" {
		t.Errorf("mia is %+v, %v", u, err)
	}
	want.Hash = "new"
	must(t, s.PutRecords(ctx, want))
	if all, err := store.List[store.User](ctx, s, store.Listing{}); err != nil || len(all) != 2 || all[0] != want {
		t.Errorf("after replacing one, users are %+v, %v", all, err)
	}
	must(t, store.Delete[store.User](ctx, s, "mia"))
	must(t, store.Delete[store.User](ctx, s, want.Name))
	if all, err := store.List[store.User](ctx, s, store.Listing{}); err != nil || len(all) != 0 {
		t.Errorf("after removing all, users are %+v, %v", all, err)
	}
}

// TestLegacyRest has payloads, CVEs and statistics of the Python service.
func TestLegacyRest(t *testing.T) {
	m := newModule(t, server(t).URL())
	c := clientOf(t, m)
	defer c.Close()
	ctx := t.Context()
	const dates = "yyyy-MM-dd HH:mm:ss||yyyy-MM-dd||epoch_millis"
	no := func(kind string) object { return object{"type": kind, "index": false} }
	must(t, c.Do(ctx, http.MethodPut, "/"+m.Index.Payloads, object{"mappings": object{"properties": object{
		"createTime": object{"type": "date", "format": dates, "index": false}, "lastSeen": object{"type": "date", "format": dates},
		"data": no("keyword"), "fileMagic": no("keyword"), "fuzzyHashCount": object{"type": "keyword"}, "hash": object{"type": "keyword"},
		"hashfuzzyhttp": no("keyword"), "initalDestPort": no("keyword"), "initialIP": no("ip"), "md5count": no("keyword"),
	}}}, nil))
	s := openModule(t, m, store.Options{})
	write(t, s, m.Index.Payloads, "random", object{
		"createTime": "2018-04-24 10:00:00", "lastSeen": "2018-04-25 10:00:00", "data": "2018-04-24/md5", "fileMagic": "text/html",
		"fuzzyHashCount": "3", "hash": "md5", "hashfuzzyhttp": "fuzzy", "initalDestPort": "80", "initialIP": "9.9.9.9", "md5count": 2,
	})
	at := func(day int) time.Time { return time.Date(2018, 4, day, 10, 0, 0, 0, time.UTC) }
	want := store.Payload{
		Hash: "md5", FuzzyHash: "fuzzy", MIMEType: "text/html", InitialIP: "9.9.9.9", InitialDestPort: "80",
		FirstSeen: at(24), LastSeen: at(25), MD5Count: 2, FuzzyHashCount: 3, Location: "2018-04-24/md5",
	}
	for _, hash := range []string{"md5", "fuzzy"} {
		if p, err := store.Get[store.Payload](ctx, s, hash); err != nil || !reflect.DeepEqual(p, want) {
			t.Errorf("payload %s: got %+v, %v, want %+v", hash, p, err, want)
		}
	}

	for i, day := range []string{"2018-04-25", "2018-04-24"} {
		write(t, s, m.Index.CVEs, fmt.Sprint(i), object{"vulnid": "CVE-2018-1", "createTime": day + " 10:00:00", "sourceEntryIp": "9.9.9.9", "targetEntryPort": 80, "peerType": "x"})
	}
	cve := store.CVE{ID: "CVE-2018-1", FirstSeen: at(24), SourceIP: "9.9.9.9", TargetPort: "80", PeerType: "x"}
	if cves, err := store.List[store.CVE](ctx, s, store.Listing{}); err != nil || !reflect.DeepEqual(cves, []store.CVE{cve}) {
		t.Errorf("CVEs are %+v, %v, want %+v", cves, err, cve)
	}

	write(t, s, m.Index.Statistics, "stat-1", object{"UTCtimeFrom": "2018-04-24 10:00:00", "UTCtimeTo": "2018-04-24 10:59:59", "comm_totalRatio": 10.72})
	must(t, s.PutRecords(ctx, store.Statistic{From: at(24), To: at(25), Values: map[string]float64{"comm_totalRatio": 1}}))
	settle(t, s)
	series, err := store.List[store.Statistic](ctx, s, store.Listing{From: at(24), To: at(24)})
	if err != nil || len(series) != 1 || !series[0].From.Equal(at(24)) {
		t.Errorf("statistics are %+v, %v, want one of %v", series, err, at(24))
	}
}

// TestLegacyIsNotNew has CVEs and payloads that the Python service stored, in its
// mapping and in one that Elasticsearch made by itself: they are counted, and are no news.
func TestLegacyIsNotNew(t *testing.T) {
	no := object{"type": "keyword", "index": false}
	for name, properties := range map[string]object{
		"by the service":       {"hashfuzzyhttp": no, "hash": object{"type": "keyword"}, "vulnid": no},
		"by Elasticsearch":     nil,
		"by ours, copied into": {"hashfuzzyhttp": object{"type": "keyword"}, "vulnid": object{"type": "keyword"}},
	} {
		t.Run(name, func(t *testing.T) {
			m := newModule(t, server(t).URL())
			c := clientOf(t, m)
			defer c.Close()
			ctx := t.Context()
			for _, index := range []string{m.Index.Payloads, m.Index.CVEs} {
				var body any
				if properties != nil {
					body = object{"mappings": object{"properties": properties}}
				}
				must(t, c.Do(ctx, http.MethodPut, "/"+index, body, nil))
			}
			news := make(chan store.CVE, 10)
			s := openModule(t, m, store.Options{NewCVE: func(c store.CVE) { news <- c }})
			records := storetest.NewOdd(1).Message()[:1]
			r := records[0]
			r.VulnID, r.ID = "CVE-2018-1", "00000000000000000000000000000001"
			r.Payload = &alert.Payload{Hash: testID(1), FuzzyHash: testID(2), MIMEType: "text/html", Data: []byte("x")}
			write(t, s, m.Index.Payloads, "legacy", object{"hash": testID(1), "hashfuzzyhttp": testID(2), "md5count": "7", "fuzzyHashCount": 3, "createTime": "2018-04-24 10:00:00"})
			for _, id := range []string{"a", "b"} {
				write(t, s, m.Index.CVEs, id, object{"vulnid": "CVE-2018-1", "createTime": "2018-04-24 10:00:00"})
			}
			other := r
			other.ID, other.VulnID = "00000000000000000000000000000002", "CVE-2026-2"
			other.Payload = &alert.Payload{Hash: testID(3), FuzzyHash: testID(4), MIMEType: "text/html", Data: []byte("y")}
			must(t, s.Put(ctx, []alert.Record{r, other}))
			settle(t, s)
			if first := <-news; first.ID != "CVE-2026-2" || len(news) != 0 {
				t.Errorf("new is %+v, and %d more", first, len(news))
			}
			if cves, err := store.List[store.CVE](ctx, s, store.Listing{}); err != nil || len(cves) != 2 || cves[0].FirstSeen.Year() != 2018 {
				t.Errorf("CVEs are %+v, %v", cves, err)
			}
			p, err := store.Get[store.Payload](ctx, s, testID(1))
			if err != nil || p.MD5Count != 8 || p.FuzzyHashCount != 3 || p.FirstSeen.Year() != 2018 {
				t.Errorf("the known payload is %+v, %v", p, err)
			}
			if p, err := store.Get[store.Payload](ctx, s, testID(3)); err != nil || p.MD5Count != 1 {
				t.Errorf("the new payload is %+v, %v", p, err)
			}
		})
	}
}
