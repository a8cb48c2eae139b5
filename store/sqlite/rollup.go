package sqlite

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/peba-edge/peba/alert"
	"github.com/peba-edge/peba/store"
)

// kind is one way in which roll-ups count: by some dimensions, over spans of
// one of the two times.
type kind struct {
	time store.TimeField
	by   []store.Dimension
	// web kinds count alerts of web honeypots only.
	web bool
	// brief kinds have keys that attackers choose. They go with the short spans.
	brief bool
	// scattered kinds have keys that are not near each other.
	scattered bool
	// grown kinds count by their last dimension since later than by the others. Its
	// text is left out of keys where it is empty, as in those from before: what was
	// counted then reads as if it had been empty.
	grown bool
}

// kinds are all there are; a kind's number, that is stored, is its place. Of
// several that can answer a question the first is asked: it has fewer keys.
var kinds = []kind{
	{time: store.Received, by: []store.Dimension{store.PeerType}},
	{time: store.Created, by: []store.Dimension{store.PeerType}},
	{time: store.Received, by: []store.Dimension{store.PeerType, store.PeerIdent, store.Hostname, store.TargetIP, store.SensorUUID}, grown: true},
	{time: store.Received, by: []store.Dimension{store.SourceCountry, store.SourceCountryName}},
	{time: store.Received, by: []store.Dimension{store.TargetCountry, store.TargetCountryName}},
	{time: store.Created, by: []store.Dimension{store.SourceLocation}},
	{time: store.Created, by: []store.Dimension{store.TargetLocation}},
	{time: store.Received, by: []store.Dimension{store.TargetPort}, brief: true},
	{time: store.Received, by: []store.Dimension{store.Request}, web: true, brief: true},
	{time: store.Received, by: []store.Dimension{store.SourceIP, store.SourceDoubt}, brief: true, scattered: true, grown: true},
}

// Time is counted in slots of ten minutes since the Unix epoch.
const (
	slotSeconds = 600
	daySlots    = 24 * 60 / 10
)

// widths of roll-ups in slots: a day, six hours, an hour and a slot. Each is a
// multiple of the next.
var widths = []int64{daySlots, daySlots / 4, daySlots / 24, 1}

// floorTo returns the last multiple of width that is not after n.
func floorTo(n, width int64) int64 {
	rest := n % width
	if rest < 0 {
		rest += width
	}
	return n - rest
}

// ceilTo returns the first multiple of width that is not before n.
func ceilTo(n, width int64) int64 { return -floorTo(-n, width) }

// slotOf is the slot of a time in seconds.
func slotOf(seconds int64) int64 { return floorTo(seconds, slotSeconds) / slotSeconds }

// valueOf returns the text of a document that a kind counts by.
func valueOf(d *alert.Document, by store.Dimension) string {
	switch by {
	case store.SourceIP:
		return d.SourceEntryIP
	case store.PeerType:
		return d.PeerType
	case store.PeerIdent:
		return d.PeerIdent
	case store.Hostname:
		return d.Hostname
	case store.TargetIP:
		return d.TargetEntryIP
	case store.TargetPort:
		return d.TargetEntryPort
	case store.Request:
		return d.OriginalRequestString
	case store.SourceCountry:
		return d.Country
	case store.SourceCountryName:
		return d.CountryName
	case store.TargetCountry:
		return d.TargetCountry
	case store.TargetCountryName:
		return d.TargetCountryName
	case store.SourceLocation:
		return d.Location
	case store.SensorUUID:
		return d.SensorUUID
	case store.SourceDoubt:
		return d.SourceDoubt()
	default:
		return d.LocationDestination
	}
}

// IPv4 addresses, by the doubt about them, and port numbers are key ids themselves,
// above all ids of rollup_keys: there are very many, and they need no text.
const (
	firstAddr      = 1 << 40
	firstPort      = 2 << 40
	firstSpoofable = 3 << 40
	firstOwn       = 4 << 40
	ports          = 1 << 16
)

// addrRanges are the ids of IPv4 addresses of kinds that count by the doubt about them, in order.
var addrRanges = [...]struct {
	first int64
	doubt string
}{{firstAddr, ""}, {firstSpoofable, alert.SourceSpoofable}, {firstOwn, alert.SourceOwn}}

// directKey returns the key id of a key that needs no row of rollup_keys, by its
// first and last text.
func (k *kind) directKey(text, last string) (id int64, ok bool) {
	switch k.by[0] {
	case store.SourceIP:
		b, ok := encodeAddr(text).([]byte)
		if !ok || len(b) != 4 {
			return 0, false
		}
		for i := range addrRanges {
			if addrRanges[i].doubt == last {
				return addrRanges[i].first + int64(binary.BigEndian.Uint32(b)), true
			}
		}
	case store.TargetPort:
		if n, ok := encodePort(text).(int64); ok && n < ports {
			return firstPort + n, true
		}
	}
	return 0, false
}

// directTexts undoes directKey.
func directTexts(id int64) (texts []string, ok bool) {
	if id < firstAddr {
		return nil, false
	}
	if id >= firstPort && id < firstSpoofable {
		return []string{decodePort(id - firstPort)}, true
	}
	at := len(addrRanges) - 1
	for id < addrRanges[at].first {
		at--
	}
	text, _ := decodeAddr(binary.BigEndian.AppendUint32(nil, uint32(id-addrRanges[at].first)))
	return []string{text, addrRanges[at].doubt}, true
}

// inKey says whether the i-th text of a key is in it.
func (k *kind) inKey(i int, text string) bool { return text != "" || !k.grown || i < len(k.by)-1 }

// appendPart adds a text of a key; different texts make different keys.
func appendPart(key []byte, text string) []byte {
	key = binary.AppendUvarint(key, uint64(len(text)))
	return append(key, text...)
}

// splitKey returns the n texts of a key, of which the last may not be in it.
func splitKey(key []byte, n int) ([]string, error) {
	texts := make([]string, n)
	for i := range texts {
		if i > 0 && i == n-1 && len(key) == 0 {
			break
		}
		length, size := binary.Uvarint(key)
		if size <= 0 || uint64(len(key)-size) < length {
			return nil, errDamaged
		}
		texts[i] = string(key[size : size+int(length)])
		key = key[size+int(length):]
	}
	return texts, nil
}

// digestOf names a key of a kind in an index, however long the key is.
func digestOf(kind int, key []byte) []byte {
	sum := sha256.Sum256(append([]byte{byte(kind)}, key...))
	return sum[:16]
}
