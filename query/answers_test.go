package query

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
	"github.com/peba-edge/peba/store/memory"
)

// asked is the time of all questions here.
const asked = "2026-11-23 23:46:05"

// filled returns a store with alerts. What they leave empty is that of a usual alert.
func filled(t testing.TB, docs ...alert.Document) store.Store {
	t.Helper()
	s := memory.New(store.Options{})
	for i, d := range docs {
		d.ID = fmt.Sprintf("%032x", i)
		for field, usual := range map[*string]string{
			&d.SourceEntryIP: "8.8.8.8", &d.TargetEntryIP: "9.9.9.9", &d.TargetEntryPort: "80", &d.PeerType: "Webpage",
			&d.PeerIdent: "web-1", &d.Hostname: "undefined", &d.Country: "US", &d.CountryName: "United States",
			&d.TargetCountry: "DE", &d.TargetCountryName: "Germany", &d.Location: "1.5 , 2.5", &d.LocationDestination: "0.0 , 0.0",
		} {
			if *field == "" {
				*field = usual
			}
		}
		if d.RecievedTime.IsZero() {
			d.RecievedTime = alert.At(at(t, "2026-11-23 23:45:30"))
		}
		if d.CreateTime.IsZero() {
			d.CreateTime = d.RecievedTime
		}
		if err := s.Put(t.Context(), []alert.Record{{Document: d}}); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// received and created return an alert of the community of that time.
func received(t testing.TB, text string) alert.Document {
	return alert.Document{ClientDomain: true, RecievedTime: alert.At(at(t, text))}
}

func created(t testing.TB, text string) alert.Document {
	return alert.Document{ClientDomain: true, CreateTime: alert.At(at(t, text))}
}

func answer(t testing.TB, s store.Store, name, rawQuery string) string {
	t.Helper()
	q := question(t, name)
	body, err := q.Ask(t.Context(), Input{
		Reader:   s,
		Now:      at(t, asked).Add(200 * time.Millisecond),
		Args:     parse(t, q, rawQuery),
		Settings: Settings{BadIPWindow: 2 * time.Hour, MaxAlerts: 3, Retention: 28 * oneDay, HomeLatitude: 50.708021, HomeLongitude: 7.129191},
	})
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// The answers when there is nothing to tell (docs/CONTRACT.md §3.2: never "Nope").
func TestEmptyAnswers(t *testing.T) {
	const declaration = `<?xml version="1.0" encoding="UTF-8"?>`
	for call, want := range map[string]string{
		"retrieveIPs?":                       declaration + "<EWSSimpleIPInfo>\n  <Sources />\n</EWSSimpleIPInfo>\n",
		"retrieveIPs15m?out=json":            "[]\n",
		"retrieveAlertsCyber?":               declaration + "<EWSSimpleAlertInfo>\n  <Alerts />\n</EWSSimpleAlertInfo>\n",
		"querySingleIP?ip=8.8.8.8":           declaration + "<EWSSimpleAlertInfo>\n  <Alerts />\n</EWSSimpleAlertInfo>\n",
		"sensors?":                           `{"sensors":[],"others":{"accepted":0,"refused":{}},"complete":true}` + "\n",
		"retrieveAlertsCount?time=5":         declaration + "<EWSSimpleIPInfo>\n  <AlertCount>0</AlertCount>\n</EWSSimpleIPInfo>\n",
		"retrieveAlertsCountWithType?time=5": `{"AlertCountTotal":0,"AlertCountPerType":{}}` + "\n",
		"retrieveAlertsJson?":                `{"alerts":[]}` + "\n",
		"datasetAlertsPerMonth?":             `[{"datasetAlertsPerMonth":{}}]` + "\n",
		"datasetAlertTypesPerMonth?":         `[{"datasetAlertsPerMonth":{}}]` + "\n",
		"retrieveAlertStats?":                `{"AlertsLast24Hours":0,"AlertsLastHour":0,"AlertsLast5Minutes":0,"AlertsLastMinute":0}` + "\n",
		"topCountriesAttacks?":               `[{"id":0,"date":"2026-11","attacksPerCountry":[],"attacksToTargetCountry":[]}]` + "\n",
		"retrieveLatLonAttacks?":             `[{"statsSince":"2026-11-23","latLonAttacks":[]}]` + "\n",
		"TpotStats?": `{"communityHoneypots":{"totalNumberAlerts":0,"totalNumberHoneypots":0,"totalNumberDaemons":0,` +
			`"numberAlertsPerType":{},"numberHoneypotsPerType":{}},"UTCtimeFrom":"2026-11-23 00:00:00","UTCtimeTo":"2026-11-23 23:59:59"}` + "\n",
		"replayDay?day=20261124": `{"from":"2026-11-24 00:00:00","to":"2026-11-25 00:00:00","step":300,"alerts":[0` +
			strings.Repeat(",0", 287) + `],"keptFrom":"2026-10-26 23:46:05"}` + "\n",
		"replayPlaces?to=2026-11-23 23:00:00": `{"from":"2026-11-23 00:00:00","to":"2026-11-23 23:00:00","places":[]}` + "\n",
		"retrieveAlertStats?until=second": `{"AlertsLast24Hours":0,"AlertsLastHour":0,"AlertsLast5Minutes":0,"AlertsLastMinute":0,` +
			`"until":"2026-11-23 23:46:04"}` + "\n",
		"replay?from=2026-11-23 23:45:00": `{"from":"2026-11-23 23:45:00","to":"2026-11-23 23:50:00","count":0,"alerts":[]}` + "\n",
		"getStats?":                       "{}\n",
		"tops?type=urls&":                 "{}\n",
	} {
		name, raw, _ := strings.Cut(call, "?")
		if got := answer(t, filled(t), name, raw); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", call, got, want)
		}
	}
}

// Shapes with their key order, domains and the edges of windows.
func TestAnswers(t *testing.T) {
	private := received(t, asked)
	private.ClientDomain, private.PeerType = false, "RDP(rdpy)"
	multicast := received(t, asked)
	multicast.SourceEntryIP = "224.0.0.1"
	v6 := received(t, "2026-11-23 23:45:05")
	v6.SourceEntryIP, v6.Country, v6.CountryName, v6.Location = "2606:4700::1111", "AU", "Australia", "0.0 , 0.0"
	before := received(t, "2026-11-23 23:45:04")
	before.OriginalRequestString = "/x"
	s := filled(t, private, multicast, v6, before, received(t, "2026-11-23 21:46:05"), received(t, "2026-11-23 21:46:04"))

	for _, tt := range []struct{ call, want string }{
		{"retrieveIPs?out=json", `[{"ip":"8.8.8.8","count":2},{"ip":"2606:4700::1111","count":1}]`},
		{"retrieveIPs?out=json&ci=-1", `[{"ip":"8.8.8.8","count":3},{"ip":"2606:4700::1111","count":1}]`},
		{"retrieveIPs15m?out=json", `[{"ip":"8.8.8.8","count":1},{"ip":"2606:4700::1111","count":1}]`},
		{"retrieveIPs15m?ci=0", `<?xml version="1.0" encoding="UTF-8"?><EWSSimpleIPInfo>
  <Sources>
    <Source>
      <Address>8.8.8.8</Address>
      <Count>1</Count>
    </Source>
  </Sources>
</EWSSimpleIPInfo>`},
		{"retrieveAlertsCyber?ci=0", `<?xml version="1.0" encoding="UTF-8"?><EWSSimpleAlertInfo>
  <Alerts>
    <Alert>
      <Id>00000000000000000000000000000000</Id>
      <DateCreated>2026-11-23 23:46:05</DateCreated>
      <Peer>
        <Id>web-1</Id>
        <Type>RDP(rdpy)</Type>
        <Country>DE</Country>
      </Peer>
      <Request />
      <Source>
        <Address>8.8.8.8</Address>
        <Country>US</Country>
        <Latitude>1.5</Latitude>
        <Longitude>2.5</Longitude>
      </Source>
    </Alert>
  </Alerts>
</EWSSimpleAlertInfo>`},
		{"querySingleIP?ip=2606:4700:0::1111", `<?xml version="1.0" encoding="UTF-8"?><EWSSimpleAlertInfo>
  <Alerts>
    <Alert>
      <Id>00000000000000000000000000000002</Id>
      <DateCreated>2026-11-23 23:45:05</DateCreated>
      <Peer>
        <Type>Webpage</Type>
        <Country>DE</Country>
      </Peer>
      <Request />
    </Alert>
  </Alerts>
</EWSSimpleAlertInfo>`},
		{"querySingleIP?ip=224.0.0.1", "<?xml version=\"1.0\" encoding=\"UTF-8\"?><EWSSimpleAlertInfo>\n  <Alerts />\n</EWSSimpleAlertInfo>\n" +
			"<!-- 224.0.0.1 is not globally routable: such addresses are listed only with the option list_private on -->"},
		{"querySingleIP?ip=224.0.0.1&out=json", `{"ip":"224.0.0.1","note":"224.0.0.1 is not globally routable: such addresses are listed only with the option list_private on","alerts":[]}`},
		{"retrieveAlertsCount?time=1&out=json", `{"AlertCount":2}`},
		{"retrieveAlertsCount?time=0&out=json&ci=-1", `{"AlertCount":2}`},
		{"retrieveAlertsCount?time=99999999999999999999&out=json", `{"AlertCount":5}`},
		{"retrieveAlertsCountWithType?time=day&ci=-1", `{"AlertCountTotal":6,"AlertCountPerType":{"Webpage":5,"RDP(rdpy)":1}}`},
		{"retrieveAlertStats?ci=-1", `{"AlertsLast24Hours":6,"AlertsLastHour":4,"AlertsLast5Minutes":4,"AlertsLastMinute":3}`},
		{"retrieveAlertsJson?ci=0", `{"alerts":[{"id":"00000000000000000000000000000000","dateCreated":"2026-11-23 23:46:05",` +
			`"country":"US","countryName":"United States","targetCountry":"DE","sourceLat":"1.5","sourceLng":"2.5",` +
			`"destLat":"50.708021","destLng":"7.129191","analyzerType":"RDP(rdpy)","requestString":"Attack on port 80","clientDomain":false}]}`},
		{"topCountriesAttacks?monthOffset=00&topx=1", `[{"id":"00","date":"2026-11",` +
			`"attacksPerCountry":[{"code":"US","country":"United States","count":4}],` +
			`"attacksToTargetCountry":[{"code":"DE","country":"Germany","count":5}]}]`},
		{"topCountriesAttacks?monthOffset=0&topx=1", `[{"id":0,"date":"2026-11",` +
			`"attacksPerCountry":[{"code":"US","country":"United States","count":4}],` +
			`"attacksToTargetCountry":[{"code":"DE","country":"Germany","count":5}]}]`},
		{"topCountriesAttacks?days=1&topx=1&offset=1", `[{"id":0,"date":"2026-11-22",` +
			`"attacksPerCountry":[{"code":"US","country":"United States","count":4}],` +
			`"attacksToTargetCountry":[{"code":"DE","country":"Germany","count":5}]}]`},
		{"topCountriesAttacks?offset=1", `[{"id":"1","date":"2026-10","attacksPerCountry":[],"attacksToTargetCountry":[]}]`},
		{"topCountriesAttacks?offset=1&monthOffset=2", `[{"id":"2","date":"2026-09","attacksPerCountry":[],"attacksToTargetCountry":[]}]`},
		{"retrieveLatLonAttacks?", `[{"statsSince":"2026-11-23","latLonAttacks":[{"lat":"1.5","lng":"2.5","count":4},{"lat":"0.0","lng":"0.0","count":1}]}]`},
		{"retrieveLatLonAttacks?direction=dst&topx=1", `[{"statsSince":"2026-11-23","latLonAttacks":[{"lat":"0.0","lng":"0.0","count":5}]}]`},
		{"retrieveLatLonAttacks?offset=1", `[{"statsSince":"2026-11-22","latLonAttacks":[]}]`},
		{"datasetAlertTypesPerMonth?ci=-1", `[{"datasetAlertsPerMonth":{"2026-11-23 00:00:00":{"Webpage":5,"RDP(rdpy)":1}}}]`},
	} {
		name, raw, _ := strings.Cut(tt.call, "?")
		if got := answer(t, s, name, raw); got != tt.want+"\n" {
			t.Errorf("%s:\ngot  %s\nwant %s", tt.call, got, tt.want)
		}
	}
}

// The operator's limit and the client's are kept.
func TestNewestLimits(t *testing.T) {
	var docs []alert.Document
	for range 50 {
		docs = append(docs, received(t, asked))
	}
	s := filled(t, docs...)
	for call, want := range map[string]int{
		"retrieveAlertsCyber?": 3, "querySingleIP?ip=8.8.8.8": 3,
		"retrieveAlertsJson?": 35, "retrieveAlertsJson?topx=7": 7, "retrieveAlertsJson?topx=1000": 50,
	} {
		name, raw, _ := strings.Cut(call, "?")
		body := answer(t, s, name, raw)
		if got := strings.Count(body, "<Id>0") + strings.Count(body, `"id":`); got != want {
			t.Errorf("%s: %d alerts, want %d", call, got, want)
		}
	}
}

func TestStoreErrorsAreReturned(t *testing.T) {
	for _, q := range All() {
		if q == feedList { // it asks the feeds' engine, not the store
			continue
		}
		required := map[string]string{
			"querySingleIP": "ip=8.8.8.8", "enrichment": "ip=8.8.8.8", "feedLookup": "ip=8.8.8.8", "retrieveAlertsCount": "time=1", "retrieveAlertsCountWithType": "time=1", "tops": "type=urls",
			"replay": "from=2026-11-23 23:45:00", "replayPlaces": "to=2026-11-23 23:00:00",
		}[q.Name]
		in := Input{Reader: brokenReader{}, Now: at(t, asked), Args: parse(t, q, required), Settings: Settings{Retention: oneDay}}
		if body, err := q.Ask(t.Context(), in); !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("%s answers %q, error %v", q.Name, body, err)
		}
	}
}

// What attackers write comes back as text, in well-formed XML and JSON.
func TestHostileText(t *testing.T) {
	var hostile strings.Builder
	for r := rune(0); r < 0x100; r++ {
		hostile.WriteRune(r)
	}
	hostile.WriteString("\xff\xc3\uFFFE\uFFFF\u2028\U0001F600]]></Request><x a=\"1\">&#0;&lt;<!--<![CDATA[</script>%00%0a\\u0000\"}")
	d := received(t, asked)
	d.OriginalRequestString, d.PeerIdent, d.PeerType = hostile.String(), hostile.String(), hostile.String()
	d.Country, d.CountryName, d.TargetEntryPort, d.Hostname = hostile.String(), hostile.String(), hostile.String(), hostile.String()
	web := d
	web.PeerType = "Webpage"
	s := filled(t, d, web)
	if err := s.PutRecords(t.Context(), store.SensorRecord{
		Key: "1", Sensor: hostile.String(), UUID: hostile.String(), Hostname: hostile.String(), Version: hostile.String(),
		Analyzers: []string{hostile.String()}, Refused: map[string]int64{hostile.String(): 1},
		Community: true, FirstSeen: d.RecievedTime, LastSeen: d.RecievedTime, Updated: d.RecievedTime,
	}); err != nil {
		t.Fatal(err)
	}

	for _, q := range All() {
		for _, raw := range []string{
			"out=xml&time=5&ip=8.8.8.8&type=urls&from=2026-11-23 23:45:00&to=2026-11-24 00:00:00",
			"out=json&time=5&ip=8.8.8.8&type=destports&from=2026-11-23 23:45:00&to=2026-11-24 00:00:00",
		} {
			body := answer(t, s, q.Name, raw)
			if q.Media(parse(t, q, raw)) == JSON {
				if !json.Valid([]byte(body)) || strings.ContainsAny(body, "<>&\u2028") {
					t.Errorf("%s?%s: no JSON, or not safe in HTML: %q", q.Name, raw, body)
				}
				continue
			}
			decoder := xml.NewDecoder(strings.NewReader(body))
			var texts strings.Builder
			var err error
			for err == nil {
				var token xml.Token
				token, err = decoder.Token()
				switch token := token.(type) {
				case xml.CharData:
					texts.Write(token)
				case xml.StartElement:
					if token.Name.Local == "x" {
						t.Errorf("%s?%s: an attacker's element", q.Name, raw)
					}
				}
			}
			if err != io.EOF {
				t.Errorf("%s?%s: %v in %q", q.Name, raw, err, body)
			}
			if strings.Contains(body, "<Request>") && !strings.Contains(texts.String(), "\r\uFFFD\uFFFD") {
				t.Errorf("%s?%s: control characters did not become U+FFFD beside the carriage return: %q", q.Name, raw, texts.String())
			}
		}
	}
}

// Ordered objects are what encoding/json makes of anything else.
func TestObject(t *testing.T) {
	body, err := encodeJSON(object{{"b", 1}, {"a", object{}}, {"<\u0000\"", []object{nil}}})
	if err != nil {
		t.Fatal(err)
	}
	const want = "{\"b\":1,\"a\":{},\"\\u003c\\u0000\\\"\":[{}]}\n"
	if !bytes.Equal(body, []byte(want)) {
		t.Errorf("got %s, want %s", body, want)
	}
}
