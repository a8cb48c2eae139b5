package alert

import (
	"maps"
	"slices"
	"strings"
)

// Longer texts are cut, in bytes: sensors send what an attacker typed, whatever
// its length, and one answer may list a thousand alerts. The id is made before,
// so alerts that differ only in what is cut off stay apart.
const (
	mostLongText  = 64 << 10  // request string, raw HTTP, one additional datum
	mostShortText = 4 << 10   // all others
	mostCVE       = 256       // they are logged
	mostData      = 256 << 10 // additionalData as a whole

	// mostDecodedData is how much of additionalData is held until it is cut.
	mostDecodedData = 4 << 20
)

// cut shortens the texts of d and data that are too long, and tells whether
// there were any.
func (d *Document) cut(data map[string]string) (wasCut bool) {
	shorten := func(most int, texts ...*string) {
		for _, text := range texts {
			if len(*text) > most {
				*text = clip(*text, most)
				wasCut = true
			}
		}
	}
	shorten(mostLongText, &d.OriginalRequestString, &d.RawHTTP)
	shorten(mostShortText, &d.PeerIdent, &d.SourceEntryPort, &d.TargetEntryPort, &d.TargetPort,
		&d.Username, &d.Password, &d.Login, &d.ClientVersion, &d.SessionStart, &d.SessionEnd,
		&d.Hostname, &d.SensorUUID)
	shorten(mostCVE, &d.VulnID)
	if cutData(data) {
		d.AdditionalData = jsonObject(data)
		wasCut = true
	}
	return wasCut
}

// cutData shortens the values that are too long, and leaves out what does not
// fit into additionalData any more.
func cutData(data map[string]string) (wasCut bool) {
	room := mostData
	for _, key := range slices.Sorted(maps.Keys(data)) {
		value := data[key]
		most := min(mostLongText, room-len(key))
		switch {
		case most <= 0 || len(key) > mostShortText:
			delete(data, key)
			wasCut = true
			continue
		case len(value) > most:
			value = clip(value, most)
			data[key] = value
			wasCut = true
		}
		room -= len(key) + len(value)
	}
	return wasCut
}

// clip returns the first bytes of s, without half a character at the end. It does not
// keep the rest in memory.
func clip(s string, most int) string { return strings.Clone(strings.ToValidUTF8(s[:most], "")) }

// size is the size of the texts that a sensor sent, in bytes.
func (d *Document) size() int {
	return len(d.OriginalRequestString) + len(d.RawHTTP) + len(d.AdditionalData) +
		len(d.PeerIdent) + len(d.SourceEntryPort) + len(d.TargetEntryPort) + len(d.TargetPort) +
		len(d.Username) + len(d.Password) + len(d.Login) + len(d.ClientVersion) + len(d.SessionStart) + len(d.SessionEnd) +
		len(d.VulnID) + len(d.Hostname) + len(d.SensorUUID)
}
