// Package stix writes the members of a feed as STIX 2.1 objects.
//
// An object's identifier depends on the feed, the address and the time at which it first
// joined. So an address that comes back is the same object with a later valid_until. The
// content of one version of an object (its id and modified) is always the same: it comes
// from what changes only together with Member.Changed.
//
// All objects are marked TLP:CLEAR, by the marking definition that STIX 2.1 itself
// defines under TLP's former name, TLP:WHITE. Clients know this identifier. The one for
// TLP 2.0 is an extension that many do not know.
package stix

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/peba-edge/peba/feed"
	"github.com/peba-edge/peba/feed/ids"
)

// MediaType is that of STIX 2.1 objects in TAXII.
const MediaType = "application/stix+json;version=2.1"

// timeLayout has milliseconds, as STIX demands at least.
const timeLayout = "2006-01-02T15:04:05.000Z"

// marking is the marking definition TLP:WHITE as STIX 2.1 §7.2.1.4 defines it.
const (
	markingUUID = "613f2e26-407d-48c7-9eca-b8e91df99dc9"
	markingTime = "2017-01-20T00:00:00.000Z"
	marking     = `{"type":"marking-definition","spec_version":"2.1","id":"marking-definition--` + markingUUID + `","created":"` + markingTime +
		`","definition_type":"tlp","name":"TLP:WHITE","definition":{"tlp":"white"}}`
)

// identityTime is when each identity was created. It is constant, like the identity.
const identityTime = "2026-01-01T00:00:00.000Z"

// objects is the namespace in which STIX 2.1 §2.9 derives the identifiers of addresses from
// their values.
var objects = ids.UUID{0x00, 0xab, 0xed, 0xb4, 0xaa, 0x42, 0x46, 0x6c, 0x9c, 0x01, 0xfe, 0xd2, 0x33, 0x15, 0xa9, 0xb7}

// Writer writes the objects of a feed. It is safe for concurrent use.
type Writer struct {
	feed      *feed.Definition
	namespace ids.UUID
	identity  ids.UUID
	// refs are the properties that refer to the identity and the marking.
	refs string
}

// NewWriter returns the writer of a feed.
func NewWriter(d *feed.Definition) *Writer {
	identity := ids.V5(ids.Publisher(d.Publisher), "identity")
	return &Writer{
		feed: d, namespace: ids.Feed(d), identity: identity,
		refs: `,"created_by_ref":"identity--` + identity.String() + `","object_marking_refs":["marking-definition--` + markingUUID + `"]`,
	}
}

// Kind is the kind of an object. The order of the constants is that of the types' names.
type Kind uint8

// The kinds of objects in a feed.
const (
	Identity Kind = iota
	Indicator
	Marking
)

var kindNames = [...]string{Identity: "identity", Indicator: "indicator", Marking: "marking-definition"}

// String returns the type of such objects in STIX.
func (k Kind) String() string { return kindNames[k] }

// ParseKind returns the kind of a type in STIX.
func ParseKind(name string) (Kind, bool) {
	for k, known := range kindNames {
		if name == known {
			return Kind(k), true
		}
	}
	return 0, false
}

// ID is the identifier of an object.
type ID struct {
	Kind Kind
	UUID ids.UUID
}

// Append appends the identifier as STIX writes it.
func (id ID) Append(b []byte) []byte {
	return id.UUID.Append(append(append(b, id.Kind.String()...), "--"...))
}

// String returns the identifier as STIX writes it.
func (id ID) String() string { return string(id.Append(nil)) }

// ParseID reads an identifier of an object that a feed can have.
func ParseID(text string) (ID, bool) {
	for k, name := range kindNames {
		if len(text) > len(name)+2 && text[:len(name)] == name && text[len(name):len(name)+2] == "--" {
			id, ok := ids.Parse(text[len(name)+2:])
			return ID{Kind: Kind(k), UUID: id}, ok
		}
	}
	return ID{}, false
}

// Common is an object that every feed has: the identity or the marking.
type Common struct {
	ID ID
	// Created is also its only version.
	Created time.Time
	JSON    string
}

// Common returns the objects to which the indicators refer: the identity of the publisher,
// and the marking.
func (w *Writer) Common() []Common {
	return []Common{
		{ID: ID{Identity, w.identity}, Created: mustTime(identityTime), JSON: w.identityJSON()},
		{ID: ID{Marking, mustUUID(markingUUID)}, Created: mustTime(markingTime), JSON: marking},
	}
}

func (w *Writer) identityJSON() string {
	name, class := "PEBA", "system"
	if w.feed.Publisher != "" {
		name, class = w.feed.Publisher, "organization"
	}
	b := ID{Identity, w.identity}.Append([]byte(`{"type":"identity","spec_version":"2.1","id":"`))
	b = append(b, `","created":"`+identityTime+`","modified":"`+identityTime+`","name":`...)
	b = appendText(b, name)
	b = append(b, `,"description":"Publishes the addresses that attack its honeypots.","identity_class":"`+class+`"`...)
	b = append(b, `,"object_marking_refs":["marking-definition--`+markingUUID+`"]}`...)
	return string(b)
}

// ID returns the identifier of a member's indicator.
func (w *Writer) ID(m *feed.Member) ID {
	var name [24]byte
	addr := m.Addr.As16()
	copy(name[:], addr[:])
	binary.BigEndian.PutUint64(name[16:], uint64(m.Created.Unix()))
	return ID{Indicator, ids.V5(w.namespace, name[:])}
}

// plain returns the address without what STIX's types do not have: an IPv4 address within
// IPv6, or a zone.
func plain(addr netip.Addr) netip.Addr { return addr.Unmap().WithZone("") }

// addressType returns the type of an address's object.
func addressType(addr netip.Addr) string {
	if addr.Is4() {
		return "ipv4-addr"
	}
	return "ipv6-addr"
}

// AddressID returns the identifier that STIX derives from an address, and all its producers
// share.
func AddressID(addr netip.Addr) string {
	addr = plain(addr)
	return addressType(addr) + "--" + ids.V5(objects, `{"value":"`+addr.String()+`"}`).String()
}

func mustTime(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic("stix: invalid constant time: " + err.Error())
	}
	return t
}

func mustUUID(text string) ids.UUID {
	id, ok := ids.Parse(text)
	if !ok {
		panic("stix: invalid constant UUID " + text)
	}
	return id
}
