package alert

import "unicode/utf8"

// AppendXMLText appends s to dst as the text of an XML element, encoded in UTF-8; it is
// not meant for attributes, since quotes stay as they are. Characters that XML 1.0
// forbids (production 2), and bytes that are not UTF-8, become U+FFFD.
//
// It takes half the time of encoding/xml.EscapeText, which also escapes more than the
// answers to questions (docs/CONTRACT.md §3) may have escaped.
func AppendXMLText[S string | []byte](dst []byte, s S) []byte {
	written := 0
	for i := 0; i < len(s); {
		if c := s[i]; ' ' <= c && c < utf8.RuneSelf && c != '&' && c != '<' && c != '>' {
			i++ // as nearly all are
			continue
		}
		r, size := utf8.DecodeRuneInString(string(s[i:min(i+utf8.UTFMax, len(s))]))
		if escaped := escapeXML(r, size); escaped != "" {
			dst = append(append(dst, s[written:i]...), escaped...)
			written = i + size
		}
		i += size
	}
	return append(dst, s[written:]...)
}

// escapeXML returns what stands for a character of size bytes, or "" where it may stand
// as it is.
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
