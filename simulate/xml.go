package simulate

import (
	"strconv"
	"unicode/utf8"
)

// xmlBuffer is a message under construction. It is written by appending: an
// encoder would cost more than the server that the load is for.
type xmlBuffer []byte

// raw appends markup.
func (x *xmlBuffer) raw(s string) { *x = append(*x, s...) }

func (x *xmlBuffer) number(n int) { *x = strconv.AppendInt(*x, int64(n), 10) }

// text appends s as character data or attribute value: ASCII with character
// references, as the sensors' client writes it.
func (x *xmlBuffer) text(s string) { *x = appendText(*x, s) }

func (x *xmlBuffer) bytes(s []byte) { *x = appendText(*x, s) }

// request appends a Request element.
func (x *xmlBuffer) request(kind, s string) {
	x.openRequest(kind)
	x.text(s)
	x.raw("</Request>")
}

func (x *xmlBuffer) openRequest(kind string) {
	x.raw(`<Request type="`)
	x.raw(kind)
	x.raw(`">`)
}

// data appends an AdditionalData element.
func (x *xmlBuffer) data(meaning, s string) {
	x.openData(meaning)
	x.text(s)
	x.raw("</AdditionalData>")
}

func (x *xmlBuffer) openData(meaning string) {
	x.raw(`<AdditionalData type="string" meaning="`)
	x.raw(meaning)
	x.raw(`">`)
}

func appendText[S string | []byte](dst []byte, s S) []byte {
	start := 0
	for i := 0; i < len(s); {
		if c := s[i]; c >= ' ' && c < 0x7f && c != '&' && c != '<' && c != '>' && c != '"' && c != '\'' {
			i++
			continue
		}
		dst = append(dst, s[start:i]...)
		r, size := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
		}
		dst = appendRune(dst, r)
		i += size
		start = i
	}
	return append(dst, s[start:]...)
}

// appendRune escapes r; what XML 1.0 cannot carry is left out.
func appendRune(dst []byte, r rune) []byte {
	switch {
	case r == '&':
		return append(dst, "&amp;"...)
	case r == '<':
		return append(dst, "&lt;"...)
	case r == '>':
		return append(dst, "&gt;"...)
	case r == '"':
		return append(dst, "&quot;"...)
	case r == '\'':
		return append(dst, "&apos;"...)
	case r == '\n', r == '\t':
		return append(dst, byte(r))
	case r < ' ' && r != '\r', r == 0xFFFE, r == 0xFFFF:
		return dst
	}
	dst = append(dst, "&#"...)
	dst = strconv.AppendInt(dst, int64(r), 10)
	return append(dst, ';')
}
