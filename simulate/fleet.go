package simulate

import (
	"bytes"
	"math"
	"math/rand/v2"
	"strconv"
	"time"
)

const (
	attackerCount = 4096
	// Shares of the alerts: from addresses seen only once, and, among recurring
	// attackers, over IPv6.
	passerBy = 0.15
	overIPv6 = 0.03

	// createTimes lie up to this many seconds back.
	maxLag = 60
)

// attacker is a recurring source.
type attacker struct {
	address string
	ipv6    bool
}

// Fleet generates the messages of simulated sensors. The seed determines
// sensors and attackers; the seed and the time of the first message determine
// the attackers' actions. Two fleets with the same seed and times generate the
// same messages, and a later run generates new alerts of the same sensors. It
// is not safe for concurrent use.
//
// No two alerts of a fleet have the same sensor, source port and second, as
// long as a sensor has fewer than 50,000 alerts per second and time does not go
// back.
type Fleet struct {
	seed      uint64
	sensors   []sensor
	bearers   [][]int // of every kind, the sensors that run it
	attackers []attacker
	atlas4    atlas
	samples   []sample
	inputs    []string // of cowrie, see pythonList

	random  *rand.Rand // created by the first message
	turn    float64    // which kind is next, see nextKind
	session uint64     // of the next cowrie session
	buffer  xmlBuffer
	scratch []byte
	encoded []byte
}

// NewFleet returns a fleet of so many sensors, at least one. Every kind of
// honeypot runs on some sensor.
func NewFleet(seed uint64, sensors int) *Fleet {
	r := rand.New(rand.NewPCG(seed, 1))
	f := &Fleet{
		seed:      seed,
		sensors:   newSensors(r, max(sensors, 1)),
		bearers:   make([][]int, len(kinds)),
		attackers: make([]attacker, attackerCount),
		atlas4:    newAtlas(origins4),
		samples:   newSamples(),
	}
	for _, script := range scripts {
		f.inputs = append(f.inputs, pythonList(script))
	}
	for k := range kinds {
		for s := range f.sensors {
			if r.Float64() < kinds[k].spread {
				f.bearers[k] = append(f.bearers[k], s)
			}
		}
		if len(f.bearers[k]) == 0 {
			f.bearers[k] = []int{r.IntN(len(f.sensors))}
		}
	}
	atlas6 := newAtlas(origins6)
	for i := range f.attackers {
		if r.Float64() < overIPv6 {
			f.attackers[i] = attacker{atlas6.address(r).String(), true}
		} else {
			f.attackers[i] = attacker{f.atlas4.address(r).String(), false}
		}
	}
	return f
}

// Message returns the body of a message with batch alerts of one honeypot on one sensor,
// sent at now: EWS XML as in docs/CONTRACT.md §1. The caller owns the slice.
func (f *Fleet) Message(now time.Time, user, token string, batch int) []byte {
	if f.random == nil {
		f.random = rand.New(rand.NewPCG(f.seed, uint64(now.UnixNano())))
		f.turn = f.random.Float64()
		f.session = f.random.Uint64()
	}
	k := f.nextKind()
	s := &f.sensors[f.bearers[k][f.random.IntN(len(f.bearers[k]))]]

	x := &f.buffer
	*x = (*x)[:0]
	x.raw(`<EWS-SimpleMessage version="3.0"><Authentication><username>`)
	x.text(user)
	x.raw("</username><token>")
	x.text(token)
	x.raw("</token></Authentication>")
	for range batch {
		f.alert(x, s, k, now)
	}
	x.raw("</EWS-SimpleMessage>")
	return bytes.Clone(*x)
}

// nextKind draws a kind of honeypot by weight. The draws are spread evenly
// (multiples of the golden ratio), so that even a short run has a good mix.
func (f *Fleet) nextKind() int {
	_, f.turn = math.Modf(f.turn + math.Phi)
	n := f.turn * totalWeight
	k := 0
	for k < len(kinds)-1 && n >= kinds[k].weight {
		n -= kinds[k].weight
		k++
	}
	return k
}

// event is the alert being written.
type event struct {
	sensor *sensor
	at     time.Time // createTime, in the zone that the honeypot writes
	target string
	port   int
}

func (f *Fleet) alert(x *xmlBuffer, s *sensor, k int, now time.Time) {
	kind := &kinds[k]
	second, sourcePort := s.instant(now.Unix()-f.random.Int64N(maxLag+1), f.random)
	service := kind.services[f.rank(len(kind.services))]
	e := event{sensor: s, at: time.Unix(second, 0), target: s.address, port: service.port}
	if kind.utc {
		e.at = e.at.UTC()
	} else {
		e.at = e.at.In(s.zone)
	}
	source, sourceVersion, targetVersion := f.source(k), byte('4'), byte('4')
	switch {
	case source.ipv6:
		sourceVersion, targetVersion, e.target = '6', '6', s.address6
	case kind.mapped && f.random.IntN(20) == 0:
		// A dual-stack socket's view of an IPv4 client.
		source.address, sourceVersion, targetVersion = "::ffff:"+source.address, '6', '6'
	}

	x.raw(`<Alert><Analyzer id="`)
	x.raw(kind.analyzer)
	x.raw(`"/><CreateTime tz="`)
	x.raw(s.tz)
	x.raw(`">`)
	x.time(e.at)
	x.raw(`</CreateTime>`)
	x.endpoint("Source", sourceVersion, sourcePort, service.protocol, source.address)
	x.endpoint("Target", targetVersion, service.port, service.protocol, e.target)
	kind.write(f, x, &e)
	x.raw(`</Alert>`)
}

// source draws the attacker of a honeypot kind: a few come often, different
// ones for each kind, and some only once.
func (f *Fleet) source(k int) attacker {
	if f.random.Float64() < passerBy {
		return attacker{address: f.atlas4.address(f.random).String()}
	}
	return f.attackers[(f.rank(attackerCount)+k*97)%attackerCount]
}

// rank draws 0 to n-1, each i in proportion to about 1/(i+1).
func (f *Fleet) rank(n int) int {
	return min(int(math.Pow(float64(n+1), f.random.Float64()))-1, n-1)
}

// pick draws from a list that starts with the most common entries.
func pick[T any](f *Fleet, list []T) T { return list[f.rank(len(list))] }

// chance returns true with a probability in percent.
func (f *Fleet) chance(percent int) bool { return f.random.IntN(100) < percent }

func (x *xmlBuffer) time(t time.Time) { *x = t.AppendFormat(*x, "2006-01-02 15:04:05") }

func (x *xmlBuffer) endpoint(element string, version byte, port int, protocol, address string) {
	x.raw("<")
	x.raw(element)
	x.raw(` category="ipv`)
	*x = append(*x, version)
	x.raw(`" port="`)
	*x = strconv.AppendInt(*x, int64(port), 10)
	x.raw(`" protocol="`)
	x.raw(protocol)
	x.raw(`">`)
	x.raw(address)
	x.raw("</")
	x.raw(element)
	x.raw(">")
}
