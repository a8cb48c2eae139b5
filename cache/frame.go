package cache

import (
	"encoding/binary"
	"time"
)

// A framed value is what the Loader keeps in a cache: one byte for the version
// of the frame, then the times at which the value was made and until which it
// is fresh (nanoseconds since the Unix epoch, big-endian), then the value.
const (
	frameVersion = 1
	headerSize   = 1 + 8 + 8
)

// frame puts the header before value.
func frame(value []byte, made time.Time, ttl time.Duration) []byte {
	framed := make([]byte, 0, headerSize+len(value))
	framed = append(framed, frameVersion)
	framed = binary.BigEndian.AppendUint64(framed, uint64(made.UnixNano()))
	framed = binary.BigEndian.AppendUint64(framed, uint64(made.Add(ttl).UnixNano()))
	return append(framed, value...)
}

// unframe cuts the header off. It reports false for what no frame of this
// version is.
func unframe(framed []byte, now time.Time) (Result, bool) {
	if len(framed) < headerSize || framed[0] != frameVersion {
		return Result{}, false
	}
	made := int64(binary.BigEndian.Uint64(framed[1:]))
	until := int64(binary.BigEndian.Uint64(framed[9:]))
	at := now.UnixNano()
	r := Result{
		Value: framed[headerSize:len(framed):len(framed)],
		Age:   max(0, time.Duration(at-made)), // clocks may be set back
		Fresh: max(0, time.Duration(until-at)),
	}
	if r.Fresh == 0 {
		r.Status = Stale
	}
	return r, true
}
