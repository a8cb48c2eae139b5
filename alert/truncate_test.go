package alert

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestLongTextsAreCut sends texts of a megabyte: the alert is kept, with what fits.
func TestLongTextsAreCut(t *testing.T) {
	long := strings.Repeat("ä", 1<<19)
	var data strings.Builder
	for i := range 40 {
		fmt.Fprintf(&data, `<AdditionalData meaning="key%02d">%s</AdditionalData>`, i, long)
	}
	decode := func(more string) Record {
		t.Helper()
		m, err := Decode(strings.NewReader(`<m><Alert><Analyzer id="tanner-1"/><CreateTime tz="+0000">2026-11-23 10:00:00</CreateTime>`+
			`<Source port="1" protocol="tcp">9.9.9.9</Source><Target port="80">8.8.8.8</Target>`+
			`<Request type="url">/`+long+more+`</Request><AdditionalData meaning="username">`+long+`</AdditionalData>`+
			`<AdditionalData meaning="cve_id">`+long+`</AdditionalData>`+data.String()+`</Alert></m>`), DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		if len(m.Records) != 1 || m.Cut != 1 {
			t.Fatalf("%d alerts, %d of them cut", len(m.Records), m.Cut)
		}
		return m.Records[0]
	}
	r := decode("")
	for name, got := range map[string]struct {
		text string
		most int
	}{
		"request":        {r.OriginalRequestString, maxLongText},
		"username":       {r.Username, maxShortText},
		"CVE":            {r.VulnID, maxCVE},
		"additionalData": {r.AdditionalData, maxData + 64*10},
	} {
		if len(got.text) > got.most || len(got.text) < got.most/2 || !utf8.ValidString(got.text) {
			t.Errorf("%s has %d bytes, want nearly %d of UTF-8", name, len(got.text), got.most)
		}
	}
	var kept map[string]string
	if err := json.Unmarshal([]byte(r.AdditionalData), &kept); err != nil {
		t.Errorf("additionalData is no JSON object any more: %v", err)
	}
	if other := decode("x"); other.ID == r.ID {
		t.Error("two alerts that differ in what was cut off have one id")
	}
}
