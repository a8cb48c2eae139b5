package alert

import (
	"bytes"
	"errors"
	"io"
)

// errLongToken is returned for a token that exceeds its limit.
var errLongToken = errors.New("token too long")

// source passes a reader's bytes to the XML decoder. It keeps the reader's error,
// which the decoder may replace by its own. It enforces the limits of tokens before
// the decoder collects them in memory: see excess.go.
type source struct {
	r io.Reader
	// failed is the error of r, including io.EOF. It is returned after all bytes
	// before it are used.
	failed error

	// buf[pos:end] is unread; buf[:pos] ends with the byte read last, which the
	// decoder may have put back. base is the offset of buf[0] as the decoder
	// counts, without dropped bytes.
	buf      []byte
	pos, end int
	base     int64
	// stop is where the fast path of reading ends: the end, or the token's
	// limit.
	stop int

	// limit is the offset at which the current token becomes too long.
	limit   int64
	tooLong bool
	excess
}

// Most messages have one alert and fit into the first window. Only longer ones need
// the large window.
const (
	firstWindow = 2 << 10
	windowSize  = 16 << 10
)

// byteOrderMark may precede a document and is not part of it.
const byteOrderMark = "\ufeff"

func newSource(r io.Reader) *source {
	s := &source{r: r, buf: make([]byte, firstWindow)}
	s.fill(0, len(byteOrderMark))
	if bytes.HasPrefix(s.buf[:s.end], []byte(byteOrderMark)) {
		s.end = copy(s.buf, s.buf[len(byteOrderMark):s.end])
	}
	return s
}

// ReadByte implements io.ByteReader; the decoder uses only this.
func (s *source) ReadByte() (byte, error) {
	if s.pos == s.stop {
		if err := s.more(); err != nil {
			return 0, err
		}
	}
	c := s.buf[s.pos]
	s.pos++
	return c, nil
}

// Read implements io.Reader, which the decoder's CharsetReader requires.
func (s *source) Read(p []byte) (int, error) {
	for n := range p {
		c, err := s.ReadByte()
		if err != nil {
			return n, err
		}
		p[n] = c
	}
	return len(p), nil
}

// begin starts a token at an offset. The limits in bytes are for a start or end tag,
// a text, and any other token.
func (s *source) begin(offset int64, tag, text, other int) {
	at := int(offset - s.base)
	if s.end-at < 2 {
		s.fill(at, 2)
		at = int(offset - s.base)
	}
	kind, limit := aText, text
	if at < s.end && s.buf[at] == '<' {
		kind, limit = anOther, other
		if at+1 < s.end && s.buf[at+1] != '!' && s.buf[at+1] != '?' {
			kind, limit = aTag, tag
		}
	}
	s.excess = excess{kind: kind, scanned: at, lines: s.lines}
	s.limit = offset + int64(max(1, limit))
	s.setStop()
}

// more makes at least one byte available, or returns an error.
func (s *source) more() error {
	s.scan(s.buf[s.scanned:s.pos])
	if s.pos == s.end {
		s.fill(s.end, 1)
	}
	if s.pos < s.end && s.base+int64(s.pos) >= s.limit {
		if err := s.overflow(); err != nil {
			return err
		}
	}
	s.scanned = s.pos
	if s.pos == s.end {
		return s.failed
	}
	s.setStop()
	return nil
}

func (s *source) setStop() {
	s.stop = s.end
	if left := s.limit - s.base; left < int64(s.end) {
		s.stop = int(left)
	}
}

// fill drops buf[:from] and reads until the window has want bytes or the reader
// ends.
func (s *source) fill(from, want int) {
	window := s.buf
	if s.end == len(window) && len(window) < windowSize {
		s.buf = make([]byte, windowSize)
	}
	s.end = copy(s.buf, window[from:s.end])
	s.base += int64(from)
	s.pos -= from
	for idle := 0; s.end < want && s.failed == nil; idle++ {
		const maxIdle = 100
		if idle == maxIdle {
			s.failed = io.ErrNoProgress
			return
		}
		var n int
		n, s.failed = s.r.Read(s.buf[s.end:])
		s.end += n
	}
}

// readError returns the reader's error other than io.EOF, or nil.
func (s *source) readError() error {
	if s.failed == io.EOF {
		return nil
	}
	return s.failed
}
