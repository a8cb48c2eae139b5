package simulate

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"time"
)

// sensor is one machine with honeypots.
type sensor struct {
	address, address6 string
	zone              *time.Location
	tz                string
	identity          string // the AdditionalData that identify it
	seconds           [64]second
}

// second records the source ports used for a createTime. The ring of seconds is
// slightly longer than maxLag, so that none is reused while within reach.
type second struct {
	at    int64
	first uint16
	used  uint16
}

const (
	lowPort   = 1024
	portCount = 1<<16 - lowPort
	// Coprime to portCount: steps of this size reach every port once.
	portStep = 27107
)

// instant returns a second at or before at, and a source port not yet used with
// it by the sensor.
func (s *sensor) instant(at int64, r *rand.Rand) (int64, int) {
	slot := &s.seconds[at&63]
	if slot.at != at {
		*slot = second{at: at, first: uint16(r.IntN(portCount))}
	}
	port := lowPort + (int(slot.first)+int(slot.used)*portStep)%portCount
	slot.used++
	return at, port
}

var (
	firstWords = []string{"amber", "autumn", "black", "blue", "bold", "brave", "bright", "calm", "cold", "crimson",
		"dark", "dawn", "deep", "early", "fast", "frosty", "gentle", "golden", "green", "grey", "hidden", "icy",
		"late", "lively", "lone", "misty", "odd", "old", "pale", "proud", "quiet", "rapid", "red", "rough", "silent",
		"silver", "small", "snowy", "still", "wild"}
	secondWords = []string{"bird", "breeze", "brook", "bush", "cherry", "cloud", "darkness", "dew", "dream", "dust",
		"feather", "field", "fire", "flower", "fog", "forest", "frog", "glade", "glitter", "grass", "haze", "hill",
		"lake", "leaf", "meadow", "moon", "morning", "night", "pine", "pond", "rain", "resonance", "river", "sea",
		"shadow", "sky", "snow", "sound", "sunset", "wave"}
	// offsets from UTC in minutes, the most common first.
	offsets = []int{0, 60, 120, 0, 60, 330, -300, 540, 480, -180, -480, 345, 570, -210}
)

// newSensors returns sensors with distinct names, addresses and identities.
func newSensors(r *rand.Rand, n int) []sensor {
	list := make([]sensor, n)
	at4, at6 := newAtlas(sites4), newAtlas(sites6)
	names := r.Perm(len(firstWords) * len(secondWords))
	taken := make(map[netip.Addr]bool, n)
	for i := range list {
		address := at4.address(r)
		for taken[address] {
			address = at4.address(r)
		}
		taken[address] = true
		offset := offsets[r.IntN(len(offsets))]
		tz := zoneText(offset)
		list[i] = sensor{
			address: address.String(), address6: at6.address(r).String(),
			tz: tz, zone: time.FixedZone(tz, offset*60),
			identity: identity(hostname(names, i), address.String(), fmt.Sprintf("172.%d.0.%d", 16+r.IntN(16), 2+r.IntN(200)), uuid(r)),
		}
	}
	return list
}

func identity(hostname, external, internal, uuid string) string {
	var x xmlBuffer
	x.data("hostname", hostname)
	x.data("externalIP", external)
	x.data("internalIP", internal)
	x.data("uuid", uuid)
	return string(x)
}

// hostname returns two words for the i-th sensor, plus a number once they run
// out.
func hostname(names []int, i int) string {
	n := names[i%len(names)]
	name := firstWords[n%len(firstWords)] + secondWords[n/len(firstWords)]
	if round := i / len(names); round > 0 {
		name += fmt.Sprint(round + 1)
	}
	return name
}

// zoneText returns an offset in minutes as ±HHMM.
func zoneText(minutes int) string {
	sign := '+'
	if minutes < 0 {
		sign, minutes = '-', -minutes
	}
	return fmt.Sprintf("%c%02d%02d", sign, minutes/60, minutes%60)
}

// uuid returns a random UUID (RFC 9562, version 4).
func uuid(r *rand.Rand) string {
	high, low := r.Uint64(), r.Uint64()
	high = high&^0xf000 | 0x4000
	low = low&^(3<<62) | 2<<62
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", high>>32, high>>16&0xffff, high&0xffff, low>>48, low&(1<<48-1))
}
