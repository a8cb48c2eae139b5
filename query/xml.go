package query

import "strings"

// xmlWriter writes an answer as the Python service did: two spaces a level,
// empty elements as <Name />, and no line break after the declaration.
type xmlWriter struct {
	b     strings.Builder
	depth int
}

const xmlDeclaration = `<?xml version="1.0" encoding="UTF-8"?>`

// newXML starts a document.
func newXML(root string) *xmlWriter {
	w := new(xmlWriter)
	w.b.WriteString(xmlDeclaration)
	w.open(root)
	return w
}

// open starts an element that has others in it.
func (w *xmlWriter) open(name string) {
	w.indent()
	w.b.WriteString("<" + name + ">\n")
	w.depth++
}

// close ends the element that open started.
func (w *xmlWriter) close(name string) {
	w.depth--
	w.indent()
	w.b.WriteString("</" + name + ">\n")
}

// leaf writes an element that has only text in it.
func (w *xmlWriter) leaf(name, text string) {
	w.indent()
	if text == "" {
		w.b.WriteString("<" + name + " />\n")
		return
	}
	w.b.WriteString("<" + name + ">")
	w.text(text)
	w.b.WriteString("</" + name + ">\n")
}

// bytes ends the document and returns it.
func (w *xmlWriter) bytes(root string) []byte {
	w.close(root)
	return []byte(w.b.String())
}

func (w *xmlWriter) indent() {
	for range w.depth {
		w.b.WriteString("  ")
	}
}

// text writes what may be anything. Characters that XML 1.0 (production 2)
// forbids, and bytes that are no UTF-8, become U+FFFD.
func (w *xmlWriter) text(s string) {
	for _, r := range s {
		switch {
		case r == '&':
			w.b.WriteString("&amp;")
		case r == '<':
			w.b.WriteString("&lt;")
		case r == '>':
			w.b.WriteString("&gt;")
		case r == '\r': // bare, a reader would take it for a line feed
			w.b.WriteString("&#13;")
		case r < ' ' && r != '\t' && r != '\n', r == '\uFFFE', r == '\uFFFF':
			w.b.WriteRune('\uFFFD')
		default: // ranging over a string yields U+FFFD for what is no UTF-8
			w.b.WriteRune(r)
		}
	}
}
