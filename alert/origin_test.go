package alert

import (
	"maps"
	"reflect"
	"testing"
)

// Each alert counts for the sensor that it names, also one that is skipped.
func TestOrigins(t *testing.T) {
	const (
		uuid    = `<AdditionalData meaning="uuid">0a7d</AdditionalData>`
		host    = `<AdditionalData meaning="hostname">sensor1</AdditionalData>`
		noHost  = `<AdditionalData meaning="hostname">undefined</AdditionalData>`
		target2 = `<Target category="ipv4" port="22" protocol="tcp">198.51.100.10</Target>`
		badZone = `<CreateTime tz="CET">2026-11-24 01:00:00</CreateTime>`
	)
	skipped := func(reason SkipReason, n int) map[SkipReason]int { return map[SkipReason]int{reason: n} }
	for name, test := range map[string]struct {
		alerts []string
		want   []Origin
	}{
		"nothing": {nil, nil},
		"one sensor, two targets": {
			[]string{good + uuid + host, anAnalyzer + badZone + aSource + aTarget + uuid + host, good + target2 + uuid + host},
			[]Origin{{UUID: "0a7d", Hostname: "sensor1", Target: "198.51.100.9", Analyzer: "cowrie-01", Accepted: 2, Skipped: skipped(SkipTimeZone, 1)}},
		},
		"no names, two targets": {
			[]string{good + noHost, good + target2, good + target2},
			[]Origin{
				{Target: "198.51.100.9", Analyzer: "cowrie-01", Accepted: 1},
				{Target: "198.51.100.10", Analyzer: "cowrie-01", Accepted: 2},
			},
		},
		"another honeypot, and nothing told": {
			[]string{good + uuid, `<Analyzer id="tanner"/>` + uuid, aTime},
			[]Origin{
				{UUID: "0a7d", Target: "198.51.100.9", Analyzer: "cowrie-01", Accepted: 1},
				{UUID: "0a7d", Analyzer: "tanner", Skipped: skipped(SkipSource, 1)},
				{Skipped: skipped(SkipAnalyzer, 1)},
			},
		},
		"nested": {
			[]string{good + "<Alert>" + good + "</Alert><Alert/>" + uuid},
			[]Origin{{UUID: "0a7d", Target: "198.51.100.9", Analyzer: "cowrie-01", Accepted: 1, Skipped: skipped(SkipNested, 2)}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := mustDecode(t, message(test.alerts...))
			if !reflect.DeepEqual(m.Origins, test.want) {
				t.Errorf("got  %+v\nwant %+v", m.Origins, test.want)
			}
			accepted, all := 0, make(map[SkipReason]int)
			for i := range m.Origins {
				accepted += m.Origins[i].Accepted
				for reason, n := range m.Origins[i].Skipped {
					all[reason] += n
				}
			}
			if accepted != len(m.Records) || !maps.Equal(all, m.Skipped) {
				t.Errorf("%d accepted, %v skipped; the message has %d and %v", accepted, all, len(m.Records), m.Skipped)
			}
		})
	}
}
