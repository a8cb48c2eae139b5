package cache

import (
	"encoding/binary"
	"time"
)

// A framed value is what the Loader keeps in a cache: a header, and the value. The
// header is
//
//	1 byte   version of the frame
//	8 bytes  time that the value is as of   (nanoseconds since the Unix epoch)
//	8 bytes  time until it is fresh
//
// with the numbers in big-endian order.
const (
	frameVersion = 3
	headerSize   = 1 + 8 + 8
)

// maxSkew is the maximum clock difference of two nodes that share a cache. A value from
// further ahead was made before this clock was set back.
const maxSkew = time.Minute

// frame puts value behind a header.
func frame(value []byte, asOf, until time.Time) []byte {
	framed := make([]byte, 0, headerSize+len(value))
	framed = append(framed, frameVersion)
	framed = binary.BigEndian.AppendUint64(framed, uint64(asOf.UnixNano()))
	framed = binary.BigEndian.AppendUint64(framed, uint64(until.UnixNano()))
	return append(framed, value...)
}

// unframe returns the framed value, as Hit or Stale. It reports false if data
// is not a frame of this version.
func unframe(framed []byte, now time.Time) (Result, bool) {
	if len(framed) < headerSize || framed[0] != frameVersion {
		return Result{}, false
	}
	header := framed[:headerSize]
	asOf := int64(binary.BigEndian.Uint64(header[1:]))
	until := int64(binary.BigEndian.Uint64(header[9:]))
	at := now.UnixNano()
	fresh := max(0, min(until-at, until-asOf))
	if at < asOf-int64(maxSkew) {
		fresh = 0
	}
	r := Result{
		Value: framed[headerSize:],
		Age:   max(0, time.Duration(at-asOf)), // clocks may be set back
		Fresh: time.Duration(fresh),
	}
	if r.Fresh == 0 {
		r.Status = Stale
		r.renewable = at >= until && time.Duration(at-until) < min(time.Duration(until-asOf), maxRenewal)
	}
	return r, true
}
