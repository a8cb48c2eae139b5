package alert

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// SyntaxError says why a document was rejected, and where.
type SyntaxError struct {
	// Line and Column count from 1. Column is in bytes, without those dropped
	// because a text or value was too long.
	Line, Column int
	// Reason may quote the document.
	Reason string
}

// Error names the position and the reason.
func (e *SyntaxError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Reason)
}

// tokens reads the tokens of one XML document. It enforces the strict mode of
// encoding/xml, a single root with nothing around it, no document type, and the
// limits. It drops the excess of a text or of a tag's attribute values.
//
// It uses RawToken, not Token, which also translates name spaces: that is not
// needed here and costs time.
type tokens struct {
	src *source
	dec *xml.Decoder
	lim Limits

	open     []xml.Name // the elements that are open, outermost first
	elements int        // outside of alerts
	rooted   bool       // the root has begun

	// text is the limit of the next text in bytes. inAlert is true inside an alert,
	// where excess costs only that alert. The decoder sets both.
	text    int
	inAlert bool
	// trimmed is true if excess attributes of the current tag were dropped.
	trimmed bool
}

func newTokens(r io.Reader, lim Limits) *tokens {
	src := newSource(r)
	dec := xml.NewDecoder(src)
	// Sensors that declare another encoding still send UTF-8; otherwise the
	// decoder's own check fails.
	dec.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	return &tokens{src: src, dec: dec, lim: lim, text: lim.TextBytes}
}

// isCut reports whether part of the current token was dropped.
func (t *tokens) isCut() bool { return t.trimmed || t.src.dropped > 0 }

// depth returns how many elements are open.
func (t *tokens) depth() int { return len(t.open) }

// next returns the next start, end or text of the document, and io.EOF after a
// complete one. The open elements include a returned start, but not a returned
// end. Other errors are a *SyntaxError or, wrapped, the reader's. The token is
// valid until the next call.
func (t *tokens) next() (xml.Token, error) {
	for {
		offset := t.dec.InputOffset()
		t.src.begin(offset, t.lim.TagBytes, t.text, t.lim.PayloadBytes)
		t.trimmed = false
		token, err := t.dec.RawToken()
		if err != nil {
			return nil, t.failure(err)
		}
		keep, reason := false, ""
		switch token := token.(type) {
		case xml.StartElement:
			keep, reason = true, t.start(token)
			if t.trimmed && reason == "" {
				token.Attr = token.Attr[:t.lim.Attributes]
				return token, nil
			}
		case xml.EndElement:
			keep, reason = true, t.end(token)
		case xml.CharData:
			if keep = len(t.open) > 0; !keep {
				reason = outside(token)
			}
		case xml.ProcInst:
			reason = instruction(token, offset)
		case xml.Comment:
			reason = checkCharacters("comment", token)
		case xml.Directive:
			reason = "a document type or other declaration: expected none"
		}
		if reason != "" {
			return nil, t.syntaxError(reason)
		}
		if keep {
			return token, nil
		}
	}
}

func (t *tokens) start(e xml.StartElement) (reason string) {
	if len(t.open) == 0 && t.rooted {
		return "a second root element " + quote(nameOf(e.Name)) + ": expected one"
	}
	t.rooted = true
	t.open = append(t.open, e.Name)
	inAlert := t.inAlert || isAlert(e.Name, len(t.open))
	if !inAlert {
		t.elements++
	}
	switch {
	case len(t.open) > t.lim.Depth:
		return fmt.Sprintf("elements nested more than %d deep", t.lim.Depth)
	case inAlert && len(e.Attr) > t.lim.Attributes:
		t.trimmed = true
		e.Attr = e.Attr[:t.lim.Attributes]
	case t.elements > t.lim.Elements:
		return fmt.Sprintf("more than %d elements outside of alerts", t.lim.Elements)
	case len(e.Attr) > t.lim.Attributes:
		return fmt.Sprintf("element %s with %d attributes: the maximum is %d",
			quote(nameOf(e.Name)), len(e.Attr), t.lim.Attributes)
	}
	for i, a := range e.Attr {
		for _, b := range e.Attr[:i] {
			if a.Name == b.Name {
				return "attribute " + quote(nameOf(a.Name)) + " given twice"
			}
		}
	}
	return ""
}

func (t *tokens) end(e xml.EndElement) (reason string) {
	last := len(t.open) - 1
	if last < 0 {
		return "an end tag " + quote(nameOf(e.Name)) + " without its start tag"
	}
	if t.open[last] != e.Name {
		return "element " + quote(nameOf(t.open[last])) + " closed by " + quote(nameOf(e.Name))
	}
	t.open = t.open[:last]
	return ""
}

// outside checks text outside the root.
func outside(text xml.CharData) (reason string) {
	if text = bytes.Trim(text, " \t\r\n"); len(text) > 0 {
		return "text " + quote(string(text[:min(len(text), maxQuoted)])) + " outside the root element"
	}
	return ""
}

func instruction(p xml.ProcInst, offset int64) (reason string) {
	switch {
	case p.Target == "xml" && offset > 0:
		return "an XML declaration that is not at the very start"
	case p.Target != "xml" && strings.EqualFold(p.Target, "xml"):
		return "a processing instruction " + quote(p.Target) + ": this name is reserved"
	}
	return checkCharacters("processing instruction", p.Inst)
}

// checkCharacters rejects what encoding/xml accepts unchecked.
func checkCharacters(what string, text []byte) (reason string) {
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if r == utf8.RuneError && n == 1 {
			return "a " + what + " that is not UTF-8"
		}
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return fmt.Sprintf("a %s with the character %U, which XML does not allow", what, r)
		}
		text = text[n:]
	}
	return ""
}

// failure converts an error of the decoder to a *SyntaxError.
func (t *tokens) failure(err error) error {
	if failed := t.src.readError(); failed != nil {
		return fmt.Errorf("reading the message: %w", failed)
	}
	var syntax *xml.SyntaxError
	switch {
	case t.src.tooLong:
		return t.syntaxError(fmt.Sprintf("a tag longer than %d bytes without attribute values, or a comment or CDATA section longer than %d",
			t.lim.TagBytes, t.lim.PayloadBytes))
	case err == io.EOF && !t.rooted:
		return t.syntaxError("no root element: expected one XML document")
	case err == io.EOF && len(t.open) > 0:
		return t.syntaxError("the document ends within element " + quote(nameOf(t.open[len(t.open)-1])))
	case err == io.EOF:
		return io.EOF
	case errors.As(err, &syntax):
		return t.syntaxError(syntax.Msg)
	default: // the version or encoding of the XML declaration
		return t.syntaxError(strings.TrimPrefix(err.Error(), "xml: "))
	}
}

func (t *tokens) syntaxError(reason string) *SyntaxError {
	line, column := t.dec.InputPos()
	return &SyntaxError{Line: line + t.src.lines, Column: column, Reason: sanitize(reason)}
}

func nameOf(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}

// maxQuoted is the maximum length of a name or text in an error, in bytes.
const maxQuoted = 60

func quote(s string) string {
	if len(s) > maxQuoted {
		s = strings.ToValidUTF8(s[:maxQuoted], "") + "…"
	}
	return fmt.Sprintf("%q", s)
}

// sanitize makes a reason of encoding/xml short and printable: it may quote a
// name of any length and any bytes.
func sanitize(s string) string {
	const maxBytes = 300
	if len(s) > maxBytes {
		s = s[:maxBytes] + "…"
	}
	return Printable(s, maxBytes+1)
}

// Printable truncates a text of a sensor to so many characters, and replaces those that
// cannot be printed.
func Printable(s string, maxRunes int) string {
	var b strings.Builder
	for _, c := range s {
		if maxRunes--; maxRunes < 0 {
			break
		}
		if !unicode.IsPrint(c) {
			c = utf8.RuneError
		}
		b.WriteRune(c)
	}
	return b.String()
}
