package alert

import "bytes"

// excess is what is known of a token that grows past its limit. Of a text and of the
// value of an attribute the rest is dropped while it is read: what an attacker wrote
// must not cost the other alerts of a message. What is dropped is not checked.
type excess struct {
	kind tokenKind
	// scanned is the index in the source's buffer up to which quote and reference
	// are known.
	scanned int
	// quote is the one of the attribute value that is open, 0 if none is.
	quote byte
	// reference is true within &amp; and its like.
	reference bool

	extra    int   // bytes given beyond the limit, to end a character or reference
	unquoted int   // bytes of a tag given beyond the limit, outside of values
	dropped  int64 // bytes
	lines    int   // line ends dropped in the whole document
}

type tokenKind int8

const (
	aText tokenKind = iota
	aTag
	anOther // a comment, a CDATA section, a processing instruction, a declaration
)

const (
	mostExtra    = 64
	mostUnquoted = 4 << 10
)

// scan notes where in a token the bytes end that were read.
func (x *excess) scan(chunk []byte) {
	if x.kind == aTag {
		for _, c := range chunk {
			switch {
			case x.quote == 0 && (c == '"' || c == '\''):
				x.quote = c
			case x.quote == c:
				x.quote, x.reference = 0, false
			}
		}
		if x.quote == 0 {
			return
		}
	}
	switch open := bytes.LastIndexByte(chunk, '&'); {
	case open >= 0:
		x.reference = bytes.IndexByte(chunk[open:], ';') < 0
	case bytes.IndexByte(chunk, ';') >= 0:
		x.reference = false
	}
}

// overflow is called at the limit of a token, with a byte to follow. It drops the rest
// of a text or value, or returns errLongToken.
func (s *source) overflow() error {
	inTag := s.kind == aTag && s.quote == 0
	switch {
	case s.kind == anOther, inTag && s.unquoted == mostUnquoted:
		s.tooLong = true
		return errLongToken
	case inTag:
		s.unquoted++
	case s.extra < mostExtra && (s.reference || isContinuation(s.buf[s.pos])):
		s.extra++
	case s.kind == aTag:
		s.drop(s.quote)
	default:
		s.drop('<')
	}
	s.limit = s.base + int64(s.pos) + 1
	return nil
}

// isContinuation reports whether a byte of UTF-8 is not the first of its character.
func isContinuation(c byte) bool { return c&0xC0 == 0x80 }

// drop drops all bytes before the next one of this value. To the decoder it is as if
// they had not been there.
func (s *source) drop(until byte) {
	for {
		rest := s.buf[s.pos:s.end]
		n := bytes.IndexByte(rest, until)
		found := n >= 0
		if !found {
			n = len(rest)
		}
		s.dropped += int64(n)
		s.lines += bytes.Count(rest[:n], []byte{'\n'})
		s.pos += n
		s.base -= int64(n)
		if found || s.failed != nil {
			return
		}
		s.fill(s.end, 1)
	}
}
