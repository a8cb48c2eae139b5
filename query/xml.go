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
	w.add(xmlDeclaration)
	w.open(root)
	return w
}

// add writes what needs no escaping.
func (w *xmlWriter) add(parts ...string) {
	b := w.b // to store the slice each time is work for the garbage collector
	for _, part := range parts {
		b = append(b, part...)
	}
	w.b = b
}

// open starts an element that has others in it.
func (w *xmlWriter) open(name string) {
	w.indent()
	w.add("<", name, ">\n")
	w.depth++
}

// close ends the element that open started.
func (w *xmlWriter) close(name string) {
	w.depth--
	w.indent()
	w.add("</", name, ">\n")
}

// leaf writes an element that has only text in it.
func (w *xmlWriter) leaf(name, text string) {
	w.indent()
	if text == "" {
		w.add("<", name, " />\n")
		return
	}
	w.add("<", name, ">")
	w.text(text)
	w.add("</", name, ">\n")
}

// bytes ends the document and returns it.
func (w *xmlWriter) bytes(root string) []byte {
	w.close(root)
	return w.b
}

func (w *xmlWriter) indent() {
	const spaces = "                " // eight levels, more than any answer has
	w.add(spaces[:2*w.depth])
}

// text writes what may be anything.
func (w *xmlWriter) text(s string) {
	written := 0
	for i := 0; i < len(s); {
		r, size := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
		}
		if escaped := escapeXML(r, size); escaped != "" {
			w.add(s[written:i], escaped)
			written = i + size
		}
		i += size
	}
	w.add(s[written:])
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
