package alert

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Unquote decodes %XX like Python's urllib.parse.unquote, so that request
// strings are the same as in the Python service. Invalid escapes and plus signs
// stay. Invalid UTF-8 becomes U+FFFD, one for each maximal part of a sequence.
func Unquote(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	run := make([]byte, 0, len(s))
	for s != "" {
		// Python decodes each run of ASCII separately: a literal non-ASCII
		// character never completes a sequence begun by escapes.
		n := asciiPrefix(s)
		run = unescape(run[:0], s[:n])
		out = appendUTF8(out, run)
		s = s[n:]

		n = nonASCIIPrefix(s)
		out = append(out, s[:n]...)
		s = s[n:]
	}
	return string(out)
}

// decodeQuoted decodes a text produced by Python's urllib.parse.quote, which old
// clients applied to all AdditionalData. Such a text has at least one escape and
// otherwise only characters that quote leaves unchanged. Any other text is returned
// unchanged.
func decodeQuoted(s string) string {
	escaped := false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '%' && i+2 < len(s) && isUpperHex(s[i+1]) && isUpperHex(s[i+2]):
			escaped = true
			i += 2
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', isDigit(c), strings.IndexByte("_.-~/", c) >= 0:
		default:
			return s
		}
	}
	if !escaped {
		return s
	}
	return Unquote(s)
}

func isUpperHex(c byte) bool { return isDigit(c) || 'A' <= c && c <= 'F' }

func asciiPrefix(s string) int {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return i
		}
	}
	return len(s)
}

func nonASCIIPrefix(s string) int {
	for i := range len(s) {
		if s[i] < utf8.RuneSelf {
			return i
		}
	}
	return len(s)
}

// unescape appends s with its %XX turned into bytes.
func unescape(dst []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) {
			hi, lo := unhex(s[i+1]), unhex(s[i+2])
			if hi >= 0 && lo >= 0 {
				dst = append(dst, byte(hi<<4|lo))
				i += 2
				continue
			}
		}
		dst = append(dst, s[i])
	}
	return dst
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	default:
		return -1
	}
}

// appendUTF8 appends b with invalid UTF-8 replaced by U+FFFD.
func appendUTF8(dst, b []byte) []byte {
	for len(b) > 0 {
		if r, n := utf8.DecodeRune(b); r != utf8.RuneError || n > 1 {
			dst = append(dst, b[:n]...)
			b = b[n:]
			continue
		}
		dst = utf8.AppendRune(dst, utf8.RuneError)
		b = b[brokenPrefix(b):]
	}
	return dst
}

// brokenPrefix returns the length of the longest incomplete character at the
// start of b (Unicode 15, §3.9, "maximal subpart"), at least 1. b must not
// begin with a complete character.
func brokenPrefix(b []byte) int {
	var length int
	low, high := byte(0x80), byte(0xBF)
	switch lead := b[0]; {
	case 0xC2 <= lead && lead <= 0xDF:
		length = 2
	case 0xE0 <= lead && lead <= 0xEF:
		length = 3
	case 0xF0 <= lead && lead <= 0xF4:
		length = 4
	default:
		return 1
	}
	// After these the second byte must be in a smaller range.
	switch b[0] {
	case 0xE0:
		low = 0xA0
	case 0xED:
		high = 0x9F
	case 0xF0:
		low = 0x90
	case 0xF4:
		high = 0x8F
	}
	n := 1
	for n < length && n < len(b) && low <= b[n] && b[n] <= high {
		low, high = 0x80, 0xBF
		n++
	}
	return n
}

// joinPythonList parses a Python list of strings, such as ['uname -a', "it's"],
// and returns its items joined by "; ". It reports false for any other text.
func joinPythonList(s string) (joined string, ok bool) {
	rest, ok := strings.CutPrefix(s, "[")
	if !ok {
		return "", false
	}
	out := make([]byte, 0, len(s))
	rest = strings.TrimLeft(rest, " ")
	for first := true; rest != "]"; first = false {
		if !first {
			out = append(out, "; "...)
		}
		if out, rest, ok = appendPythonString(out, rest); !ok {
			return "", false
		}
		rest = strings.TrimLeft(rest, " ")
		after, comma := strings.CutPrefix(rest, ",")
		if !comma && rest != "]" {
			return "", false
		}
		rest = strings.TrimLeft(after, " ")
	}
	return string(out), true
}

// appendPythonString appends the value of the Python string literal at the start
// of s, and returns the rest.
func appendPythonString(dst []byte, s string) (value []byte, rest string, ok bool) {
	if s == "" || s[0] != '\'' && s[0] != '"' {
		return dst, s, false
	}
	quote := s[0]
	for i := 1; i < len(s); {
		switch c := s[i]; c {
		case quote:
			return dst, s[i+1:], true
		case '\\':
			r, n := pythonEscape(s[i+1:])
			if n == 0 {
				return dst, s, false
			}
			dst = utf8.AppendRune(dst, r) // half a surrogate pair becomes U+FFFD
			i += 1 + n
		case '\n', '\r':
			return dst, s, false
		default:
			dst = append(dst, c)
			i++
		}
	}
	return dst, s, false
}

// pythonEscape decodes the escape whose backslash precedes s. n is its length,
// 0 if it is invalid.
func pythonEscape(s string) (r rune, n int) {
	if s == "" {
		return 0, 0
	}
	var digits int
	switch s[0] {
	case '\\', '\'', '"':
		return rune(s[0]), 1
	case 'n':
		return '\n', 1
	case 'r':
		return '\r', 1
	case 't':
		return '\t', 1
	case 'x':
		digits = 2
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	default:
		return 0, 0
	}
	if len(s) < 1+digits {
		return 0, 0
	}
	code, err := strconv.ParseUint(s[1:1+digits], 16, 32)
	if err != nil || code > utf8.MaxRune {
		return 0, 0
	}
	return rune(code), 1 + digits
}
