package feed

import (
	"cmp"
	"math/bits"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gaissmai/bart"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/geo"
	"github.com/peba-edge/peba/store"
)

// candidate is an address that fulfils a definition.
type candidate struct {
	addr    netip.Addr
	details Details
	place   geo.Place
}

// interactionOrder sorts alert.Document.Interaction.
var interactionOrder = []string{
	"", alert.InteractionAttempt, alert.InteractionLogin, alert.InteractionCommand, alert.InteractionPayload, alert.InteractionExploit,
}

// evaluation is the work of finding the candidates of one feed at one time.
type evaluation struct {
	def     *Definition
	at      time.Time
	oldest  uint32
	origins []evaluated // by number
	// sensors and types are the distinct ones. seenSensors and seenTypes have for each the
	// last source that had it.
	sensors, types         []string
	seenSensors, seenTypes []int
	source                 int
}

// evaluated is what an evaluation needs of an origin.
type evaluated struct {
	counts       bool // whether its alerts count
	attempt      bool
	sensor, kind int // indices of the evaluation's sensors and types
	interaction  int // index of interactionOrder
}

func newEvaluation(def *Definition, at time.Time, slot time.Duration, origins []origin) *evaluation {
	e := &evaluation{def: def, at: at, oldest: uint32(store.BucketStart(at.Add(-def.Window), slot).Unix())}
	e.origins = make([]evaluated, len(origins))
	sensors, types := make(map[string]int), make(map[string]int)
	for i := range origins {
		o := &origins[i]
		e.origins[i] = evaluated{
			counts:      def.takes(o),
			attempt:     o.interaction == alert.InteractionAttempt || o.interaction == alert.InteractionLogin,
			sensor:      numbered(sensors, &e.sensors, o.sensor),
			kind:        numbered(types, &e.types, o.peerType),
			interaction: max(0, slices.Index(interactionOrder, o.interaction)),
		}
	}
	e.seenSensors, e.seenTypes = make([]int, len(e.sensors)), make([]int, len(e.types))
	return e
}

// numbered returns the index of a text in a list of distinct texts.
func numbered(known map[string]int, list *[]string, text string) int {
	at, ok := known[text]
	if !ok {
		at = len(*list)
		known[text] = at
		*list = append(*list, text)
	}
	return at
}

// candidates returns who fulfils a definition at a time, up to which Update has read, in
// any order. never are networks that are never listed.
func (s *Sources) candidates(def *Definition, at time.Time, never *bart.Lite, locate func(netip.Addr) geo.Place) []*candidate {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := newEvaluation(def, at, s.slot, s.origins.list)
	var found []*candidate
	for addr, counts := range s.byAddr {
		details, enough := e.details(counts)
		if !enough || isNever(never, addr) {
			continue
		}
		place := locate(addr)
		if def.listsPlace(&place) {
			found = append(found, &candidate{addr, details, place})
		}
	}
	return found
}

// takes reports whether alerts of an origin count for the feed.
func (d *Definition) takes(o *origin) bool {
	switch {
	case d.Domain != store.Both && d.Domain != o.domain:
		return false
	case o.doubt == alert.SourceOwn || d.TCPOnly && o.doubt != "":
		return false
	case len(d.Types) > 0 && !slices.Contains(d.Types, o.peerType):
		return false
	default:
		return !slices.Contains(d.NotTypes, o.peerType)
	}
}

// listsPlace reports whether the feed lists addresses of a place.
func (d *Definition) listsPlace(p *geo.Place) bool {
	if len(d.Countries) > 0 && !slices.Contains(d.Countries, p.Country) || slices.Contains(d.NotCountries, p.Country) {
		return false
	}
	if len(d.ASNs) == 0 && len(d.NotASNs) == 0 {
		return true
	}
	asn := numberOf(p.AS)
	return (len(d.ASNs) == 0 || slices.Contains(d.ASNs, asn)) && !slices.Contains(d.NotASNs, asn)
}

// numberOf returns the number of "AS<number> <organisation>"; 0 if there is none.
func numberOf(as string) uint32 {
	number, _, _ := strings.Cut(strings.TrimPrefix(as, "AS"), " ")
	n, err := strconv.ParseUint(number, 10, 32)
	if err != nil {
		return 0
	}
	return uint32(n)
}

// details sums the counts of a source, and reports whether they are enough for the
// feed.
func (e *evaluation) details(counts []count) (d Details, enough bool) {
	var (
		first, last uint32 = 1<<32 - 1, 0
		days        uint64 // a bit for each day, counted back from the last
		today       = uint32(e.at.Unix() / secondsPerDay)
		highest     int
	)
	e.source++
	for i := range counts {
		c := &counts[i]
		o := &e.origins[c.origin]
		if !o.counts || c.first < e.oldest || int64(c.first) >= e.at.Unix() {
			continue
		}
		d.Alerts += int64(c.alerts)
		if o.attempt {
			d.Attempts += int64(c.alerts)
		}
		first, last = min(first, c.first), max(last, c.last)
		days |= 1 << (today - c.first/secondsPerDay) // no bit if it is more than 63 days ago
		highest = max(highest, o.interaction)
		if e.seenSensors[o.sensor] != e.source {
			e.seenSensors[o.sensor] = e.source
			d.Sensors++
		}
		if e.seenTypes[o.kind] != e.source {
			e.seenTypes[o.kind] = e.source
			d.Types = append(d.Types, e.types[o.kind])
		}
	}
	d.Days = bits.OnesCount64(days)
	if d.Alerts < max(1, e.def.MinAlerts) || d.Sensors < e.def.MinSensors || d.Days < e.def.MinDays {
		return Details{}, false
	}
	d.First, d.Last = time.Unix(int64(first), 0).UTC(), time.Unix(int64(last), 0).UTC()
	slices.Sort(d.Types)
	d.Interaction = interactionOrder[highest]
	d.Score = scoreOf(&d, e.at)
	return d, true
}

const secondsPerDay = 24 * 60 * 60

// compareBy compares details by a rank: negative if a comes first.
func compareBy(rank Rank, a, b *Details) int {
	switch rank {
	case ByLastSeen:
		return b.Last.Compare(a.Last)
	case ByAlerts:
		return cmp.Compare(b.Alerts, a.Alerts)
	case BySensors:
		return cmp.Compare(b.Sensors, a.Sensors)
	default:
		return cmp.Compare(b.Score.Total(), a.Score.Total())
	}
}

// cut returns the candidates that fit into the feed's limit. Those near the limit keep
// their place, so that they do not join and leave at every step: who ranks in the first
// nine tenths is always listed, then members up to a tenth beyond the limit, then others.
func (d *Definition) cut(found []*candidate, isMember func(netip.Addr) bool) []*candidate {
	if len(found) <= d.Limit {
		return found
	}
	slices.SortFunc(found, func(a, b *candidate) int {
		return cmp.Or(compareBy(d.Rank, &a.details, &b.details), a.addr.Compare(b.addr))
	})
	sure := d.Limit * 9 / 10
	kept := slices.Clone(found[:sure])
	near := found[sure:min(len(found), d.Limit+d.Limit/10)]
	for _, member := range []bool{true, false} {
		for _, c := range near {
			if len(kept) < d.Limit && isMember(c.addr) == member {
				kept = append(kept, c)
			}
		}
	}
	return kept
}
