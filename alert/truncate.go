package alert

import (
	"maps"
	"slices"
	"strings"
)

// Maximum lengths of stored texts in bytes; longer ones are truncated. Sensors
// send what an attacker typed, whatever its length, and one answer may list a
// thousand alerts. The id is computed before, so alerts that differ only in the
// truncated part stay distinct.
const (
	maxLongText  = 64 << 10  // request string, raw HTTP, one AdditionalData
	maxShortText = 4 << 10   // all others
	maxCVE       = 256       // they are logged
	maxData      = 256 << 10 // additionalData as a whole

	// maxDecodedData limits additionalData in memory before it is truncated.
	maxDecodedData = 4 << 20
)

// truncate shortens texts of d and data that are too long, and reports whether
// it did.
func (d *Document) truncate(data map[string]string) (wasCut bool) {
	shorten := func(limit int, texts ...*string) {
		for _, text := range texts {
			if len(*text) > limit {
				*text = firstBytes(*text, limit)
				wasCut = true
			}
		}
	}
	shorten(maxLongText, &d.OriginalRequestString, &d.RawHTTP)
	shorten(maxShortText, &d.PeerIdent, &d.SourceEntryPort, &d.TargetEntryPort, &d.TargetPort,
		&d.Username, &d.Password, &d.Login, &d.ClientVersion, &d.SessionStart, &d.SessionEnd,
		&d.Hostname, &d.SensorUUID)
	shorten(maxCVE, &d.VulnID)
	if truncateData(data) {
		d.AdditionalData = jsonObject(data)
		wasCut = true
	}
	return wasCut
}

// truncateData shortens values that are too long, and drops entries that no
// longer fit into additionalData.
func truncateData(data map[string]string) (wasCut bool) {
	room := maxData
	for _, key := range slices.Sorted(maps.Keys(data)) {
		value := data[key]
		limit := min(maxLongText, room-len(key))
		switch {
		case limit <= 0 || len(key) > maxShortText:
			delete(data, key)
			wasCut = true
			continue
		case len(value) > limit:
			value = firstBytes(value, limit)
			data[key] = value
			wasCut = true
		}
		room -= len(key) + len(value)
	}
	return wasCut
}

// firstBytes returns s[:n] without a partial character at the end. It
// copies, so that the rest can be freed.
func firstBytes(s string, n int) string { return strings.Clone(strings.ToValidUTF8(s[:n], "")) }

// size is the total size of the texts that a sensor sent, in bytes.
func (d *Document) size() int {
	return len(d.OriginalRequestString) + len(d.RawHTTP) + len(d.AdditionalData) +
		len(d.PeerIdent) + len(d.SourceEntryPort) + len(d.TargetEntryPort) + len(d.TargetPort) +
		len(d.Username) + len(d.Password) + len(d.Login) + len(d.ClientVersion) + len(d.SessionStart) + len(d.SessionEnd) +
		len(d.VulnID) + len(d.Hostname) + len(d.SensorUUID)
}
