package storetest

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/peba-edge/peba/alert"
)

// base is the time around which the alerts of the suite are.
var base = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// plain returns an alert with nothing special, received offset seconds after base.
func plain(id int, offset int) alert.Record {
	received := base.Add(time.Duration(offset) * time.Second)
	return alert.Record{Document: alert.Document{
		ID:              hexID(id),
		PeerIdent:       "cowrie-community-01",
		PeerType:        "SSH/console(cowrie)",
		CreateTime:      alert.At(received.Add(-5 * time.Second)),
		RecievedTime:    alert.At(received),
		SourceEntryIP:   "203.0.113.7",
		SourceEntryPort: "43288",
		TargetEntryIP:   "198.51.100.9",
		TargetEntryPort: "22",
		TargetPort:      "tcp",
		RawHTTP:         "-",
		ExternalIP:      "1.1.1.1",
		InternalIP:      "1.1.1.1",
		Hostname:        "undefined",
		AdditionalData:  "{}",
		ClientDomain:    true,
		Country:         "-", CountryName: "-", Location: "0.0 , 0.0", SourceEntryAS: "-",
		TargetCountry: "-", TargetCountryName: "-", LocationDestination: "0.0 , 0.0", TargetEntryAS: "-",
		Client: "-",
	}}
}

// hexID returns 32 hex digits, one text a number.
func hexID(n int) string {
	sum := md5.Sum(fmt.Appendf(nil, "alert %d", n))
	return hex.EncodeToString(sum[:])
}

// Odd makes alerts of which few questions have an easy answer: little variety,
// so that groups are large and counts equal; clocks that are late, ahead and
// absurd; both domains; alerts sent again.
type Odd struct {
	rng  *rand.Rand
	sent []alert.Record
}

// NewOdd returns a maker of alerts, the same ones for the same seed.
func NewOdd(seed uint64) *Odd {
	return &Odd{rng: rand.New(rand.NewPCG(seed, 1))}
}

// The variety of odd alerts. Texts are not in the order of the addresses and
// ports that they show.
var (
	oddSources  = []string{"203.0.113.7", "9.9.9.9", "100.64.0.1", "2001:db8::9", "2001:db8::10", "::1", "192.0.2.200", "fe80::a"}
	oddTargets  = []string{"198.51.100.9", "20.0.0.1", "2001:db8:1::1"}
	oddPorts    = []string{"22", "80", "443", "8080", "http", "0", ""}
	oddPeers    = [][2]string{{"cowrie-community-01", "SSH/console(cowrie)"}, {"cowrie-community-02", "SSH/console(cowrie)"}, {"dionaea-01", "Network(Dionaea)"}, {"tanner-01", "Webpage"}, {"x", "Unclassified"}, {"h0neytr4p-01", "Web(h0neytr4p)"}}
	oddHosts    = []string{"undefined", "bluemoon", "Redriver", "übermond"}
	oddRequests = []string{"", "/", "/Admin", "/admin", "/ü", "Attack on port 445/tcp", "a\nb", "%00", "'; DROP TABLE alerts; --"}
	oddPlaces   = [][4]string{
		{"DE", "Germany", "52.3751 , 9.9819", "AS3320 Deutsche Telekom AG"},
		{"DE", "Germany", "50.7 , 7.1", "AS3320 Deutsche Telekom AG"},
		{"CI", "Côte d'Ivoire", "5.3 , -4.0", "-"},
		{"-", "-", "0.0 , 0.0", "-"},
	}
	// Some are also sources, and their order is not that of their texts.
	oddExternal   = []string{"1.1.1.1", "198.51.100.9", "20.0.0.1", "9.9.9.9", "2001:db8::10", "2001:db8::9"}
	oddTransports = []string{"tcp", "udp", "UDP", "", "icmp"}
	oddData       = []string{"{}", `{"a":"payload_md5"}`, `{"payload_md5":"0"}`, `{"a": "x", "payload_md5": "1"}`, `{"a":"x\"payload_md5"}`}
	oddCVEs       = []string{"CVE-2021-44228", "CVE-2019-19781", "cve-2021-44228", "-1", "no"}
	oddBuckets    = []time.Duration{0, time.Second, time.Minute, time.Hour, 6 * time.Hour, 7 * time.Hour, 24 * time.Hour}
)

// pick returns one of the list, the first ones more often.
func pick[T any](rng *rand.Rand, list []T) T {
	return list[min(rng.IntN(len(list)), rng.IntN(len(list)))]
}

// Message returns the next message: up to 20 alerts, some of which were sent
// before, in an earlier message or in this one.
func (o *Odd) Message() []alert.Record {
	var message []alert.Record
	for range 1 + o.rng.IntN(20) {
		if len(o.sent) > 0 && o.rng.IntN(6) == 0 {
			message = append(message, o.again())
			continue
		}
		r := o.alert()
		o.sent = append(o.sent, r)
		message = append(message, r)
	}
	return message
}

// again returns an alert that was sent before, as it is read a second time: all
// that identifies it is the same, what the collector adds is not.
func (o *Odd) again() alert.Record {
	r := pick(o.rng, o.sent)
	r.RecievedTime = alert.At(r.RecievedTime.Add(time.Duration(o.rng.IntN(100_000)) * time.Second))
	r.Country, r.CountryName = "XX", "Elsewhere"
	return r
}

func (o *Odd) alert() alert.Record {
	r := plain(len(o.sent), o.rng.IntN(3*24*3600))
	r.CreateTime = o.created(r.RecievedTime)
	r.ClientDomain = o.rng.IntN(4) > 0
	r.SourceEntryIP, r.TargetEntryIP = pick(o.rng, oddSources), pick(o.rng, oddTargets)
	r.TargetEntryPort = pick(o.rng, oddPorts)
	peer := pick(o.rng, oddPeers)
	r.PeerIdent, r.PeerType = peer[0], peer[1]
	r.Hostname = pick(o.rng, oddHosts)
	r.OriginalRequestString = pick(o.rng, oddRequests)
	from, to := pick(o.rng, oddPlaces), pick(o.rng, oddPlaces)
	r.Country, r.CountryName, r.Location, r.SourceEntryAS = from[0], from[1], from[2], from[3]
	r.TargetCountry, r.TargetCountryName, r.LocationDestination, r.TargetEntryAS = to[0], to[1], to[2], to[3]
	if o.rng.IntN(10) == 0 {
		r.VulnID = pick(o.rng, oddCVEs)
	}
	o.attacked(&r)
	if o.rng.IntN(5) == 0 {
		r.Payload = oddPayload(o.rng.IntN(12))
	}
	return r
}

// attacked sets how the alert was caused, and how far the attacker got.
func (o *Odd) attacked(r *alert.Record) {
	r.TargetPort = pick(o.rng, oddTransports)
	r.ExternalIP = pick(o.rng, oddExternal)
	r.Login = pick(o.rng, []string{"", "Fail", "Success", "success"})
	if o.rng.IntN(3) == 0 {
		r.Username, r.Password = pick(o.rng, []string{"root", ""}), pick(o.rng, []string{"", "x"})
	}
	r.AdditionalData = pick(o.rng, oddData)
}

// created returns what the sensor's clock may have shown.
func (o *Odd) created(received alert.Time) alert.Time {
	switch o.rng.IntN(20) {
	case 0: // spooled by the sensor for days
		return alert.At(received.Add(-time.Duration(o.rng.IntN(10*24*3600)) * time.Second))
	case 1: // ahead
		return alert.At(received.Add(time.Duration(o.rng.IntN(40*24*3600)) * time.Second))
	case 2: // absurd
		return alert.At(pick(o.rng, []time.Time{
			time.Unix(0, 0), time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(1901, 1, 1, 0, 0, 0, 0, time.UTC),
			time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC), time.Date(2260, 1, 1, 7, 0, 0, 0, time.UTC),
		}))
	default:
		return alert.At(received.Add(-time.Duration(o.rng.IntN(120)) * time.Second))
	}
}

// oddPayload returns payload n: each has an MD5 of its own, three share a
// fuzzy hash.
func oddPayload(n int) *alert.Payload {
	data := fmt.Appendf(nil, "payload %d\x00\xff", n)
	return &alert.Payload{
		Hash:      hexID(1_000_000 + n),
		FuzzyHash: hexID(2_000_000+n/3) + hexID(3_000_000+n/3),
		MIMEType:  "application/octet-stream",
		Data:      data,
	}
}

// Start returns the time from which alerts are received, over three days.
func (o *Odd) Start() time.Time { return base }
