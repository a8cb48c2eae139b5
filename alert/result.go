package alert

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Status codes of answers to sensors. For their client only StatusOK is
// success.
const (
	StatusOK    = "OK"
	StatusError = "ERROR"
)

// ResultText returns the text of the answer to an accepted message. It is empty
// unless all alerts were skipped, which the sender would not notice otherwise.
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

// explanation explains the reason to the sensor's operator.
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

// AppendResult appends the XML body that sensors are answered with (docs/CONTRACT.md §1).
// statusCode is StatusOK or StatusError. The text may hold what an attacker wrote: it is
// escaped, white space becomes a blank, and what cannot be printed becomes U+FFFD.
func AppendResult(dst []byte, statusCode, text string) []byte {
	dst = append(dst, "<Result><StatusCode>"...)
	dst = append(dst, statusCode...)
	dst = append(dst, "</StatusCode><Text>"...)
	dst = AppendXMLText(dst, printable(text))
	return append(dst, "</Text></Result>"...)
}

// printable returns s with blanks for white space, and U+FFFD for what cannot be printed.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return utf8.RuneError
		default:
			return r
		}
	}, s)
}
