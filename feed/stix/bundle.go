package stix

import (
	"crypto/sha1"
	"encoding/binary"
	"time"

	"github.com/peba-edge/peba/feed"
	"github.com/peba-edge/peba/feed/ids"
)

// Bundle returns members of a feed as a bundle: the identity of the publisher, the marking,
// and an indicator for each member. It has no departures: whoever reads it replaces what
// was read before. Its identifier depends on its contents only.
//
// With addresses it also has the address of each indicator as an object of its own, and the
// relationship between the two. SIEMs need neither, since they read the pattern, and it
// triples the number of objects. Platforms that correlate objects want them.
func Bundle(d *feed.Definition, members []*feed.Member, addresses bool) []byte {
	w := NewWriter(d)
	// The identifier has a fixed length and is filled in at the end.
	b := []byte(`{"type":"bundle","id":"bundle--`)
	place := len(b)
	b = append(w.identity.Append(b), `","objects":[`...)
	for i, common := range w.Common() {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, common.JSON...)
	}
	versions := sha1.New()
	var version [24]byte
	for i, m := range members {
		id := w.ID(m)
		copy(version[:], id.UUID[:])
		binary.BigEndian.PutUint64(version[16:], uint64(m.Changed.Unix()))
		versions.Write(version[:])
		start := len(b)
		b = w.AppendMember(append(b, ',', '\n'), m, id)
		if addresses {
			b = w.appendAddress(b, m, id)
		}
		if i == 0 {
			b = grow(b, (len(b)-start+32)*len(members))
		}
	}
	name := versions.Sum([]byte("bundle"))
	if addresses {
		name = append(name, "addresses"...)
	}
	ids.V5(w.namespace, name).Append(b[:place])
	return append(b, "]}\n"...)
}

// grow makes room for so many more bytes.
func grow(b []byte, more int) []byte {
	return append(make([]byte, 0, len(b)+more), b...)
}

// appendAddress appends the address of a member, and that its indicator is based on it.
func (w *Writer) appendAddress(b []byte, m *feed.Member, indicator ID) []byte {
	addr := plain(m.Addr)
	address := AddressID(addr)
	b = append(b, ",\n{\"type\":\""+addressType(addr)+`","spec_version":"2.1","id":"`+address+`","value":"`...)
	b = addr.AppendTo(b)
	b = append(b, "\"},\n{\"type\":\"relationship\",\"spec_version\":\"2.1\",\"id\":\"relationship--"...)
	b = ids.V5(w.namespace, append([]byte("based-on"), indicator.UUID[:]...)).Append(b)
	b = append(b, '"')
	b = append(b, w.refs...)
	// The relationship never changes, so that it has one version.
	created := m.Created.UTC().Format(timeLayout)
	b = append(b, `,"created":"`+created+`","modified":"`+created+`","relationship_type":"based-on","source_ref":"`...)
	b = indicator.Append(b)
	return append(b, `","target_ref":"`+address+`"}`...)
}

// Time returns a time as STIX and TAXII write it.
func Time(t time.Time) string { return t.UTC().Format(timeLayout) }
