package query

import "unicode/utf8"

// xmlWriter writes an answer as the Python service did: two spaces a level,
// empty elements as <Name />, and no line break after the declaration.
type xmlWriter struct {
	b     []byte
	depth int
}

const xmlDeclaration = `<?xml version="1.0" encoding="UTF-8"?>`

// newXML starts a document of about that many bytes.
func newXML(root string, size int) *xmlWriter {
	w := &xmlWriter{b: make([]byte, 0, size)}
	w.b = append(w.b, xmlDeclaration...)
	w.open(root)
	return w
}

// open starts an element that has others in it.
func (w *xmlWriter) open(name string) {
	w.b = append(w.line("<", name), ">\n"...)
	w.depth++
}

// close ends the element that open started.
func (w *xmlWriter) close(name string) {
	w.depth--
	w.b = append(w.line("</", name), ">\n"...)
}

// leaf writes an element that has only text in it.
func (w *xmlWriter) leaf(name, text string) {
	b := w.line("<", name)
	if text == "" {
		b = append(b, " />\n"...)
	} else {
		b = appendText(append(b, '>'), text)
		b = append(append(append(b, "</"...), name...), ">\n"...)
	}
	w.b = b
}

// bytes ends the document and returns it.
func (w *xmlWriter) bytes(root string) []byte {
	w.close(root)
	return w.b
}

// line returns what is written with the beginning of a line: spaces and a tag. To
// store the slice only once a line saves the garbage collector work.
func (w *xmlWriter) line(tag, name string) []byte {
	const spaces = "                " // eight levels, more than any answer has
	b := w.b
	b = append(b, spaces[:2*w.depth]...)
	b = append(b, tag...)
	return append(b, name...)
}

// appendText appends what may be anything.
func appendText(b []byte, s string) []byte {
	written := 0
	for i := 0; i < len(s); {
		if c := s[i]; ' ' <= c && c < utf8.RuneSelf && c != '&' && c != '<' && c != '>' {
			i++ // as nearly all are
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if escaped := escapeXML(r, size); escaped != "" {
			b = append(append(b, s[written:i]...), escaped...)
			written = i + size
		}
		i += size
	}
	return append(b, s[written:]...)
}

// escapeXML returns what stands for a character of so many bytes, or "" where
// it may stand as it is. Characters that XML 1.0 (production 2) forbids, and
// bytes that are no UTF-8, become U+FFFD.
func escapeXML(r rune, size int) string {
	switch {
	case r == '&':
		return "&amp;"
	case r == '<':
		return "&lt;"
	case r == '>':
		return "&gt;"
	case r == '\r': // bare, a reader would take it for a line feed
		return "&#13;"
	case r < ' ' && r != '\t' && r != '\n', r == '\uFFFE', r == '\uFFFF', r == utf8.RuneError && size == 1:
		return "\uFFFD"
	}
	return ""
}
