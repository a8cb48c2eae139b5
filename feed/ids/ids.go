// Package ids makes the identifiers of feeds in exchange formats: UUIDs of version 5 (RFC
// 9562), which are hashes of a namespace and a name. So all edges over one store, and one
// edge before and after a restart, give the same object the same identifier.
package ids

import (
	"crypto/sha1"
	"encoding/hex"

	"github.com/peba-edge/peba/feed"
)

// UUID is a universally unique identifier.
type UUID [16]byte

// project is the namespace of all identifiers of PEBA: ed52be50-1db7-4718-998b-ac4c0ee37e9b. It must never
// change.
var project = UUID{0xed, 0x52, 0xbe, 0x50, 0x1d, 0xb7, 0x47, 0x18, 0x99, 0x8b, 0xac, 0x4c, 0x0e, 0xe3, 0x7e, 0x9b}

// maxShort is the length of names that V5 hashes without allocating.
const maxShort = 112

// V5 returns the UUID of a name in a namespace.
func V5[Name string | []byte](namespace UUID, name Name) UUID {
	var short [len(namespace) + maxShort]byte
	sum := sha1.Sum(append(append(short[:0], namespace[:]...), name...))
	id := UUID(sum[:16])
	id[6] = id[6]&0x0f | 0x50 // version 5
	id[8] = id[8]&0x3f | 0x80 // variant of RFC 9562
	return id
}

// Publisher returns the namespace of the publisher of a feed.
func Publisher(name string) UUID { return V5(project, name) }

// Feed returns the namespace of a feed.
func Feed(d *feed.Definition) UUID { return Named(d.Publisher, d.Name) }

// Named returns the namespace of the feed of that name and publisher.
func Named(publisher, name string) UUID { return V5(Publisher(publisher), name) }

// Append appends the UUID's text, in lower case.
func (u UUID) Append(b []byte) []byte {
	b = hex.AppendEncode(b, u[:4])
	for _, part := range [][]byte{u[4:6], u[6:8], u[8:10], u[10:]} {
		b = hex.AppendEncode(append(b, '-'), part)
	}
	return b
}

// String returns the UUID's text, in lower case.
func (u UUID) String() string { return string(u.Append(make([]byte, 0, 36))) }

// Parse reads what String returns, and nothing else.
func Parse(text string) (UUID, bool) {
	var id UUID
	if len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return id, false
	}
	digits := text[:8] + text[9:13] + text[14:18] + text[19:23] + text[24:]
	if _, err := hex.Decode(id[:], []byte(digits)); err != nil {
		return UUID{}, false
	}
	return id, id.String() == text
}
