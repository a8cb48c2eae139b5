package query

import "github.com/peba-edge/peba/alert"

// xmlWriter writes an answer like the Python service: indented by two spaces,
// empty elements as <Name />, and no line break after the declaration.
type xmlWriter struct {
	b     []byte
	depth int
}

const xmlDeclaration = `<?xml version="1.0" encoding="UTF-8"?>`

// newXML begins a document of about that many bytes.
func newXML(root string, size int) *xmlWriter {
	w := &xmlWriter{b: make([]byte, 0, size)}
	w.b = append(w.b, xmlDeclaration...)
	w.open(root)
	return w
}

// open begins an element with children.
func (w *xmlWriter) open(name string) {
	w.b = append(w.line("<", name), ">\n"...)
	w.depth++
}

// close ends the element begun by open.
func (w *xmlWriter) close(name string) {
	w.depth--
	w.b = append(w.line("</", name), ">\n"...)
}

// leaf writes an element with only text.
func (w *xmlWriter) leaf(name, text string) {
	b := w.line("<", name)
	if text == "" {
		b = append(b, " />\n"...)
	} else {
		b = alert.AppendXMLText(append(b, '>'), text)
		b = append(append(append(b, "</"...), name...), ">\n"...)
	}
	w.b = b
}

// bytes ends the document and returns it.
func (w *xmlWriter) bytes(root string) []byte {
	w.close(root)
	return w.b
}

// line returns the buffer with the beginning of a line appended: indentation and
// a tag. Storing the slice only once per line saves work for the garbage
// collector.
func (w *xmlWriter) line(tag, name string) []byte {
	const spaces = "                " // eight levels, more than any answer has
	b := w.b
	b = append(b, spaces[:2*w.depth]...)
	b = append(b, tag...)
	return append(b, name...)
}
