package alert

import "bytes"

// excess is the state of a token that exceeds its limit. The rest of a text or
// attribute value is dropped while reading, unchecked: an attacker's text must not
// cost the other alerts of a message.
type excess struct {
	kind tokenKind
	// scanned is the index in the source's buffer up to which quote and reference
	// are valid.
	scanned int
	// quote is the quote of the open attribute value, 0 if none is open.
	quote byte
	// reference is true within &amp; and its like.
	reference bool

	extra    int   // bytes passed on beyond the limit to complete a character or reference
	unquoted int   // bytes of a tag passed on beyond the limit, outside of values
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
	maxExtra    = 64
	maxUnquoted = 4 << 10
)

// scan tracks quotes and references in the bytes read so far.
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

// overflow is called at the limit of a token if more bytes follow. It drops the rest
// of a text or value, or returns errLongToken.
func (s *source) overflow() error {
	inTag := s.kind == aTag && s.quote == 0
	switch {
	case s.kind == anOther, inTag && s.unquoted == maxUnquoted:
		s.tooLong = true
		return errLongToken
	case inTag:
		s.unquoted++
	case s.extra < maxExtra && (s.reference || isContinuation(s.buf[s.pos])):
		s.extra++
	case s.kind == aTag:
		s.drop(s.quote)
	default:
		s.drop('<')
	}
	s.limit = s.base + int64(s.pos) + 1
	return nil
}

// isContinuation reports whether b is a UTF-8 continuation byte.
func isContinuation(c byte) bool { return c&0xC0 == 0x80 }

// drop removes all bytes before the given one. The decoder never sees them.
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
