package alert

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// Status codes of answers to sensors. Their client takes nothing but StatusOK
// for success.
const (
	StatusOK    = "OK"
	StatusError = "ERROR"
)

// ResultText is the text of the answer to a message that was accepted: empty unless
// all of its alerts were skipped, which their sender would not notice otherwise.
func (m *Message) ResultText() string {
	skipped := 0
	for _, n := range m.Skipped {
		skipped += n
	}
	if len(m.Records) > 0 || skipped == 0 {
		return ""
	}
	return fmt.Sprintf("all alerts were skipped, %d in number; the first: %s", skipped, m.FirstSkip.explanation())
}

// explanation is a sentence for whoever looks after the sender.
func (r SkipReason) explanation() string {
	switch r {
	case SkipNested:
		return "it is inside another Alert"
	case SkipAnalyzer:
		return "Analyzer is missing or its id is empty"
	case SkipSource:
		return "Source is missing, or its text is not an IP address"
	case SkipProtocol:
		return "Source has no protocol attribute"
	case SkipTarget:
		return "Target is missing, or its text is not an IP address"
	case SkipCreateTime:
		return "CreateTime is missing, or its text is not of the form YYYY-MM-DD HH:MM:SS"
	case SkipTimeZone:
		return "CreateTime has no tz attribute of the form +HHMM"
	case SkipData:
		return "an AdditionalData starttime, cve_id or binary is empty"
	case SkipSize:
		return "it is too large"
	default:
		return string(r)
	}
}

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
