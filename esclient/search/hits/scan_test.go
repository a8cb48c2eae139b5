package hits

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/esclient/cluster"
	"github.com/peba-edge/peba/store/storetest"
)

var at = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// fewFields are what a list may need of alerts.
var fewFields = []string{"recievedTime", "peerIdent", "peerType", "targetCountry", "originalRequestString", "location", "sourceEntryIp", "country"}

// searchAnswer is what Elasticsearch answers, with these sources of documents.
func searchAnswer(sources ...[]byte) []byte {
	var b bytes.Buffer
	b.WriteString(`{"took":14,"timed_out":false,"_shards":{"total":9,"successful":9,"skipped":7,"failed":0},"hits":{"max_score":null,"hits":[`)
	for i, source := range sources {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"_index":"ews-2026.11.24-1","_type":"_doc","_id":"%032x","_score":null,"_ignored":["rawhttp"],"_source":%s,"sort":[1795534661000,%d,"ews-2026.11.24-1"]}`, i, source, 5000-i)
	}
	b.WriteString("]}}")
	return b.Bytes()
}

// trafficAnswer is an answer with a list of alerts as they are usual.
func trafficAnswer(alerts int) []byte {
	var sources [][]byte
	traffic := storetest.NewTraffic(1, 100)
	for len(sources) < alerts {
		for _, r := range traffic.Message(at.Add(-time.Duration(len(sources))*time.Second), 10) {
			sources = append(sources, r.AppendJSON(nil))
		}
	}
	return searchAnswer(sources...)
}

// compareScan fails unless a scanned answer is what ReadJSON makes of it, and
// tells whether it could be scanned.
func compareScan(t *testing.T, text []byte, fields []string) bool {
	t.Helper()
	got, ok := Scan(text, Want(fields))
	if !ok {
		return false
	}
	var want cluster.Answer
	if err := cluster.ReadJSON(text, &want); err != nil {
		t.Fatalf("%q is scanned, while ReadJSON has the error %v", text, err)
	}
	if len(got.Hits.Hits) != len(want.Hits.Hits) {
		t.Fatalf("%q: %d documents are scanned, ReadJSON has %d", text, len(got.Hits.Hits), len(want.Hits.Hits))
	}
	for i := range want.Hits.Hits {
		g, w := &got.Hits.Hits[i], &want.Hits.Hits[i]
		gotAlert, err := Alert(g)
		must(t, err)
		wantAlert, err := Alert(w)
		must(t, err)
		if gotAlert != onlyFields(wantAlert, fields) {
			t.Errorf("%q: document %d is scanned as\n%+v\nwant %v of\n%+v", text, i, gotAlert, fields, wantAlert)
		}
		if g.Index != w.Index || g.ID != w.ID || !bytes.Equal(g.Sort, w.Sort) {
			t.Errorf("%q: document %d is scanned as %s %s %s, want %s %s %s", text, i, g.Index, g.ID, g.Sort, w.Index, w.ID, w.Sort)
		}
	}
	got.Hits.Hits, want.Hits.Hits = nil, nil
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%q: around the documents are %+v, want %+v", text, got, want)
	}
	return true
}

// onlyFields returns a document with nothing in it but its id and the fields.
func onlyFields(d alert.Document, fields []string) alert.Document {
	only := alert.Document{ID: d.ID}
	from, to := reflect.ValueOf(d), reflect.ValueOf(&only).Elem()
	for _, f := range storedFields {
		if len(fields) == 0 || slices.Contains(fields, strings.Trim(f.name, `":`)) {
			to.Field(f.index).Set(from.Field(f.index))
		}
	}
	return only
}

// TestScanAlerts has alerts of this program, of all kinds of text, scanned whole
// and in part.
func TestScanAlerts(t *testing.T) {
	texts := []string{
		"", "plain", `quote " and \ back`, "line\nfeed\r\ttab", "\x00\x01\x1f\x7f", "<script>&amp;", "ünïcode 日本 😀", "eight by",
		"\u2028\u2029", "broken \xff\xfe utf-8", "half \xe6\x97", "\ufffd", `]}}`, `"}],`, `\u0022`, "a text of more than sixteen bytes, \\",
	}
	var sources [][]byte
	for round := range len(texts) {
		var d alert.Document
		v := reflect.ValueOf(&d).Elem()
		for i := range v.NumField() {
			switch field := v.Field(i).Addr().Interface().(type) {
			case *string:
				*field = texts[(i+round)%len(texts)]
			case *alert.Time:
				*field = alert.At(at.Add(time.Duration(i*round) * time.Hour))
			case *bool:
				*field = round%2 == 0
			}
		}
		sources = append(sources, d.AppendJSON(nil))
	}
	for _, text := range [][]byte{searchAnswer(sources...), searchAnswer(), trafficAnswer(100)} {
		for _, fields := range [][]string{nil, fewFields, {"clientDomain"}} {
			if !compareScan(t, text, fields) {
				t.Errorf("%q is not scanned", text)
			}
		}
	}
}

// TestScanGivesUp has answers that only ReadJSON is to read.
func TestScanGivesUp(t *testing.T) {
	whole := string(searchAnswer([]byte(`{"peerIdent":"a"}`)))
	for _, source := range []string{
		`null`, `[]`, `"text"`, `{}`, `{"peerIdent":"a",}`, `{"peerIdent":"a"`, `{"peerIdent" :"a"}`, `{"peerIdent":22}`, `{"peerIdent":null}`,
		`{"peerIdent":"a","other":{}}`, `{"peerIdent":"a","other":[[]]}`, `{"peerIdent":"\ud83x"}`, "{\"peerIdent\":\"\n\"}", `{"peerIdent":"\x"}`,
		`{"peer\u0049dent":"a"}`, `{"recievedTime":"2026-11-24"}`, `{"recievedTime":"2026-11-24 15:37:41.5"}`, `{"recievedTime":1795534661000}`,
		`{"clientDomain":"true"}`, `{"clientDomain":truer}`, `{"other":01}`, `{"other":-null}`, `{"other":1.5}`,
		`{"peerIdent":"a"},"_source":{"peerIdent":"b"}`,
	} {
		if _, ok := Scan(searchAnswer([]byte(source)), Want(nil)); ok {
			t.Errorf("%s is scanned", source)
		}
	}
	for end := range len(whole) {
		if _, ok := Scan([]byte(whole[:end]), Want(nil)); ok {
			t.Errorf("%s is scanned", whole[:end])
		}
	}
	for _, text := range []string{
		whole + "{}", `{"hits":{"hits":[{"_source":{"peerIdent":"1}}]}}`, `{"hits":{"hits":[{"_id":"1}]}}`, `{"hits":{"hits":[{"_source":{"other":["1]}}]}}`,
		`{"hits":{"hits":[]}`, `{"hits":[]}`, `{"aggregations":{"hits":{"hits":[]}}}`, `{"hits":{"hits":[]},"hits":{"hits":[]}}`,
		`{"hits":{"hits":[],"hits":[]}}`, `{"hits":{"hits":[{}]}}`, `{"hits":{"hits":[null]}}`, `{"hits":{"hits":[{"_id":"a","_source":null}]}}`,
	} {
		if _, ok := Scan([]byte(text), Want(nil)); ok {
			t.Errorf("%s is scanned", text)
		}
	}
}

// FuzzScanAlerts wants whatever is scanned to be read by ReadJSON in the same way.
func FuzzScanAlerts(f *testing.F) {
	usual := alert.Document{PeerIdent: "a", PeerType: "Webpage", CreateTime: alert.At(at), RecievedTime: alert.At(at), ClientDomain: true}
	for _, source := range []string{
		`{"peerIdent":"a","createTime":"2026-11-24 15:37:41","clientDomain":true,"other":[1,"two",null]}`,
		`{"rawhttp":"\u0000\ud83d\ude00\ud800 \"\\\/\n` + "\xff\xc3\",\"recievedTime\":\"2026-11-24 15:37:41\"}",
		`{"peerType":"first","peerType":"last","location":null,"targetEntryPort":22}`,
		"{\"peer\xffIdent\":\"a\",\"sourceEntryIp\":\"\\u20AC\"}",
		`{"createTime":1524571949000,"recievedTime":"2018-04-24","clientDomain":"true","targetEntryPort":22,"username":null}`,
		string(usual.AppendJSON(nil)),
	} {
		f.Add([]byte(source), []byte(`,"sort":[-1,0,"a",null]}]}}`))
	}
	f.Add([]byte(`{"country":"DE"}`), []byte(`},{"_id":"b","_source":{"country":"FR"},"_score":null}],"total":{"value":2}},"timed_out":true,"_shards":{"failed":1}}`))
	f.Fuzz(func(t *testing.T, source, rest []byte) {
		text := slices.Concat([]byte(`{"took":1,"hits":{"hits":[{"_index":"ews","_id":"1","_source":`), source, rest)
		compareScan(t, text, nil)
		compareScan(t, text, fewFields)
	})
}

// BenchmarkScanAlerts compares with only looking whether the answer is JSON.
func BenchmarkScanAlerts(b *testing.B) {
	text, fields := trafficAnswer(1000), Want(fewFields)
	var scanning, validating time.Duration
	for b.Loop() {
		start := time.Now()
		if _, ok := Scan(text, fields); !ok {
			b.Fatal("the answer is not scanned")
		}
		scanned := time.Now()
		if !jsontext.Value(text).IsValid(jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true)) {
			b.Fatal("the answer is not valid")
		}
		scanning += scanned.Sub(start)
		validating += time.Since(scanned)
	}
	b.ReportMetric(0, "ns/op") // an operation is both
	b.ReportMetric(float64(len(text)*b.N)/scanning.Seconds()/1e6, "MB/s")
	b.ReportMetric(scanning.Seconds()/validating.Seconds(), "×validating")
}
