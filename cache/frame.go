package cache

import (
	"encoding/binary"
	"time"
)

// A framed value is what the Loader keeps in a cache: a header, the value, and
// the value in the encodings of HTTP that were worth while. The header is
//
//	1 byte   version of the frame
//	8 bytes  when the value was made        (nanoseconds since the Unix epoch)
//	8 bytes  until when it is fresh
//	16 bytes the first bytes of its SHA-256
//	4 bytes  length of the value itself
//	4 bytes  length of its gzip form        (0: there is none)
//
// with the numbers in big-endian order. What is left after the gzip form is the
// zstd form (nothing: there is none).
const (
	frameVersion = 2
	headerSize   = 1 + 8 + 8 + digestSize + 4 + 4
)

// frame puts value and its encoded forms behind a header.
func frame(value []byte, also encoded, made time.Time, ttl time.Duration) []byte {
	framed := make([]byte, 0, headerSize+len(value)+len(also.gzip)+len(also.zstd))
	framed = append(framed, frameVersion)
	framed = binary.BigEndian.AppendUint64(framed, uint64(made.UnixNano()))
	framed = binary.BigEndian.AppendUint64(framed, uint64(made.Add(ttl).UnixNano()))
	digest := digestOf(value)
	framed = append(framed, digest[:]...)
	framed = binary.BigEndian.AppendUint32(framed, uint32(len(value)))
	framed = binary.BigEndian.AppendUint32(framed, uint32(len(also.gzip)))
	framed = append(framed, value...)
	framed = append(framed, also.gzip...)
	return append(framed, also.zstd...)
}

// unframe returns what is framed, as Hit or Stale. It reports false for what no
// frame of this version is.
func unframe(framed []byte, now time.Time) (Result, bool) {
	if len(framed) < headerSize || framed[0] != frameVersion {
		return Result{}, false
	}
	header, body := framed[:headerSize], framed[headerSize:]
	valueSize := uint64(binary.BigEndian.Uint32(header[17+digestSize:]))
	gzipEnd := valueSize + uint64(binary.BigEndian.Uint32(header[21+digestSize:]))
	if gzipEnd > uint64(len(body)) {
		return Result{}, false
	}
	made := int64(binary.BigEndian.Uint64(header[1:]))
	until := int64(binary.BigEndian.Uint64(header[9:]))
	at := now.UnixNano()
	r := Result{
		Value:  body[:valueSize:valueSize],
		Digest: [digestSize]byte(header[17:]),
		Age:    max(0, time.Duration(at-made)), // clocks may be set back
		Fresh:  max(0, time.Duration(until-at)),
		also:   encoded{gzip: body[valueSize:gzipEnd:gzipEnd], zstd: body[gzipEnd:len(body):len(body)]},
	}
	if r.Fresh == 0 {
		r.Status = Stale
		r.renewable = time.Duration(at-until) < min(time.Duration(until-made), maxRenewal)
	}
	return r, true
}
