package alert

import (
	"unicode"
	"unicode/utf8"
)

// Status codes of answers to sensors. Their client takes nothing but StatusOK
// for success.
const (
	StatusOK    = "OK"
	StatusError = "ERROR"
)

// AppendResult appends the XML body that sensors are answered with (contract §1).
// The text may hold what an attacker wrote: it is escaped, white space becomes a
// blank, and what cannot be printed becomes U+FFFD.
func AppendResult(dst []byte, statusCode, text string) []byte {
	dst = append(dst, "<Result><StatusCode>"...)
	dst = appendText(dst, statusCode)
	dst = append(dst, "</StatusCode><Text>"...)
	dst = appendText(dst, text)
	return append(dst, "</Text></Result>"...)
}

func appendText(dst []byte, s string) []byte {
	for _, r := range s {
		switch {
		case r == '&':
			dst = append(dst, "&amp;"...)
		case r == '<':
			dst = append(dst, "&lt;"...)
		case r == '>':
			dst = append(dst, "&gt;"...)
		case r == '"':
			dst = append(dst, "&quot;"...)
		case r == '\'':
			dst = append(dst, "&#39;"...)
		case unicode.IsSpace(r):
			dst = append(dst, ' ')
		case !unicode.IsPrint(r):
			dst = utf8.AppendRune(dst, utf8.RuneError)
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return dst
}
