package hits

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// scanner stands somewhere in JSON. Its methods go over what comes next, if that
// is what they are for.
type scanner struct {
	text []byte
	at   int
}

// name goes over a member's name, and returns it with its colon. There are no
// escapes in the ones we know.
func (s *scanner) name() (name []byte, ok bool) {
	start := s.at
	ok = s.quoted() && s.next(':')
	name = s.text[start:s.at]
	return name, ok && bytes.IndexByte(name, '\\') < 0
}

// value goes over a value with no object in it, and returns it.
func (s *scanner) value() (value []byte, ok bool) {
	start := s.at
	if s.quoted() {
		return s.text[start:s.at], true
	}
	switch s.peek() {
	case '[':
		for separator := byte('['); s.next(separator); separator = ',' {
			if ok = s.quoted() || s.word(); !ok {
				return nil, false
			}
		}
		ok = s.next(']')
	default:
		ok = s.word()
	}
	return s.text[start:s.at], ok
}

// word goes over a whole number, or null, true and false.
func (s *scanner) word() bool {
	negative := s.next('-')
	if s.next('0') {
		return true
	}
	start := s.at
	for c := s.peek(); '0' <= c && c <= '9'; c = s.peek() {
		s.at++
	}
	return s.at > start || !negative && (s.literal("null") || s.literal("true") || s.literal("false"))
}

// peek returns the next byte, 0 at the end.
func (s *scanner) peek() byte {
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

// next goes over the next byte if it is c.
func (s *scanner) next(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.at++
	return true
}

// literal goes over these bytes if they are the next ones.
func (s *scanner) literal(text string) bool {
	end := s.at + len(text)
	if end > len(s.text) || string(s.text[s.at:end]) != text {
		return false
	}
	s.at = end
	return true
}

// quoted goes over a text with its quotes.
func (s *scanner) quoted() bool {
	if s.peek() != '"' {
		return false
	}
	for at := s.at + 1; ; {
		at += plainBytes(s.text[at:])
		if at < len(s.text) && s.text[at] == '"' {
			s.at = at + 1
			return true
		}
		n := escapeLen(s.text[at:])
		if n == 0 { // a control character, or the end
			return false
		}
		at += n
	}
}

// escapeLen returns the length of the escape sequence that b begins with, or 0.
func escapeLen(b []byte) int {
	const short, long = len(`\n`), len(`\u0000`)
	switch {
	case len(b) < short || b[0] != '\\':
		return 0
	case strings.IndexByte(`"\/bfnrt`, b[1]) >= 0:
		return short
	case len(b) >= long && b[1] == 'u' && isHex(b[2]) && isHex(b[3]) && isHex(b[4]) && isHex(b[5]):
		return long
	}
	return 0
}

func isHex(c byte) bool { return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F' }

// plainBytes returns how many bytes come before a quote, a backslash or a control
// character. It looks at eight at once: x has a byte that is 0, the lowest of which
// is marked in (x - ones) &^ x & highs; in the same way, one that is less than 0x20.
func plainBytes(b []byte) int {
	const (
		ones  = 0x0101010101010101
		highs = 0x80 * ones
		width = 8
	)
	i := 0
	for ; i+width <= len(b); i += width {
		x := binary.LittleEndian.Uint64(b[i:])
		quote, backslash := x^('"'*ones), x^('\\'*ones)
		ends := ((quote-ones)&^quote | (backslash-ones)&^backslash | (x-' '*ones)&^x) & highs
		if ends != 0 {
			return i + bits.TrailingZeros64(ends)/width
		}
	}
	for ; i < len(b) && b[i] != '"' && b[i] != '\\' && b[i] >= ' '; i++ {
	}
	return i
}

// unquote makes a copy of a text without its quotes.
func unquote(value []byte, text *string) bool {
	if value[0] != '"' {
		return false
	}
	inner := value[1 : len(value)-1]
	if bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		*text = string(inner)
		return true
	}
	// The error tells of bytes that are no UTF-8; they have become U+FFFD.
	b, _ := jsontext.AppendUnquote(nil, value)
	*text = string(b)
	return true
}
