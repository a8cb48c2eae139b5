package alert

import (
	"strings"
	"testing"
)

// The host name that the module for h0neytr4p sends is the attacker's.
func TestHostnameOfAttacker(t *testing.T) {
	const uuid = `<AdditionalData meaning="uuid">0a7d</AdditionalData><AdditionalData meaning="hostname">victim.example</AdditionalData>`
	trap := strings.Replace(good, anAnalyzer, `<Analyzer id="h0neytr4p-community-01"/>`, 1)
	m, err := Decode(strings.NewReader("<m><Alert>"+good+uuid+"</Alert><Alert>"+trap+uuid+"</Alert></m>"), DefaultLimits())
	if err != nil || len(m.Records) != 2 || len(m.Origins) != 2 {
		t.Fatalf("%+v, %v", m, err)
	}
	if d := m.Records[0]; d.Hostname != "victim.example" || m.Origins[0].Hostname != "victim.example" {
		t.Errorf("cowrie's is %q, %+v", d.Hostname, m.Origins[0])
	}
	if d := m.Records[1]; d.Hostname != UnknownHost || d.AdditionalData != `{"hostname":"victim.example"}` || m.Origins[1].Hostname != "" {
		t.Errorf("h0neytr4p's is %q, %s, %+v", d.Hostname, d.AdditionalData, m.Origins[1])
	}
}
