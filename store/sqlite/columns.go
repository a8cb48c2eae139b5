package sqlite

import (
	"database/sql/driver"
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// How document fields stand in columns: see the head of schema.sql.

// Texts that are stored as NULL, because nearly every alert has them.
const (
	usualRawHTTP    = "-"
	usualAdditional = "{}"
	usualClient     = "-"
)

// encodeText returns NULL for the usual text.
func encodeText(s, usual string) driver.Value {
	if s == usual {
		return nil
	}
	return s
}

// decodeText undoes encodeText.
func decodeText(v any, usual string) string {
	if s, ok := v.(string); ok {
		return s
	}
	return usual
}

// encodeAddr returns the 4 or 16 bytes of an address in canonical text.
func encodeAddr(s string) driver.Value {
	addr, err := netip.ParseAddr(s)
	if err != nil || addr.Zone() != "" || addr.String() != s {
		return s
	}
	return addr.AsSlice()
}

// decodeAddr undoes encodeAddr. The address is zero for a text that is none.
func decodeAddr(v any) (string, netip.Addr) {
	if b, ok := v.([]byte); ok {
		addr, _ := netip.AddrFromSlice(b)
		return addr.String(), addr
	}
	return decodeText(v, ""), netip.Addr{}
}

// encodePort returns the number that a port is; sensors send words too.
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
	return decodeText(v, "")
}

// encodeHex returns the bytes of an id or digest of lower-case hex digits.
// Others, such as ids that some other program made, stay texts.
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
	return decodeText(v, "")
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

// secondsFrom returns the first whole second that is not before t: stored
// times are whole seconds, so that "t <= x" and "x < t" both turn on it.
func secondsFrom(t time.Time) int64 {
	s := t.Unix()
	if t.Nanosecond() > 0 {
		s++
	}
	return s
}

// dayOf is the day of a time in seconds; no later time has an earlier day.
func dayOf(seconds int64) int64 { return seconds / 86400 }
