package query

import (
	"encoding/xml"
	"strings"
	"testing"

	"github.com/peba-edge/peba/alert"
)

// manyOf returns alerts of one source: two sensors, one of them under two host names.
func manyOf(t *testing.T, source string) []alert.Document {
	var docs []alert.Document
	add := func(n int, when, uuid, hostname, port, user, password string) {
		for range n {
			d := received(t, when)
			d.SourceEntryIP, d.SensorUUID, d.Hostname, d.TargetEntryPort, d.Username, d.Password = source, uuid, hostname, port, user, password
			docs = append(docs, d)
		}
	}
	add(2, "2026-11-20 22:17:04", "u1", "undefined", "22", "root", "1")
	add(3, "2026-11-22 10:00:00", "u1", "tpot", "22", "root", "2")
	add(1, "2026-11-22 10:00:01", "", "old", "80", "", "")
	add(1, "2026-11-22 09:00:00", "", "undefined", "", "admin", "")
	docs[0].VulnID, docs[1].VulnID = "CVE-2021-44228", "no"
	return docs
}

func TestEnrichment(t *testing.T) {
	docs := append(manyOf(t, "9.9.9.9"), received(t, asked)) // of 8.8.8.8
	docs[5].SourceEntryAS = "AS19281 Quad9"                  // of the last one
	s := filled(t, docs...)
	const place = `"country":"US","countryName":"United States","as":"AS19281 Quad9","lat":"1.5","lng":"2.5",`
	tests := []struct{ query, want string }{
		{"ip=9.9.9.9", `{"ip":"9.9.9.9","note":"","alerts":7,"first":"2026-11-20 22:17:04","last":"2026-11-22 10:00:01",` + place +
			`"perDay":{"2026-11-20 00:00:00":2,"2026-11-21 00:00:00":0,"2026-11-22 00:00:00":5},"types":{"Webpage":7},` +
			`"ports":{"distinct":2,"top":[{"port":"22","alerts":5},{"port":"80","alerts":2}]},` +
			`"sensors":{"distinct":3,"top":[{"id":"u1","hostname":"tpot","alerts":5},{"id":"address 9.9.9.9","hostname":"undefined","alerts":1},{"id":"old","hostname":"old","alerts":1}]},` +
			`"credentials":{"distinct":3,"top":[{"username":"root","password":"2","alerts":3},{"username":"root","password":"1","alerts":2},{"username":"admin","password":"","alerts":1}]},` +
			`"cves":{"distinct":1,"top":[{"cve":"CVE-2021-44228","alerts":1}]},"feeds":[]}`},
		{"ip=9.9.9.9&topx=1", `"ports":{"distinct":2,"top":[{"port":"22","alerts":5}]},` +
			`"sensors":{"distinct":3,"top":[{"id":"u1","hostname":"tpot","alerts":5}]},` +
			`"credentials":{"distinct":3,"top":[{"username":"root","password":"2","alerts":3}]},`},
		{"ip=9.9.9.9&ci=0", `{"ip":"9.9.9.9","note":"","alerts":0,"first":null,"last":null,"country":"-","countryName":"-","as":"-","lat":"0.0","lng":"0.0",` +
			`"perDay":{},"types":{},"ports":{"distinct":0,"top":[]},"sensors":{"distinct":0,"top":[]},"credentials":{"distinct":0,"top":[]},"cves":{"distinct":0,"top":[]},"feeds":[]}`},
		{"ip=10.0.0.5", `{"ip":"10.0.0.5","note":"10.0.0.5 is not globally routable: such addresses are listed only with the option list_private on","alerts":0,`},
	}
	for _, tt := range tests {
		t.Run(tt.query, func(t *testing.T) {
			if got := answer(t, s, "enrichment", tt.query); !strings.Contains(got, tt.want) {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestListPrivate(t *testing.T) {
	s := filled(t, manyOf(t, "10.0.0.5")...)
	for call, want := range map[string]string{
		"querySingleIP?ip=10.0.0.5":          "<DateCreated>",
		"querySingleIP?ip=10.0.0.5&out=json": `"note":"","alerts":[{"id":`,
		"enrichment?ip=10.0.0.5":             `"note":"","alerts":7,`,
	} {
		name, raw, _ := strings.Cut(call, "?")
		q := question(t, name)
		for _, listed := range []bool{false, true} {
			body, err := q.Ask(t.Context(), Input{
				Reader: s, Now: at(t, asked), Args: parse(t, q, raw), Settings: Settings{MaxAlerts: 10, Retention: oneDay, ListPrivate: listed},
			})
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(body), want) != listed {
				t.Errorf("%s with list_private %t: %s", call, listed, body)
			}
			if !listed && !strings.Contains(string(body), "list_private on") {
				t.Errorf("%s does not say why it is empty: %s", call, body)
			}
			if q.Media(parse(t, q, raw)) == XML {
				if err := xml.Unmarshal(body, new(any)); err != nil && err.Error() != "unknown type interface {}" {
					t.Errorf("%s: %v", call, err)
				}
			}
		}
	}
}

// A list for logged-in users has all that is known of an alert.
func TestPrivateAlerts(t *testing.T) {
	d := received(t, asked)
	d.SourceEntryPort, d.SourceEntryAS, d.TargetPort, d.SensorUUID, d.Hostname = "4711", "AS1 One", "tcp", "u1", "tpot"
	d.PeerType, d.OriginalRequestString, d.RawHTTP, d.Login = "SSH/console(cowrie)", "", "GET / HTTP/1.1", "Fail"
	d.Username, d.Password, d.VulnID, d.ClientVersion, d.SessionStart, d.SessionEnd = "root", "<1>", "CVE-2021-44228", "Go", "s", "e"
	d.AdditionalData = `{"payload_md5":"abc","sessionid":"17","n":1}`
	odd := received(t, asked)
	odd.AdditionalData = "null"
	s := filled(t, odd, d)
	for _, call := range []string{"retrieveAlertsCyber?out=json", "querySingleIP?ip=8.8.8.8&out=json"} {
		name, raw, _ := strings.Cut(call, "?")
		got := answer(t, s, name, raw)
		for _, want := range []string{
			`"dateCreated":"`, `"dateReceived":"2026-11-23 23:46:05"`, `"clientDomain":true`, `"analyzerType":"SSH/console(cowrie)"`, `"analyzer":"web-1"`,
			`"source":{"address":"8.8.8.8","port":"4711","country":"US","countryName":"United States","as":"AS1 One","lat":"1.5","lng":"2.5"}`,
			`"target":{"address":"9.9.9.9","port":"80"`, `"transport":"tcp"`, `"sensor":{"id":"u1","uuid":"u1","hostname":"tpot",`,
			`"request":"Username: \"root\" | Password: \"\u003c1\u003e\" | Status: Fail"`, `"raw":"GET / HTTP/1.1"`,
			`"username":"root","password":"\u003c1\u003e","login":"Fail","clientVersion":"Go","cve":"CVE-2021-44228","payloadHash":"abc",` +
				`"session":{"id":"17","start":"s","end":"e"},"additionalData":{"n":1,"payload_md5":"abc","sessionid":"17"}`,
			`"payloadHash":"","session":{"id":"","start":"","end":""},"additionalData":{}`,
		} {
			if !strings.Contains(got, want) {
				t.Errorf("%s lacks %s:\n%s", call, want, got)
			}
		}
	}
}

// Lists of bad addresses do not name victims, unless asked to.
func TestSourcesInDoubt(t *testing.T) {
	var docs []alert.Document
	add := func(source, peerType, transport, external string) {
		d := received(t, asked)
		d.SourceEntryIP, d.PeerType, d.TargetPort, d.ExternalIP = source, peerType, transport, external
		docs = append(docs, d)
	}
	add("8.8.8.8", "Webpage", "tcp", "1.1.1.1")
	add("8.8.8.8", "Network(honeytrap)", "udp", "1.1.1.1")
	add("9.9.9.9", "DDoS(ddospot)", "udp", "1.1.1.1")
	add("8.8.4.4", "Network(suricata)", "tcp", "8.8.4.4")
	s := filled(t, docs...)
	for _, name := range []string{"retrieveIPs", "retrieveIPs15m"} {
		for raw, want := range map[string]string{
			"out=json":       `[{"ip":"8.8.8.8","count":1}]`,
			"out=json&all=0": `[{"ip":"8.8.8.8","count":1}]`,
			"out=json&all=1": `[{"ip":"8.8.8.8","count":2},{"ip":"8.8.4.4","count":1},{"ip":"9.9.9.9","count":1}]`,
		} {
			if got := answer(t, s, name, raw); got != want+"\n" {
				t.Errorf("%s?%s: got %s want %s", name, raw, got, want)
			}
		}
	}
}
