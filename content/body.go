// Package content holds HTTP bodies that are computed once and sent often: a value,
// its compressed forms, and an entity tag. Serve sends the encoding that the client
// prefers, or 304.
package content

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
)

// Format is the version of what Append writes. Callers that keep such bytes must keep
// versions apart.
const Format = 1

const (
	digestSize = 16
	// headerSize is the size of what Append writes before the value: its digest,
	// then its length and that of its gzip form as big-endian 4-byte numbers. The
	// zstd form follows the gzip form.
	headerSize = digestSize + 4 + 4
)

// Body is a value with its encoded forms. It is shared: its contents must not be
// changed.
type Body struct {
	// Value is the body without an encoding.
	Value []byte
	// digest is the first half of Value's SHA-256.
	digest [digestSize]byte
	// gzip and zstd are Value's encoded forms; empty if there is none.
	gzip, zstd []byte
	// later, if not nil, computes the encoded forms in place of these.
	later func() Body
}

// Plain returns a body without encoded forms, for values sent only once.
func Plain(value []byte) Body { return Body{Value: value, digest: digestOf(value)} }

func digestOf(value []byte) [digestSize]byte {
	sum := sha256.Sum256(value)
	return [digestSize]byte(sum[:])
}

// Encoded returns Value in an encoding of HTTP ("gzip" or "zstd"). It returns nothing
// for small values and those that do not shrink.
func (b *Body) Encoded(encoding string) []byte {
	if b.later != nil {
		encoded := b.later()
		return encoded.Encoded(encoding)
	}
	switch encoding {
	case "gzip":
		return b.gzip
	case "zstd":
		return b.zstd
	default:
		return nil
	}
}

// ETag returns Value's strong entity tag, quoted, for the given encoding ("" for
// none): each encoding has its own (RFC 9110 §8.8.3.3). Caddy's encode handler
// derives the same tags from the plain one.
func (b *Body) ETag(encoding string) string {
	tag := make([]byte, 0, 40)
	tag = append(tag, '"')
	tag = base64.RawURLEncoding.AppendEncode(tag, b.digest[:])
	if encoding != "" {
		tag = append(tag, '-')
		tag = append(tag, encoding...)
	}
	return string(append(tag, '"'))
}

// Append appends the body to data, for Parse to read; one of Lazy without encoded forms.
func (b *Body) Append(data []byte) []byte {
	data = append(data, b.digest[:]...)
	data = binary.BigEndian.AppendUint32(data, uint32(len(b.Value)))
	data = binary.BigEndian.AppendUint32(data, uint32(len(b.gzip)))
	data = append(data, b.Value...)
	data = append(data, b.gzip...)
	return append(data, b.zstd...)
}

// Size is the number of bytes that Append appends.
func (b *Body) Size() int { return headerSize + len(b.Value) + len(b.gzip) + len(b.zstd) }

// Parse returns the body written by Append, without copying data. It reports false
// for anything else.
func Parse(data []byte) (Body, bool) {
	if len(data) < headerSize {
		return Body{}, false
	}
	header, rest := data[:headerSize], data[headerSize:]
	value := uint64(binary.BigEndian.Uint32(header[digestSize:]))
	gzip := value + uint64(binary.BigEndian.Uint32(header[digestSize+4:]))
	if gzip > uint64(len(rest)) {
		return Body{}, false
	}
	return Body{
		Value:  rest[:value:value],
		digest: [digestSize]byte(header),
		gzip:   rest[value:gzip:gzip],
		zstd:   rest[gzip:len(rest):len(rest)],
	}, true
}
