package misp

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"time"
)

// Kept is how many days before today are published.
const Kept = 7

// Directory has the files of a feed. Each is made when it is asked for, so that a poll of the
// manifest does not make all events.
type Directory struct {
	// days are the published ones with addresses, by the names of their files.
	days    map[string]*Day
	allowed allowance
}

// DirectoryOf returns the directory of a feed: of the days that have passed and are not
// older than Kept, and of today. The function allowed says since when an address may not be
// published any more; nil: all may be.
func DirectoryOf(passed []Day, today Day, allowed func(netip.Addr) (since time.Time, is bool)) *Directory {
	d := &Directory{days: make(map[string]*Day), allowed: func(a Attribute) (time.Time, bool) {
		if allowed == nil {
			return time.Time{}, false
		}
		return allowed(a.Addr)
	}}
	oldest := today.Date.Add(-Kept * 24 * time.Hour)
	for _, day := range append(slices.Clone(passed), today) {
		published := !day.Date.Before(oldest) && !day.Date.After(today.Date)
		if published && len(day.Attributes) > 0 { // MISP refuses empty events
			d.days[day.uuid().String()+".json"] = &day
		}
	}
	return d
}

// The names of the files that every directory has.
const (
	manifestFile = "manifest.json"
	hashesFile   = "hashes.csv"
)

// Names returns the names of all files.
func (d *Directory) Names() []string {
	return append([]string{manifestFile, hashesFile}, d.events()...)
}

// events returns the names of the events' files, sorted.
func (d *Directory) events() []string { return slices.Sorted(maps.Keys(d.days)) }

// Media returns the media type of a file. It reports false if there is none of that name.
func (d *Directory) Media(name string) (media string, known bool) {
	switch {
	case name == hashesFile:
		return "text/csv; charset=utf-8", true
	case name == manifestFile, d.days[name] != nil:
		return "application/json", true
	default:
		return "", false
	}
}

// File returns the content of a file; nothing if there is none of that name.
func (d *Directory) File(name string) []byte {
	switch {
	case name == manifestFile:
		return d.manifest()
	case name == hashesFile:
		return d.hashes()
	case d.days[name] != nil:
		return mustJSON(map[string]any{"Event": d.days[name].event(d.allowed)})
	default:
		return nil
	}
}

func (d *Directory) manifest() []byte {
	manifest := make(map[string]summary, len(d.days))
	for _, day := range d.days {
		manifest[day.uuid().String()] = day.summary(d.allowed)
	}
	return mustJSON(manifest)
}

// hashes returns a line for each value with its MD5, by which MISP finds the events that
// have a value, and the event.
func (d *Directory) hashes() []byte {
	b := []byte{} // not nil: the file exists
	for _, name := range d.events() {
		day := d.days[name]
		id := day.uuid()
		for _, a := range day.Attributes {
			if _, is := d.allowed(a); is {
				continue
			}
			sum := md5.Sum([]byte(a.Addr.Unmap().WithZone("").String()))
			b = hex.AppendEncode(b, sum[:])
			b = append(id.Append(append(b, ',')), '\n')
		}
	}
	return b
}

// mustJSON returns the JSON of one of the types of this package, which always have one.
func mustJSON(value any) []byte {
	b, err := json.Marshal(value)
	if err != nil {
		panic(fmt.Sprintf("misp: a file has no JSON form: %v", err))
	}
	return append(b, '\n')
}
