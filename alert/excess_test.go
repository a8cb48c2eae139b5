package alert

import (
	"encoding/base64"
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/iotest"
)

// small are limits that short messages exceed.
func small() Limits {
	lim := DefaultLimits()
	lim.TagBytes, lim.TextBytes, lim.PayloadBytes, lim.MessagePayloadBytes = 200, 300, 1000, 2500
	return lim
}

// TestExcess puts an alert that is too large beside good ones: they are kept, and so
// is what fits of it, also what comes after the excess.
func TestExcess(t *testing.T) {
	long := strings.Repeat("x", 10_000)
	for name, excess := range map[string]string{
		"name":                `<AdditionalData meaning="` + long + `"/>`,
		"names":               strings.Repeat(`<AdditionalData type='`+long+`' meaning='`+long+`' x='a&gt;' y=''/>`, 3),
		"name of two lines":   `<AdditionalData meaning="` + strings.Repeat("\n", 10_000) + `"/>`,
		"quotes in a name":    `<AdditionalData meaning='` + strings.Repeat(`"`, 500) + `'/>`,
		"name of references":  `<AdditionalData meaning="` + strings.Repeat(`&quot;`, 500) + `"/>`,
		"long references":     `<AdditionalData meaning="` + strings.Repeat(`&#000000000000000000000065;`, 500) + `">` + strings.Repeat(`&#000000000000000000000065;`, 500) + `</AdditionalData>`,
		"name of characters":  `<AdditionalData meaning="` + strings.Repeat(`€`, 500) + `"/>`,
		"text":                data("k", long),
		"text of references":  data("k", strings.Repeat("&amp;&#x20ac;", 500)),
		"text of characters":  data("k", strings.Repeat("𝄞", 500)),
		"text in pieces":      data("k", strings.Repeat("x<!-- -->", 500)),
		"CDATA":               data("k", "<![CDATA["+long[:900]+"]]>"),
		"no field":            "<x>" + long + "</x><x>" + strings.Repeat("<y/>", 200_000) + "</x>" + data("k", long),
		"nothing":             long + data("k", long),
		"elements":            strings.Repeat("<AdditionalData meaning='a'>1</AdditionalData>", 110_000),
		"attributes":          "<x " + attributes(33) + "/>",
		"attributes of alert": "<x " + attributes(200) + "/>",
	} {
		t.Run(name, func(t *testing.T) {
			lim := small()
			if strings.HasPrefix(name, "attributes") {
				lim = DefaultLimits()
			}
			text := message(good, good+excess+data("uuid", "u"), good+data("uuid", "last"))
			for pieces, r := range map[string]*strings.Reader{"whole": strings.NewReader(text), "bytes": nil} {
				var m *Message
				var err error
				if r == nil {
					m, err = Decode(iotest.OneByteReader(strings.NewReader(text)), lim)
				} else {
					m, err = Decode(r, lim)
				}
				if err != nil || m.Skipped != nil || len(m.Records) != 3 || m.Cut != 1 {
					t.Fatalf("%s: %+v, error %v: want 3 alerts, one of them cut", pieces, m, err)
				}
				if m.Records[1].SensorUUID != "u" || m.Records[2].SensorUUID != "last" {
					t.Errorf("%s: %+v", pieces, m.Records)
				}
			}
		})
	}
}

// Excess that makes a document malformed still does.
func TestExcessIsWellFormed(t *testing.T) {
	long := strings.Repeat("x", 1000)
	for _, text := range []string{
		`<m><Alert><x a="` + long, `<m><Alert>` + long, `<m><Alert><x a="` + long + `" a=""/></Alert></m>`,
		`<m><Alert><x ` + strings.Repeat(" ", 10_000) + `/></Alert></m>`, `<m><Alert>` + long + `</m>`, `<m><Alert>` + long + `</Alert></m><m/>`,
		`<m><Alert>&` + strings.Repeat("a", 1000) + `;</Alert></m>`, "<m><Alert>" + strings.Repeat("\x80", 1000) + "</Alert></m>",
	} {
		if _, err := Decode(strings.NewReader(text), small()); !isSyntaxError(err) {
			t.Errorf("%.40s… %d bytes: error %v, want a *SyntaxError", text, len(text), err)
		}
	}
}

// An error after excess names its line.
func TestExcessPosition(t *testing.T) {
	_, err := Decode(strings.NewReader("<m>"+strings.Repeat("\n", 999)+"\n</n>"), small())
	if !isSyntaxError(err) || !strings.Contains(err.Error(), "line 1001,") {
		t.Errorf("error %v, want line 1001", err)
	}
}

// TestPayloadDropped drops payloads that are too large, for themselves or together.
func TestPayloadDropped(t *testing.T) {
	payload := func(size int) string { return base64.StdEncoding.EncodeToString(make([]byte, size)) }
	dionaea := `<Analyzer id="dionaea"/>` + aTime + aSource + aTarget
	for name, test := range map[string]struct {
		alerts  []string
		kept    string // a digit an alert
		dropped int
		bytes   int64
	}{
		"one":              {[]string{req("raw", payload(750)), req("binary", payload(751)), req("largepayload", payload(60))}, "101", 1, 1004},
		"as data":          {[]string{data("binary", payload(3000))}, "0", 1, 4000},
		"together":         {[]string{req("raw", payload(750)), req("raw", payload(750)), req("raw", payload(750)), req("raw", payload(375))}, "1101", 1, 1000},
		"no room at all":   {[]string{req("raw", payload(750)), req("raw", payload(750)), req("raw", payload(375)), req("raw", payload(3))}, "1110", 1, 4},
		"references":       {[]string{req("raw", strings.Repeat("&#65;", 2000))}, "0", 1, 9200},
		"CDATA":            {[]string{req("raw", "<![CDATA["+payload(600)+"]]><![CDATA["+payload(600)+"]]>")}, "0", 1, 1600},
		"not of this type": {[]string{req("payload", payload(3000)) + req("url", payload(3000))}, "0", 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var alerts []string
			for _, a := range test.alerts {
				alerts = append(alerts, dionaea+a+data("uuid", "u"))
			}
			m, err := Decode(strings.NewReader(message(alerts...)), small())
			if err != nil || len(m.Records) != len(alerts) {
				t.Fatalf("%+v, error %v", m, err)
			}
			if m.DroppedPayloads != test.dropped || m.DroppedBytes != test.bytes || m.BadPayloads != 0 {
				t.Errorf("%d payloads of %d bytes dropped, %d bad: want %d of %d", m.DroppedPayloads, m.DroppedBytes, m.BadPayloads, test.dropped, test.bytes)
			}
			for i, r := range m.Records {
				says := fmt.Sprintf(`{"payload_dropped":"%d"}`, test.bytes)
				if kept := test.kept[i] == '1'; kept != (r.Payload != nil) || test.dropped > 0 && kept == (r.AdditionalData == says) {
					t.Errorf("alert %d has payload %v, data %s: want %v", i, r.Payload != nil, r.AdditionalData, kept)
				}
				if r.SensorUUID != "u" {
					t.Errorf("alert %d: what followed the payload is lost", i)
				}
			}
		})
	}
}

// TestStoredBytes skips the alerts for which a message has no room any more.
func TestStoredBytes(t *testing.T) {
	lim := DefaultLimits()
	lim.StoredBytes = 1000
	m, err := Decode(strings.NewReader(message(good, good+data("k", strings.Repeat("x", 1000)), good)), lim)
	if err != nil || len(m.Records) != 2 || !maps.Equal(m.Skipped, map[SkipReason]int{SkipSize: 1}) {
		t.Errorf("%+v, error %v", m, err)
	}
}
