package sqlite

import (
	"fmt"
	"testing"
	"time"
)

// TestColumnsKeepTexts sees that every text comes back, and that the usual ones
// are stored short.
func TestColumnsKeepTexts(t *testing.T) {
	addr := func(v any) string { text, _ := decodeAddr(v); return text }
	tests := []struct {
		text          string
		encoded       any
		back          func(v any) string
		shortTypeName string
	}{
		{"192.0.2.1", encodeAddr("192.0.2.1"), addr, "[]uint8"},
		{"2001:db8::1", encodeAddr("2001:db8::1"), addr, "[]uint8"},
		{"::ffff:192.0.2.1", encodeAddr("::ffff:192.0.2.1"), addr, "[]uint8"},
		{"2001:DB8::1", encodeAddr("2001:DB8::1"), addr, "string"},
		{"fe80::1%eth0", encodeAddr("fe80::1%eth0"), addr, "string"},
		{"192.0.2.01", encodeAddr("192.0.2.01"), addr, "string"},
		{"", encodeAddr(""), addr, "string"},
		{"0", encodePort("0"), decodePort, "int64"},
		{"65535", encodePort("65535"), decodePort, "int64"},
		{"022", encodePort("022"), decodePort, "string"},
		{"+22", encodePort("+22"), decodePort, "string"},
		{"-22", encodePort("-22"), decodePort, "string"},
		{"2_2", encodePort("2_2"), decodePort, "string"},
		{"99999999999", encodePort("99999999999"), decodePort, "string"},
		{"", encodePort(""), decodePort, "<nil>"},
		{"0a1b", encodeHex("0a1b"), decodeHex, "[]uint8"},
		{"0A1b", encodeHex("0A1b"), decodeHex, "string"},
		{"0a1", encodeHex("0a1"), decodeHex, "string"},
		{"xyz0", encodeHex("xyz0"), decodeHex, "string"},
		{"", encodeHex(""), decodeHex, "string"},
	}
	for _, test := range tests {
		if got := test.back(test.encoded); got != test.text {
			t.Errorf("%q comes back as %q", test.text, got)
		}
		if name := fmt.Sprintf("%T", test.encoded); name != test.shortTypeName {
			t.Errorf("%q is stored as %s, want %s", test.text, name, test.shortTypeName)
		}
	}
}

// TestIDsKeepTheirTime sees that every id comes back, with its created time and
// without, and that those of alert.NewID are stored short.
func TestIDsKeepTheirTime(t *testing.T) {
	const created = 0x6b05a040
	tests := []struct {
		id      string
		created int64
		stored  any
	}{
		{"006b05a04088112233445566778899aa", created, nil},
		{"006b05a0408811", created, nil},
		{"006b05a040", created, "006b05a040"},
		{"006b05a04088112233445566778899aa", created + 1, "006b05a04088112233445566778899aa"},
		{"006B05A04088112233445566778899AA", created, "006B05A04088112233445566778899AA"},
		{"0000000000ffffffffffffffffffffff", -1, "0000000000ffffffffffffffffffffff"},
		{"ffffffffffffffffffffffffffffffff", 1<<40 - 1, nil},
		{"ffffffffffffffffffffffffffffffff", 1 << 40, "ffffffffffffffffffffffffffffffff"},
		{"", created, ""},
	}
	for _, test := range tests {
		encoded := encodeID(test.id, test.created)
		if got := decodeID(encoded, test.created); got != test.id {
			t.Errorf("%q at %d comes back as %q", test.id, test.created, got)
		}
		short, isShort := encoded.([]byte)
		if isShort != (test.stored == nil) || !isShort && encoded != test.stored {
			t.Errorf("%q at %d is stored as %#v", test.id, test.created, encoded)
		}
		if isShort && len(short) != len(test.id)/2-idClock {
			t.Errorf("%q at %d is stored as %x, with its time", test.id, test.created, short)
		}
	}
}

func TestSecondsFrom(t *testing.T) {
	tests := []struct {
		seconds, nanoseconds, want int64
	}{{5, 0, 5}, {5, 1, 6}, {5, 999_999_999, 6}, {-5, 0, -5}, {-5, 1, -4}}
	for _, test := range tests {
		if got := secondsFrom(time.Unix(test.seconds, test.nanoseconds)); got != test.want {
			t.Errorf("secondsFrom(%d s %d ns) is %d, want %d", test.seconds, test.nanoseconds, got, test.want)
		}
	}
}
