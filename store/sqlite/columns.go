package sqlite

import (
	"database/sql/driver"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Encodings of document fields in columns: see the head of schema.sql.

// encodeText returns NULL for the empty text.
func encodeText(s string) driver.Value {
	if s == "" {
		return nil
	}
	return s
}

// decodeText undoes encodeText.
func decodeText(v any) string {
	s, _ := v.(string)
	return s
}

// encodeAddr returns the 4 or 16 bytes of an address in canonical text.
func encodeAddr(s string) driver.Value {
	addr, err := netip.ParseAddr(s)
	if err != nil || addr.Zone() != "" || addr.String() != s {
		return s
	}
	return addr.AsSlice()
}

// decodeAddr undoes encodeAddr. The address is zero for a text that is not an
// address.
func decodeAddr(v any) (string, netip.Addr) {
	if b, ok := v.([]byte); ok {
		addr, _ := netip.AddrFromSlice(b)
		return addr.String(), addr
	}
	return decodeText(v), netip.Addr{}
}

// encodePort returns a port as a number; sensors send words too.
func encodePort(s string) driver.Value {
	if s == "" {
		return nil
	}
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil || (s[0] == '0' && s != "0") || s[0] == '+' {
		return s
	}
	return int64(n)
}

// decodePort undoes encodePort.
func decodePort(v any) string {
	if n, ok := v.(int64); ok {
		return strconv.FormatInt(n, 10)
	}
	return decodeText(v)
}

// encodeHex returns the bytes of a digest in lower-case hex. Other values stay
// texts.
func encodeHex(s string) driver.Value {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) == 0 || strings.ContainsAny(s, "ABCDEF") {
		return s
	}
	return b
}

// decodeHex undoes encodeHex.
func decodeHex(v any) string {
	if b, ok := v.([]byte); ok {
		return hex.EncodeToString(b)
	}
	return decodeText(v)
}

// idClock is the number of bytes of an id for its created time (alert.NewID).
const idClock = 5

// encodeID returns the part of an id after its created time. Ids of other
// programs stay texts.
func encodeID(id string, created int64) driver.Value {
	b, ok := encodeHex(id).([]byte)
	if !ok || len(b) <= idClock || clockOf(b) != created {
		return id
	}
	return b[idClock:]
}

// decodeID undoes encodeID.
func decodeID(v any, created int64) string {
	b, ok := v.([]byte)
	if !ok {
		return decodeText(v)
	}
	clock := binary.BigEndian.AppendUint64(nil, uint64(created))
	return hex.EncodeToString(append(clock[8-idClock:], b...))
}

// clockOf reads the created time at the front of an id.
func clockOf(id []byte) int64 {
	var clock [8]byte
	copy(clock[8-idClock:], id[:idClock])
	return int64(binary.BigEndian.Uint64(clock[:]))
}

// encodeBool returns 0 or 1.
func encodeBool(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// decodeTime returns the time of a column, in UTC.
func decodeTime(seconds int64) time.Time { return time.Unix(seconds, 0).UTC() }

// secondsFrom returns the first whole second not before t: stored times are
// whole seconds, so both "t <= x" and "x < t" depend on it.
func secondsFrom(t time.Time) int64 {
	s := t.Unix()
	if t.Nanosecond() > 0 {
		s++
	}
	return s
}

// dayOf returns the day of a time in seconds. It is monotonic.
func dayOf(seconds int64) int64 { return seconds / 86400 }
